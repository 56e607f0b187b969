"""A short training as `everlap train` does it, in a process of its own: its pace or its memory.

Run as `python -m train.bench.everlap_training pace TUB FOLDER EPOCHS`, or
`python -m train.bench.everlap_training memory TUB FOLDER STEPS`; prints one JSON object.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import msgspec

from train.bench.memory import Memory, MemoryWatch
from train.bench.step_times import EpochTimes, StepTimes
from train.learning.fit import Budget, Schedule
from train.learning.pilot import Plan, Progress, train_pilot


class _FittedError(Exception):
    """The fitting is over; what would follow is not measured."""


class Pace:
    """Notes when steps and epochs end."""

    def __init__(self) -> None:
        self.epochs = [EpochTimes([], 0.0)]

    def note(self, progress: Progress) -> None:
        """Take a report of the training."""
        if progress.stage != "fit":
            return
        if progress.epoch is None:
            self.epochs[-1].steps_s.append(perf_counter())
        else:
            self.epochs[-1].ended_s = perf_counter()
            self.epochs.append(EpochTimes([], 0.0))


def pace(tub: Path, folder: Path, epochs: int) -> StepTimes:
    """Train so many epochs, and time them."""
    found, watch = Pace(), MemoryWatch()
    _train(tub, folder, Budget(epochs=epochs, patience=epochs), found.note)
    return StepTimes(Schedule().batch, found.epochs[:-1], watch.found().resident_bytes)


def memory(tub: Path, folder: Path, steps: int) -> Memory:
    """Train so many steps, and watch the memory from the first record read."""
    watch = MemoryWatch()
    records = steps * Schedule().batch
    _train(tub, folder, Budget(epochs=1, epoch_records=records), lambda progress: watch.look())
    return watch.found()


def _train(tub: Path, folder: Path, budget: Budget, note: Callable[[Progress], None]) -> None:
    """Everything that a training does until its network is fitted."""
    plan = Plan(budget=budget, cache=folder / "cache")

    def report(progress: Progress) -> None:
        note(progress)
        if progress.stage not in ("decode", "fit"):
            raise _FittedError

    try:
        train_pilot([tub], folder / "pilot.tflite", plan, report)
    except _FittedError:
        return


if __name__ == "__main__":
    what, words = {"pace": pace, "memory": memory}[sys.argv[1]], sys.argv[2:]
    found = what(Path(words[0]), Path(words[1]), int(words[2]))
    sys.stdout.write(msgspec.json.encode(found).decode())
