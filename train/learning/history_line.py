"""Fills one line of the history from a finished training."""

import platform
from datetime import UTC, datetime
from importlib import metadata
from typing import TYPE_CHECKING

from car.fleet import usual_workers
from train.learning.history import Training

if TYPE_CHECKING:
    from train.learning.trained import Trained

SOFTWARE = ("everlap", "keras", "tensorflow-cpu", "tensorflow", "ai-edge-litert", "numpy")


def history_line(trained: "Trained") -> Training:
    """Everything about one training."""
    card, lessons = trained.card, trained.curriculum.lessons
    return Training(
        pilot=trained.pilot.name,
        ended=datetime.now(UTC).isoformat(timespec="seconds"),
        duration_s=round(trained.duration_s, 1),
        recipe=card.recipe,
        tubs=card.tubs,
        label_delay_s=card.label_delay_s,
        train_records=sum(len(lesson.train) for lesson in lessons),
        held_out_records=sum(len(lesson.held_out) for lesson in lessons),
        epochs=len(trained.history),
        best_epoch=trained.best_epoch,
        images_per_s=trained.history[trained.best_epoch - 1].images_per_s,
        parameters=card.parameters,
        scores_float=card.scores_float,
        scores_int8=card.scores_int8,
        sha256=card.sha256,
        interrupted=trained.interrupted,
        tubs_changed=trained.tubs_changed,
        machine=machine(),
        software=versions(),
    )


def machine() -> str:
    """What this machine is, in a few words."""
    return f"{platform.system()} {platform.machine()}, {usual_workers()} cores"


def versions() -> dict[str, str]:
    """Of the software that takes part."""
    found = {"python": platform.python_version()}
    for name in SOFTWARE:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
