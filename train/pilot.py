"""From tubs to a pilot file in one call: open, split, fit, quantize, measure, write."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

import msgspec

from car.pilots.card import HeldOut, PilotCard
from train.batches import Variation
from train.errors import TrainError
from train.export import Exported, export
from train.fit import Budget, Epoch, Fitted, Fitter, Schedule
from train.lessons import Curriculum, open_lessons
from tubs.atomic import check_writable, written_whole
from tubs.errors import OutputError

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a training run can be told.

    Attributes:
        seed: of weights, draws and changes.
        budget: how long.
        schedule: step sizes.
        variation: how much examples are changed; its delay is taken from the tubs.
        held_out: what is kept for measuring.
        delay_s: label delay; None is the usual one where time stamps allow.
        cache: folder for decoded images; None is the user's.
    """

    seed: int = 0
    budget: Budget = field(default_factory=Budget)
    schedule: Schedule = field(default_factory=Schedule)
    variation: Variation = field(default_factory=Variation)
    held_out: HeldOut = field(default_factory=HeldOut)
    delay_s: float | None = None
    cache: Path | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a training run is.

    Attributes:
        stage: "decode", "fit" or "export".
        share: 0..1 of the stage.
        images_per_s: while fitting.
        epoch: the one just ended, if one did.
    """

    stage: str
    share: float
    images_per_s: float = 0.0
    epoch: Epoch | None = None


@dataclass(frozen=True, slots=True)
class Trained:
    """A finished training run.

    Attributes:
        pilot: the file.
        history_file: the history as JSON.
        card: as in the file.
        history: one entry an epoch.
        best_epoch: whose weights were kept.
        exported: with the int8 network's results on held-out records.
        curriculum: the lessons, with their split.
    """

    pilot: Path
    history_file: Path
    card: PilotCard
    history: list[Epoch]
    best_epoch: int
    exported: Exported
    curriculum: Curriculum


class History(msgspec.Struct, frozen=True):
    """What stands in the JSON file beside a pilot."""

    card: PilotCard
    best_epoch: int
    epochs: list[Epoch]


def train_pilot(
    tubs: list[Path],
    out: Path,
    plan: Plan | None = None,
    report: Callable[[Progress], None] = lambda progress: None,
) -> Trained:
    """Train a pilot on tubs and write it to `out`, with its history beside it.

    Args:
        tubs: at least one tub folder.
        out: NAME.tflite; the history goes to NAME.json.
        plan: what differs from the usual.
        report: called often; must be quick.

    Raises:
        TubError: a tub cannot be read.
        DatasetError: the tubs hold too little.
        TrainError: training diverged, or int8 is too much worse than float.
        OutputError: the result cannot be written.
    """
    plan = plan or Plan()
    if out.suffix != ".tflite":
        raise OutputError(f"{out}: a pilot file is named NAME.tflite")
    check_writable(out)
    history_file = check_writable(out.with_suffix(".json"))
    curriculum = open_lessons(
        tubs,
        plan.held_out,
        plan.delay_s,
        plan.cache,
        lambda done, total: report(Progress("decode", done / max(total, 1))),
    )
    variation = _with_delay(plan.variation, curriculum.delay_s)
    fitter = Fitter(curriculum.lessons, plan.seed, variation, plan.schedule)
    fitted = fitter.fit(
        plan.budget,
        lambda epoch, share, speed: report(Progress("fit", min(share, 1.0), speed, epoch)),
    )
    report(Progress("export", 0.0))
    exported = _export_or_keep(fitted, curriculum, plan, out)
    history = History(exported.card, fitted.best_epoch, fitted.history)
    with written_whole(history_file) as draft:
        draft.write_bytes(msgspec.json.format(msgspec.json.encode(history), indent=2))
    report(Progress("export", 1.0))
    return Trained(
        out,
        history_file,
        exported.card,
        fitted.history,
        fitted.best_epoch,
        exported,
        curriculum,
    )


def _export_or_keep(fitted: Fitted, curriculum: Curriculum, plan: Plan, out: Path) -> Exported:
    """Export; when the int8 network is refused, keep the float one, which took the time."""
    try:
        return export(fitted, curriculum.lessons, _card(curriculum, plan), out)
    except TrainError as error:
        kept = out.with_suffix(".keras")
        fitted.network.save(kept)
        raise TrainError(f"{error}. The float network is kept in {kept}") from error


def _with_delay(variation: Variation, delay_s: float) -> Variation:
    return Variation(
        variation.shifted, variation.mirrored, variation.light, delay_s, variation.chassis
    )


def _card(curriculum: Curriculum, plan: Plan) -> PilotCard:
    height_px, width_px = curriculum.lessons[0].recording.images.shape[1:3]
    return PilotCard(
        width_px=width_px,
        height_px=height_px,
        lens=curriculum.lens,
        outputs=[],
        label_delay_s=curriculum.delay_s,
        tubs=curriculum.used,
        held_out=plan.held_out,
        recipe=_recipe(plan),
        software=f"everlap {_version()}",
    )


def _recipe(plan: Plan) -> dict[str, str | float | int | bool | None]:
    return {
        "seed": plan.seed,
        "epochs": plan.budget.epochs if plan.budget.minutes is None else None,
        "minutes": plan.budget.minutes,
        "batch": plan.schedule.batch,
        "rate": plan.schedule.rate,
        "shifted": plan.variation.shifted,
        "mirrored": plan.variation.mirrored,
        "light": plan.variation.light,
    }


def _version() -> str:
    try:
        return metadata.version("everlap")
    except metadata.PackageNotFoundError:
        return "(not installed)"
