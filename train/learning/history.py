"""A history of trainings: a line of JSON each, appended to `trainings.jsonl` beside the pilot."""

import os
from pathlib import Path

import msgspec

from car.pilots.card import Scores, TubUsed
from train.errors import DatasetError
from train.metrics import checkpoint_score
from tubs.errors import OutputError

NAME = "trainings.jsonl"


class Training(msgspec.Struct, frozen=True):
    """One training: what was asked, what was learned from, what came of it.

    Attributes:
        pilot: name of its file, in the folder of the history.
        ended: date and time, UTC, as ISO 8601.
        duration_s: from start to pilot.
        recipe: the arguments by name.
        tubs: names, hashes and records.
        label_delay_s: between image and command.
        train_records: learned from.
        held_out_records: measured on.
        epochs: passes made.
        best_epoch: whose weights were kept.
        images_per_s: seen while fitting, best epoch.
        parameters: of the network.
        scores_float: on held-out records.
        scores_int8: on the same.
        sha256: of the network in the pilot file.
        interrupted: whether somebody, or a failure, ended it early.
        tubs_changed: what changed in the tubs meanwhile, in sentences.
        machine: where.
        software: names and versions.
    """

    pilot: str
    ended: str
    duration_s: float
    recipe: dict[str, str | float | int | bool | None]
    tubs: list[TubUsed]
    label_delay_s: float
    train_records: int
    held_out_records: int
    epochs: int
    best_epoch: int
    images_per_s: float
    parameters: int
    scores_float: Scores | None
    scores_int8: Scores | None
    sha256: str
    interrupted: bool
    tubs_changed: list[str]
    machine: str
    software: dict[str, str]

    @property
    def score(self) -> float:
        """What trainings are put in order by, smaller is better; see metrics.checkpoint_score."""
        scores = self.scores_int8
        if scores is None:
            return float("inf")
        return checkpoint_score(scores.steering_mae, scores.throttle_mae, scores.class_map_miou)


def append(path: Path, training: Training) -> None:
    """Add a line; one that a power cut tore stays alone on its own line.

    Raises:
        OutputError: the file cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            start = b"\n" if _ends_torn(descriptor) else b""
            os.write(descriptor, start + msgspec.json.encode(training) + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise OutputError(
            f"the pilot is written, but not its line in {path}: {error.strerror}"
        ) from error


def _ends_torn(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"


def read(path: Path) -> tuple[list[Training], int]:
    """All trainings in their order, and how many lines could not be read.

    Raises:
        DatasetError: there is no history, or it cannot be read.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise DatasetError(
            f"cannot read {path}: {error.strerror}; everlap train writes it beside the pilot"
        ) from error
    found, unreadable = [], 0
    for line in filter(None, lines):
        try:
            found.append(msgspec.json.decode(line, type=Training))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            unreadable += 1
    return found, unreadable


def as_table(folder: Path) -> str:
    """The trainings of a folder as text of at most 100 columns, best first.

    Raises:
        DatasetError: there is no history.
    """
    trainings, unreadable = read(folder / NAME)
    lines = [
        f"{'pilot':18} {'ended (UTC)':16} {'min':>5} {'records':>7} {'steering':>8} "
        f"{'throttle':>8} {'mIoU':>5}  tubs"
    ]
    lines += [_line(each) for each in sorted(trainings, key=lambda each: each.score)]
    if len({tuple(tub.sha256 for tub in each.tubs) for each in trainings}) > 1:
        lines.append("Errors compare only between trainings on the same tubs.")
    if unreadable:
        lines.append(f"{unreadable} lines of {folder / NAME} cannot be read and are left out.")
    return "\n".join(lines)


def _line(each: Training) -> str:
    scores = each.scores_int8
    steering = f"{scores.steering_mae:.4f}" if scores else "-"
    throttle = f"R2 {scores.throttle_r2:.2f}" if scores else "-"
    miou = scores.class_map_miou if scores else None
    marks = _marks(each)
    tubs = ", ".join(tub.name for tub in each.tubs)
    room = 25 - len(marks)
    shown = tubs if len(tubs) <= room else f"{tubs[: room - 1]}…"
    return (
        f"{each.pilot[:18]:18} {each.ended[:16].replace('T', ' '):16} {each.duration_s / 60:5.1f} "
        f"{each.train_records:7} {steering:>8} {throttle:>8} "
        f"{'-' if miou is None else f'{miou:.3f}':>5}  {shown}{marks}"
    )


def _marks(each: Training) -> str:
    """What is odd about a training, in a few words."""
    if each.interrupted and each.tubs_changed:
        return " (stopped, changed)"
    if each.interrupted:
        return " (stopped early)"
    return " (tub changed)" if each.tubs_changed else ""
