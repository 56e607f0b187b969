"""Measures checkpoints offline and on the road; what is measured is kept, to go on from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import msgspec
import numpy as np

from car.config import CarConfig
from car.episode import EpisodeResult
from car.fleet import in_parallel
from car.monitor_settings import MonitorConfig
from car.pilots.card import HeldOut, read_card
from car.recording import Recording, record_expert
from car.simulation.scene import SURFACES
from car.simulation.world import WorldSpec
from train.driving.evaluate import Trial, run_trial
from train.errors import DatasetError
from train.learning.dataset import Lesson
from train.learning.lessons import open_lessons
from train.study.ranks import Checkpoint, Driven
from train.study.scores import offline_scores
from tubs.atomic import written_whole

RECORDED_ON = 600_000
"""Track seeds of the worlds for offline scores begin here; nothing is trained on them."""


@dataclass(frozen=True)
class StudyPlan:
    """What is measured.

    Attributes:
        work: folder for recordings and for what is measured.
        worlds: recorded, clean and disturbed, for offline scores.
        seconds: of each recording.
        tracks: driven.
        laps: on each.
        look: how odd the driven worlds look, 0 to 1.
        car: how odd the cars are, 0 to 1.
        extra_delay_s: added to the car's own.
        workers: processes.
    """

    work: Path
    worlds: int
    seconds: float
    tracks: Sequence[str]
    laps: int
    look: float
    car: float
    extra_delay_s: float
    workers: int

    @property
    def key(self) -> str:
        """Names all that changes a result."""
        parts = ("without monitor", self.worlds, self.seconds, *self.tracks, self.laps,
                 self.look, self.car, self.extra_delay_s)  # fmt: skip
        return sha256(repr(parts).encode()).hexdigest()[:12]


def find_checkpoints(folders: Sequence[Path]) -> list[Path]:
    """All pilot files of some folders, in order.

    Raises:
        DatasetError: there are fewer than 3.
    """
    found = [path for folder in folders for path in sorted(folder.glob("*.tflite"))]
    if len(found) < 3:
        raise DatasetError(
            f"{len(found)} pilots are in {', '.join(map(str, folders))}; a correlation needs at "
            "least 3, and 40 to mean something: everlap train --checkpoints FOLDER --keep 40"
        )
    return found


def study(pilots: Sequence[Path], plan: StudyPlan, say: Callable[[str], None]) -> list[Checkpoint]:
    """Measure every checkpoint, those that were measured before from the work folder.

    Raises:
        PilotError: a checkpoint cannot be used.
        OutputError: the work folder cannot be written.
    """
    clean, disturbed = (_recorded(plan, kind, say) for kind in (False, True))
    found = []
    for number, pilot in enumerate(pilots, start=1):
        digest = read_card(pilot).sha256
        kept = plan.work / "measured" / f"{digest[:16]}-{plan.key}.json"
        if kept.is_file():
            found.append(msgspec.json.decode(kept.read_bytes(), type=Checkpoint))
            continue
        scores = offline_scores(pilot, clean, disturbed)
        checkpoint = Checkpoint(str(pilot), digest, scores, drive_tracks(pilot, plan))
        with written_whole(kept) as draft:
            draft.write_bytes(msgspec.json.encode(checkpoint))
        found.append(checkpoint)
        driven = checkpoint.driven
        say(
            f"{number}/{len(pilots)} {pilot.name}: MAE {scores['mae']:.3f}, "
            f"{driven.off_road_per_100_laps:.0f} off-road events per 100 laps, "
            f"autonomy {driven.autonomy:.0%}"
        )
    return found


def drive_tracks(pilot: Path, plan: StudyPlan) -> Driven:
    """Let one checkpoint drive all tracks of the plan, without the monitor.

    A monitor that stops an unsure car would hide how the network drives.
    """
    config = CarConfig(monitor=MonitorConfig(action="off"))
    trials = [Trial(pilot, world, plan.laps, config) for world in driven_worlds(plan)]
    results = [result for result, _ in in_parallel(run_trial, trials, plan.workers)]
    return add_up(results)


def driven_worlds(plan: StudyPlan) -> list[WorldSpec]:
    """One world a track, surfaces in turn; the same for every checkpoint."""
    return [
        WorldSpec(
            track,
            SURFACES[number % len(SURFACES)],
            7000 + number,
            plan.look,
            plan.car,
            plan.extra_delay_s,
        )
        for number, track in enumerate(plan.tracks)
    ]


def add_up(results: Sequence[EpisodeResult]) -> Driven:
    """All drives of one checkpoint."""
    asked = sum(result.laps_asked for result in results)
    return Driven(
        100.0 * sum(result.off_road_events for result in results) / asked,
        float(np.mean([result.autonomy for result in results])),
        float(np.mean([result.off_road_events == 0 for result in results])),
        sum(result.laps_done for result in results),
        asked,
    )


def _recorded(plan: StudyPlan, disturbed: bool, say: Callable[[str], None]) -> Lesson:
    """The expert in worlds that nothing is trained on; recorded once."""
    name = "disturbed" if disturbed else "clean"
    folder = plan.work / f"{name}-{plan.worlds}x{plan.seconds:g}s"
    if not folder.exists():
        say(f"recording {plan.worlds} {name} drives")
        recording = Recording(folder, CarConfig(), plan.seconds, disturbed)
        record_expert(recording, _recorded_worlds(plan), plan.workers)
    how = HeldOut(fraction=0.3, block_s=2.0, gap_s=0.2)
    return open_lessons([folder], how, None, plan.work / "cache").lessons[0]


def _recorded_worlds(plan: StudyPlan) -> list[WorldSpec]:
    return [
        WorldSpec(
            f"random:{RECORDED_ON + number}",
            SURFACES[number % len(SURFACES)],
            RECORDED_ON + number,
            plan.look,
            plan.car,
        )
        for number in range(plan.worlds)
    ]
