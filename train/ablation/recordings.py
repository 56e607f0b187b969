"""The tubs that variants learn from and are scored on, recorded once by the simulator's expert."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from car.config import CarConfig
from car.recording import Recording, record_expert
from car.simulation.scene import SURFACES
from car.simulation.world import WorldSpec
from train.ablation.variants import Drives
from train.demo.plan import DemoPlan, training_worlds
from train.study.run import RECORDED_ON

HELD_OUT = "held-out"


def learned_from(drives: Drives, work: Path, workers: int, say: Callable[[str], None]) -> Path:
    """The tub of these drives.

    Raises:
        OutputError: it cannot be written.
    """
    worlds = training_worlds(DemoPlan(work, worlds=drives.worlds))
    return _recorded(drives, worlds, work / "tubs" / drives.name, workers, say)


def scored_on(drives: Drives, work: Path, workers: int, say: Callable[[str], None]) -> Path:
    """A tub in worlds that nothing is trained on.

    Raises:
        OutputError: it cannot be written.
    """
    worlds = [
        WorldSpec(f"random:{seed}", SURFACES[seed % len(SURFACES)], seed, look=0.7, car=0.5)
        for seed in range(RECORDED_ON, RECORDED_ON + drives.worlds)
    ]
    folder = work / "tubs" / f"{HELD_OUT}-{drives.name}"
    return _recorded(drives, worlds, folder, workers, say)


def _recorded(
    drives: Drives,
    worlds: Sequence[WorldSpec],
    folder: Path,
    workers: int,
    say: Callable[[str], None],
) -> Path:
    """Record beside, and take the name when all is there: a kill leaves no half tub."""
    if folder.exists():
        return folder
    draft = folder.with_name(f".{folder.name}")
    shutil.rmtree(draft, ignore_errors=True)
    say(f"recording {folder.name}")
    record_expert(Recording(draft, CarConfig(), drives.seconds, drives.disturbed), worlds, workers)
    draft.replace(folder)
    return folder
