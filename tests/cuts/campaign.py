"""All harms, each many times, one tally each."""

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from tests.cuts import damage, donkeycar_cuts
from tests.cuts.kills import RESUMED_RECORDS, kill_once
from tests.cuts.limited import failure_of, fresh_processes, in_time
from tests.cuts.pictures import keep_pictures
from tests.cuts.power import pull_the_battery, watch_a_recording
from tests.cuts.subjects import Donkeycar, Everlap, Subject
from tests.cuts.verdict import Tally, Verdict

HANG_S = 20.0
"""A file of 40 records that is not read by then is not being read."""
SPECIMEN_RECORDS = 40
WATCHED_RECORDS = 120
WATCHED_AT_HZ = (0.0, 100.0, 400.0)
PICTURES = 60
AT_RATE = 4
"""Of so many kills one is at 20 Hz; the others are flat out."""

Progress = Callable[[int], None]
"""Called with how many tubs were harmed since the last call."""


@dataclass(frozen=True)
class Plan:
    """What to do.

    Attributes:
        kills: recording processes to kill, of each recorder.
        powers: disks to read after the power failed.
        harms: session files to harm, of each kind.
        donkeycar_cuts: files of donkeycar to cut, of each kind.
        donkeycar: a Python that has donkeycar; None leaves it out.
        seed: the first of the seeds.
        workers: how many tubs are harmed at a time.
    """

    kills: int
    powers: int
    harms: int
    donkeycar_cuts: int
    donkeycar: str | None
    seed: int
    workers: int

    @property
    def tubs(self) -> int:
        """How many will be harmed."""
        ours = self.kills + self.powers + len(damage.KINDS) * self.harms
        theirs = self.kills + len(donkeycar_cuts.KINDS) * self.donkeycar_cuts
        return ours + (theirs if self.donkeycar else 0)


def run(plan: Plan, progress: Progress) -> Iterator[Tally]:
    """Do all of it, one kind after the other.

    Raises:
        FileNotFoundError: there is no strace, which watches the recorder for the power failures.
    """
    with tempfile.TemporaryDirectory(prefix="everlap-cuts-") as name:
        folder = Path(name)
        pictures = keep_pictures(folder / "pictures.npy", PICTURES, plan.seed)
        everlap = Everlap(pictures)
        yield from _kills(plan, everlap, folder, progress)
        if plan.powers:
            yield _powers(plan, folder, pictures, progress)
        if plan.harms:
            yield from _harms(plan, folder, pictures, progress)
        if plan.donkeycar:
            donkeycar = Donkeycar(plan.donkeycar, pictures)
            yield from _kills(plan, donkeycar, folder, progress)
            yield from _donkeycar_cuts(plan, donkeycar, folder, progress)


def _in_a_folder(outer: Path, work: Callable[[Path], Verdict]) -> Verdict:
    with tempfile.TemporaryDirectory(dir=outer) as folder:
        return work(Path(folder))


def _collect(
    tally: Tally, executor: Executor, jobs: dict[int, Callable[[], Verdict]], progress: Progress
) -> Tally:
    """Do the jobs, by their seeds; one that fails is a crash and not the end of the others."""
    started = {executor.submit(job): seed for seed, job in jobs.items()}
    for done in as_completed(started):
        failure = failure_of(done)
        verdict = Verdict(0, 0, failure=failure) if failure else done.result()
        tally.take(started[done], verdict)
        progress(1)
    return tally


def _kills(plan: Plan, subject: Subject, folder: Path, progress: Progress) -> Iterator[Tally]:
    seeds = range(plan.seed, plan.seed + plan.kills)
    for rate_hz, harm in ((0.0, "SIGKILL, recording flat out"), (20.0, "SIGKILL, at 20 Hz")):
        chosen = [seed for seed in seeds if (seed % AT_RATE == 0) == bool(rate_hz)]
        jobs = {
            seed: partial(
                _in_a_folder, folder, partial(kill_once, subject, rate_hz=rate_hz, seed=seed)
            )
            for seed in chosen
        }
        if jobs:
            with ThreadPoolExecutor(plan.workers) as threads:
                tally = _collect(Tally(subject.name, harm), threads, jobs, progress)
            resumed = RESUMED_RECORDS * tally.tubs
            assert tally.crashed or tally.expected > resumed, "no record was ever acknowledged"
            yield tally


def _powers(plan: Plan, folder: Path, pictures: Path, progress: Progress) -> Tally:
    recordings = []
    for rate_hz in WATCHED_AT_HZ:
        place = folder / f"watched at {rate_hz:g}"
        place.mkdir()
        recordings.append(watch_a_recording(place, pictures, rate_hz, WATCHED_RECORDS))
    jobs = {
        seed: partial(in_time, HANG_S, pull_the_battery, recordings[seed % len(recordings)], seed)
        for seed in range(plan.seed, plan.seed + plan.powers)
    }
    with fresh_processes(plan.workers) as processes:
        return _collect(Tally("everlap", "power failure"), processes, jobs, progress)


def _harms(plan: Plan, folder: Path, pictures: Path, progress: Progress) -> Iterator[Tally]:
    specimens = damage.make_specimens(folder / "specimens", np.load(pictures), SPECIMEN_RECORDS)
    for kind in damage.KINDS:
        jobs = {
            seed: partial(in_time, HANG_S, damage.harm_once, specimens, kind, seed)
            for seed in range(plan.seed, plan.seed + plan.harms)
        }
        with fresh_processes(plan.workers) as processes:
            yield _collect(Tally("everlap", NAMES[kind]), processes, jobs, progress)


NAMES = {
    "cut": "session cut at a random byte",
    "flip": f"1 to {damage.MOST_FLIPS} bytes of a session changed",
    "block": "4 KiB blocks of a session zeroed or swapped",
}


def _donkeycar_cuts(
    plan: Plan, donkeycar: Donkeycar, folder: Path, progress: Progress
) -> Iterator[Tally]:
    place = folder / "donkeycar"
    place.mkdir()
    whole = donkeycar_cuts.make_tub(donkeycar, place)
    for kind in donkeycar_cuts.KINDS:
        jobs = {
            seed: partial(
                _in_a_folder,
                folder,
                partial(donkeycar_cuts.cut_once, donkeycar, whole, kind=kind, seed=seed),
            )
            for seed in range(plan.seed, plan.seed + plan.donkeycar_cuts)
        }
        with ThreadPoolExecutor(plan.workers) as threads:
            yield _collect(Tally(donkeycar.name, kind), threads, jobs, progress)
