"""One training of one variant, in a process of its own, kept when it is whole."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import click
import msgspec

import train
from car.fleet import as_they_finish
from train.ablation.variants import ANY, VARIANTS, Variant
from train.learning.export import scores_of
from train.learning.fit import Budget
from train.learning.pilot import Plan, Progress, train_pilot
from tubs.atomic import written_whole

PILOT, MADE = "pilot.tflite", "made.json"
NO_PATIENCE = 1_000_000
"""Looks without a better result: equal budgets are spent to the end."""


class Made(msgspec.Struct, frozen=True):
    """What stands beside a kept pilot.

    Attributes:
        variant: its name.
        seed: of the training.
        tub: what it learned from.
        records: in that tub.
        examples: seen while learning.
        minutes: that it took.
        claimed_mae: of steering, on the records that it held out itself.
        software: hash of the code that trained it.
    """

    variant: str
    seed: int
    tub: str
    records: int
    examples: int
    minutes: float
    claimed_mae: float
    software: str


@dataclass(frozen=True)
class Training:
    """What is to be trained.

    Attributes:
        variant: its name.
        seed: of weights and draws.
        tub: to learn from.
        epochs: passes of `epoch_records`, unless minutes are given.
        minutes: instead.
        epoch_records: examples in a pass, the same for all variants.
        work: folder of everything.
    """

    variant: str
    seed: int
    tub: Path
    epochs: int
    minutes: float | None
    epoch_records: int
    work: Path

    @property
    def folder(self) -> Path:
        """Where its pilot is kept; the name says all that the training was told."""
        told = (self.variant, self.tub.name, self.epochs, self.minutes, self.epoch_records)
        key = hashlib.sha256(repr(told).encode()).hexdigest()[:8]
        return self.work / "pilots" / f"{self.variant}-seed-{self.seed}-{key}"

    @property
    def name(self) -> str:
        """In words."""
        return f"{self.variant}, seed {self.seed}"


def trained(training: Training, say: Callable[[str], None]) -> Made:
    """Train, or take what is kept.

    Raises:
        TrainError: the training failed.
        WorkerLostError: its process was killed.
        OutputError: the folder cannot be written.
    """
    kept = training.folder / MADE
    if not kept.is_file():
        say(f"training {training.name}")
        for _, outcome in as_they_finish(_train, [training], 1):
            if isinstance(outcome, BaseException):
                raise outcome
    return msgspec.json.decode(kept.read_bytes(), type=Made)


def variant_named(name: str) -> Variant:
    """Look a variant up by its name, which must exist."""
    return next(variant for variant in VARIANTS if variant.name == name)


def _train(training: Training) -> None:
    """What the process does: the folder takes its name when all is in it."""
    draft = training.folder.with_name(f".{training.folder.name}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    budget = Budget(training.epochs, training.minutes, NO_PATIENCE, training.epoch_records)
    usual = Plan(seed=training.seed, budget=budget, cache=training.work / "cache", tolerance=ANY)
    plan, teller = variant_named(training.variant).changed(usual), _Teller(training.name)
    done = train_pilot([training.tub], draft / PILOT, plan, teller)
    made = Made(
        variant=training.variant,
        seed=training.seed,
        tub=training.tub.name,
        records=done.card.tubs[0].records,
        examples=teller.steps * plan.schedule.batch,
        minutes=round(done.duration_s / 60, 2),
        claimed_mae=scores_of(done.exported.results).steering_mae,
        software=software(),
    )
    with written_whole(draft / MADE) as file:
        file.write_bytes(msgspec.json.encode(made))
    draft.replace(training.folder)


class _Teller:
    """Counts steps, and says a line ten times in a training.

    Attributes:
        steps: taken.
    """

    def __init__(self, name: str) -> None:
        self.steps = 0
        self._name = name
        self._told = 0

    def __call__(self, progress: Progress) -> None:
        if progress.stage != "fit":
            return
        self.steps += progress.epoch is None and not progress.said
        tenth = int(10 * progress.share)
        if tenth > self._told:
            self._told = tenth
            click.echo(
                f"  {self._name}: {tenth}0 %, {progress.images_per_s:.0f} images/s", err=True
            )


def software() -> str:
    """Hash the code that trains, and the versions of what it stands on."""
    found = hashlib.sha256()
    (root,) = map(Path, train.__path__)
    for path in (*sorted((root / "learning").rglob("*.py")), root / "ablation" / "variants.py"):
        found.update(path.name.encode() + b"\0" + path.read_bytes())
    for name in ("keras", "numpy", "opencv-python-headless"):
        found.update(f"{name} {metadata.version(name)}".encode())
    return found.hexdigest()[:16]
