"""Measures trainings: images a second beside donkeycar, and memory with ever more records."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from car.bench.donkeycar_beside import DonkeycarPython
from car.bench.spread import Spread, ratio_of, spread_of
from train.bench.memory import Memory
from train.bench.own_process import run_module
from train.bench.step_times import StepTimes
from train.bench.training_tubs import record_tub, repeat_tub
from tubs.exchange.donkeycar_export import export_donkeycar
from tubs.reader import Tub

DONKEYCAR_SIDE = Path(__file__).with_name("donkeycar_training.py")
Step = Callable[[int, int], None]


class Pace(msgspec.Struct, frozen=True):
    """How fast trainings were.

    Attributes:
        images_per_s: while steps follow each other.
        whole_images_per_s: with the look at held-out records after each epoch.
        peak_bytes: the most memory of a process, pages of files too.
    """

    images_per_s: Spread
    whole_images_per_s: Spread
    peak_bytes: Spread


class DonkeycarPace(msgspec.Struct, frozen=True):
    """donkeycar, and Everlap's images a second to its, in the same round.

    Attributes:
        pace: its own.
        ratio: while steps follow each other.
        whole_ratio: with the look at held-out records.
    """

    pace: Pace
    ratio: Spread
    whole_ratio: Spread


class MemoryOfRecords(msgspec.Struct, frozen=True):
    """One training, in a process of its own, that decodes a tub and then takes some steps."""

    records: int
    memory: Memory


class TrainingSpeed(msgspec.Struct, frozen=True):
    """What was measured.

    Attributes:
        tub: what was trained on; None for one that was recorded for it.
        records: in it.
        rounds: trainings of each.
        load: of the machine, over the last minute, before and after.
        pace: of Everlap.
        donkeycar: beside it; None when it was not asked for.
        steps: of each training whose memory was measured.
        memory: with more and more records.
    """

    tub: str | None
    records: int
    rounds: int
    load: tuple[float, float]
    pace: Pace
    donkeycar: DonkeycarPace | None
    steps: int
    memory: list[MemoryOfRecords]


@dataclass(frozen=True)
class Scale:
    """How much to measure.

    Attributes:
        rounds: of everything that is timed, Everlap and donkeycar in turns.
        epochs: of a training that is timed; the first does not count.
        records: of the tubs that memory is measured with.
        steps: of a training whose memory is measured.
    """

    rounds: int = 3
    epochs: int = 4
    records: tuple[int, ...] = (1_000, 20_000, 200_000)
    steps: int = 60


class Measurement:
    """Trainings one after the other, in one folder."""

    def __init__(self, folder: Path, tub: Path, scale: Scale) -> None:
        self._folder, self._tub, self._scale = folder, tub, scale

    def train_in_turns(
        self, donkeycar: DonkeycarPython | None, done: Callable[[], None]
    ) -> tuple[list[StepTimes], list[StepTimes]]:
        """Everlap's trainings, and donkeycar's; the order changes from round to round."""
        turns = {"ours": self._train}
        if donkeycar is not None:
            theirs = self._folder / "donkeycar"
            export_donkeycar(self._tub, theirs)
            turns["theirs"] = lambda: self._train_donkeycar(donkeycar, theirs)
        found: dict[str, list[StepTimes]] = {"ours": [], "theirs": []}
        for number in range(self._scale.rounds):
            for name in list(turns)[:: -1 if number % 2 else 1]:
                found[name].append(turns[name]())
                done()
        return found["ours"], found["theirs"]

    def _train(self) -> StepTimes:
        words = ("pace", str(self._tub), str(self._folder), str(self._scale.epochs))
        return _decoded(run_module("train.bench.everlap_training", *words))

    def _train_donkeycar(self, donkeycar: DonkeycarPython, tub: Path) -> StepTimes:
        with TemporaryDirectory(dir=self._folder) as models:
            words = (str(tub), models, str(self._scale.epochs))
            return _decoded(donkeycar.run(DONKEYCAR_SIDE, *words))

    def memory_with(self, records: int) -> MemoryOfRecords:
        """Train on a tub that is so long; tub and cache are removed."""
        with TemporaryDirectory(dir=self._folder) as name:
            tub = repeat_tub(self._tub, Path(name) / "tub", records)
            words = ("memory", str(tub), name, str(self._scale.steps))
            text = run_module("train.bench.everlap_training", *words)
        return MemoryOfRecords(records, msgspec.json.decode(text, type=Memory))


def measure_training(
    scale: Scale,
    tub: Path | None = None,
    donkeycar: str | None = None,
    disk: Path | None = None,
    progress: Step = lambda done, total: None,
) -> TrainingSpeed:
    """Train again and again.

    Args:
        scale: how much.
        tub: what to train on; a simulated drive when None.
        donkeycar: a Python that has donkeycar and TensorFlow; nothing when None.
        disk: where to put long tubs and their caches; the temporary folder when None.
        progress: told how many trainings are done.

    Raises:
        TubError: the tub cannot be read.
        OutputError: there is no room for the longest tub.
        PeerError: donkeycar cannot be run.
        TrainError: a training failed.
    """
    peer = None if donkeycar is None else DonkeycarPython(donkeycar)
    if peer is not None:
        peer.check("import donkeycar.pipeline.training, tensorflow")
    before, counter = os.getloadavg()[0], _counter(scale, peer is not None, progress)
    with TemporaryDirectory(prefix="everlap-bench-", dir=disk) as name:
        used = tub or record_tub(Path(name) / "tub")
        count = len(Tub(used))
        measurement = Measurement(Path(name), used, scale)
        memory = []
        for records in scale.records:
            memory.append(measurement.memory_with(records))
            counter()
        ours, theirs = measurement.train_in_turns(peer, counter)
        return TrainingSpeed(
            tub=None if tub is None else str(tub),
            records=count,
            rounds=scale.rounds,
            load=(before, os.getloadavg()[0]),
            pace=pace_of(ours),
            donkeycar=beside(ours, theirs) if theirs else None,
            steps=scale.steps,
            memory=memory,
        )


def _counter(scale: Scale, beside_donkeycar: bool, progress: Step) -> Callable[[], None]:
    """What to call after each training."""
    total, done = len(scale.records) + scale.rounds * (1 + beside_donkeycar), 0

    def count() -> None:
        nonlocal done
        done += 1
        progress(done, total)

    return count


def pace_of(trainings: Sequence[StepTimes]) -> Pace:
    """Sum up trainings; at least one."""
    return Pace(
        spread_of([each.images_per_s for each in trainings]),
        spread_of([each.whole_images_per_s for each in trainings]),
        spread_of([each.peak_bytes for each in trainings]),
    )


def beside(ours: Sequence[StepTimes], theirs: Sequence[StepTimes]) -> DonkeycarPace:
    """Compare trainings of the same rounds."""
    return DonkeycarPace(
        pace_of(theirs),
        ratio_of([each.images_per_s for each in ours], [each.images_per_s for each in theirs]),
        ratio_of(
            [each.whole_images_per_s for each in ours],
            [each.whole_images_per_s for each in theirs],
        ),
    )


def _decoded(text: str) -> StepTimes:
    return msgspec.json.decode(text, type=StepTimes)
