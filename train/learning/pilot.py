"""From tubs to a pilot file in one call: open, split, fit, quantize, measure, write."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path

import msgspec
import numpy as np

from car.errors import PilotError
from car.pilots.card import HeldOut, PilotCard
from train.errors import DatasetError, TrainError
from train.learning import history
from train.learning.batches import Variation
from train.learning.checkpoints import Checkpoints
from train.learning.choice import Choice, Epoch
from train.learning.devices import Devices, find_devices
from train.learning.export import TOLERANCE, Exported, Tolerance, export
from train.learning.fit import Budget, Fitted, Fitter, Schedule, unwatched
from train.learning.float_twin import keep_float
from train.learning.history_line import history_line
from train.learning.lessons import Curriculum, open_lessons
from train.learning.network import SIZES
from train.learning.objective import Objective
from train.learning.practice import Practice
from train.learning.trained import Trained
from train.learning.tub_watch import watch_tubs
from tubs.atomic import check_writable, written_whole
from tubs.errors import OutputError

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

Recipe = dict[str, str | float | int | bool | None]


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
        practice: simulated pictures to learn class maps from, for tubs without; None is none.
        checkpoints: keeps the network along the way; None keeps only the best.
        size: of the network, one of SIZES.
        objective: what the network is to do well.
        choice: which epoch's weights are kept.
        tolerance: how much worse than float the pilot may be.
        devices: where to learn; None is all GPUs that TensorFlow sees, or else the CPU.
    """

    seed: int = 0
    budget: Budget = field(default_factory=Budget)
    schedule: Schedule = field(default_factory=Schedule)
    variation: Variation = field(default_factory=Variation)
    held_out: HeldOut = field(default_factory=HeldOut)
    delay_s: float | None = None
    cache: Path | None = None
    practice: Practice | None = None
    checkpoints: Checkpoints | None = None
    size: str = "usual"
    objective: Objective = field(default_factory=Objective)
    choice: Choice = field(default_factory=Choice)
    tolerance: Tolerance = TOLERANCE
    devices: Devices | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a training run is.

    Attributes:
        stage: "decode", "practice", "fit", "stopped" (by Ctrl-C or a failure), "export" or
            "checkpoints".
        share: 0..1 of the stage.
        images_per_s: while fitting.
        epoch: the one just ended, if one did.
        said: a line for whoever watches.
    """

    stage: str
    share: float
    images_per_s: float = 0.0
    epoch: Epoch | None = None
    said: str = ""


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
    clock: Callable[[], float] = time.monotonic,
) -> Trained:
    """Train a pilot on tubs and write it to `out`, with what belongs to it beside it.

    Beside NAME.tflite are NAME.keras, the float network; NAME.json, its epochs; and a line in
    trainings.jsonl. Ctrl-C ends the fitting, and so does a failure after the first epoch; the
    best epoch until then becomes the pilot.

    Args:
        tubs: at least one tub folder.
        out: NAME.tflite.
        plan: what differs from the usual.
        report: called often; must be quick.
        clock: monotonic seconds.

    Raises:
        TubError: a tub cannot be read.
        DatasetError: the tubs hold too little, or one value of steering.
        TrainError: training diverged or ran out of memory before the first epoch was over, or int8
            is too much worse than float.
        OutputError: the result cannot be written.
        KeyboardInterrupt: Ctrl-C before the first epoch was over, or once more after that.
    """
    plan, began_s = plan or Plan(), clock()
    _check_outputs(out, plan)
    watch = watch_tubs(tubs)
    curriculum = open_lessons(
        tubs,
        plan.held_out,
        plan.delay_s,
        plan.cache,
        lambda done, total: report(Progress("decode", done / max(total, 1))),
    )
    _check_steers(curriculum)
    if plan.practice is not None and plan.objective.weights.class_map > 0.0:
        curriculum = plan.practice.added_to(
            curriculum, plan.cache, lambda share: report(Progress("practice", share))
        )
    devices = plan.devices or find_devices()
    fitted = _fit(curriculum, plan, devices, report)
    float_file = keep_float(fitted, out.with_suffix(".keras"))
    report(Progress("stopped" if fitted.interrupted else "export", 0.0, said=fitted.failure))
    changed = watch.changes()
    happened = {"trained_on": devices.name} | _what_happened(fitted, plan, changed)
    card = _card(curriculum, plan, happened)
    trained = Trained(
        out,
        float_file,
        out.with_suffix(".json"),
        card,
        fitted.history,
        fitted.best_epoch,
        _export(fitted, curriculum, card, out, plan.tolerance),
        curriculum,
        fitted.interrupted,
        fitted.failure,
        changed,
        clock() - began_s,
    )
    return _finish(trained, fitted, plan, report)


def _check_outputs(out: Path, plan: Plan) -> None:
    if out.suffix != ".tflite":
        raise OutputError(f"{out}: a pilot file is named NAME.tflite")
    for path in (out, out.with_suffix(".json"), out.with_suffix(".keras")):
        check_writable(path)
    if plan.checkpoints is not None:
        plan.checkpoints.check_folder()


def _check_steers(curriculum: Curriculum) -> None:
    """Refuse to learn from a driver who never moved the wheel.

    Raises:
        DatasetError: all records of all tubs hold one value of steering.
    """
    steering = np.concatenate([each.steering[each.train] for each in curriculum.lessons])
    if np.ptp(steering) == 0:
        raise DatasetError(
            f"all {len(steering)} records to learn from steer {steering[0]:+.2f}: there is nothing "
            "to learn; record a drive with turns"
        )


def _fit(
    curriculum: Curriculum, plan: Plan, devices: Devices, report: Callable[[Progress], None]
) -> Fitted:
    report(Progress("fit", 0.0, said=devices.line))
    variation = _with_delay(plan.variation, curriculum.delay_s)
    fitter = Fitter(
        curriculum.to_learn,
        plan.seed,
        variation,
        plan.schedule,
        plan.objective,
        plan.choice,
        SIZES[plan.size],
        devices=devices,
    )
    return fitter.fit(
        plan.budget,
        lambda epoch, share, speed: report(Progress("fit", min(share, 1.0), speed, epoch)),
        plan.checkpoints.watch if plan.checkpoints is not None else unwatched,
        lambda line: report(Progress("fit", 0.0, said=line)),
    )


def _finish(
    trained: Trained, fitted: Fitted, plan: Plan, report: Callable[[Progress], None]
) -> Trained:
    """Put the final card into the epochs' file, add to the history, write checkpoints."""
    trained = replace(trained, card=trained.exported.card)
    _write_epochs(trained.pilot, trained.card, fitted)
    history.append(trained.pilot.with_name(history.NAME), history_line(trained))
    if plan.checkpoints is not None and not trained.interrupted:
        report(Progress("checkpoints", 0.0))
        plan.checkpoints.write(fitted, trained.curriculum.to_learn, trained.card)
    report(Progress("export", 1.0))
    return trained


def _write_epochs(out: Path, card: PilotCard, fitted: Fitted) -> Path:
    """NAME.json: the card and every epoch."""
    path = out.with_suffix(".json")
    found = History(card, fitted.best_epoch, fitted.history)
    with written_whole(path) as draft:
        draft.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2))
    return path


def _export(
    fitted: Fitted, curriculum: Curriculum, card: PilotCard, out: Path, tolerance: Tolerance
) -> Exported:
    """Export; when the int8 network is refused, say where the float one is, which took the time."""
    try:
        return export(fitted, curriculum.to_learn, card, out, tolerance)
    except (TrainError, PilotError) as error:
        kept = out.with_suffix(".keras")
        raise TrainError(f"{error}. The float network is kept in {kept}") from error


def _with_delay(variation: Variation, delay_s: float) -> Variation:
    return replace(variation, delay_s=delay_s)


def _card(curriculum: Curriculum, plan: Plan, happened: Recipe) -> PilotCard:
    height_px, width_px = curriculum.lessons[0].recording.images.shape[1:3]
    return PilotCard(
        width_px=width_px,
        height_px=height_px,
        lens=curriculum.lens,
        outputs=[],
        label_delay_s=curriculum.delay_s,
        tubs=curriculum.used,
        held_out=plan.held_out,
        recipe=_recipe(plan) | happened,
        software=f"everlap {_version()}",
    )


def _recipe(plan: Plan) -> Recipe:
    return {
        "seed": plan.seed,
        "size": plan.size,
        "epochs": plan.budget.epochs if plan.budget.minutes is None else None,
        "minutes": plan.budget.minutes,
        "batch": plan.schedule.batch,
        "rate": plan.schedule.rate,
        "shifted": plan.variation.shifted,
        "mirrored": plan.variation.mirrored,
        "light": plan.variation.light,
        "balanced": plan.variation.balanced,
        "steering_outputs": plan.objective.steering.units,
        "class_map_weight": plan.objective.weights.class_map,
        "chosen": plan.choice.score.__name__.replace("_", " "),
    }


def _what_happened(fitted: Fitted, plan: Plan, changed: list[str]) -> Recipe:
    """What the card should say beyond what was asked for."""
    found: Recipe = {}
    if fitted.batch < plan.schedule.batch:
        found["batch_after_memory_ran_out"] = fitted.batch
    if fitted.failure:
        found["failure"] = fitted.failure
    if fitted.interrupted:
        found["interrupted_in_epoch"] = len(fitted.history) + 1
    if changed:
        found["tubs_changed"] = "; ".join(changed)
    return found


def _version() -> str:
    try:
        return metadata.version("everlap")
    except metadata.PackageNotFoundError:
        return "(not installed)"
