"""From tub folders to lessons: arrays, labels moved by the delay, and the split, tub by tub."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from car.config import Lens
from car.pilots.card import HeldOut, TubUsed
from train.errors import DatasetError
from train.learning.dataset import Lesson, commands_after
from train.learning.split import FEWEST, fingerprint, split_records
from tubs.about import read_about
from tubs.training.opening import open_training_view
from tubs.training.pictures import Pictures
from tubs.training.view import TrainingView

DEFAULT_DELAY_S = 0.06


@dataclass(frozen=True, slots=True)
class Rows:
    """Part of a recording: the records of one tub that are worth learning."""

    images: Pictures
    class_maps: Pictures | None
    speed_m_s: NDArray[np.floating]
    session: NDArray[np.integer]


@dataclass(frozen=True, slots=True)
class Drive:
    """All records of one tub, those that nobody learns from too.

    Attributes:
        session: (n,), number of the session in the tub.
        captured_s: (n,), seconds.
        steering: (n,), nan where a record is damaged.
        throttle: (n,), likewise.
        kept: bool (n,), which are learned from.
    """

    session: NDArray[np.integer]
    captured_s: NDArray[np.floating]
    steering: NDArray[np.floating]
    throttle: NDArray[np.floating]
    kept: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Curriculum:
    """All lessons, and what the card says about them.

    Attributes:
        lessons: one a tub.
        used: what the card says of each.
        lens: of the first camera that is known.
        delay_s: the largest label delay.
        practice: lessons in class maps alone; their commands are nan.
    """

    lessons: list[Lesson]
    used: list[TubUsed]
    lens: Lens
    delay_s: float
    practice: tuple[Lesson, ...] = ()

    @property
    def to_learn(self) -> list[Lesson]:
        """Lessons in driving, and practice."""
        return [*self.lessons, *self.practice]


def open_lessons(
    tubs: list[Path],
    held_out: HeldOut,
    delay_s: float | None = None,
    cache: Path | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Curriculum:
    """Open tubs for learning.

    Args:
        tubs: at least one folder.
        held_out: how to split each.
        delay_s: label delay; None is the usual one, or 0 for tubs without useful time stamps.
        cache: folder for decoded images; None is the user's cache.
        progress: told records decoded and records in all.

    Raises:
        TubError: a tub is missing, foreign, empty or damaged.
        DatasetError: a tub is too short, or its cameras differ in size.
    """
    view = open_training_view(tubs, cache, progress=progress)
    lessons, used, delays_s = [], [], []
    lens: Lens | None = None
    for number, folder in enumerate(tubs):
        drive = _drive_of(view, number)
        tub_lens = lens_of(folder)
        lens = lens or tub_lens
        delays_s.append(_tub_delay_s(folder, drive, delay_s))
        rows = _rows_of(view, number)
        lessons.append(make_lesson(folder.name, rows, drive, tub_lens, held_out, delays_s[-1]))
        sha256 = fingerprint(drive.captured_s, drive.steering, drive.throttle)
        used.append(TubUsed(folder.name, sha256, len(drive.steering)))
    return Curriculum(lessons, used, lens or Lens(), max(delays_s))


def _drive_of(view: TrainingView, tub: int) -> Drive:
    """All records of a tub; what is learned of them is marked."""
    timeline = view.timeline
    here = timeline.tub == tub
    kept = np.zeros(len(timeline), bool)
    kept[view.place] = True
    session = timeline.session[here]
    return Drive(
        session - session[0],
        timeline.captured_s[here],
        timeline.steering[here],
        timeline.throttle[here],
        kept[here],
    )


def _rows_of(view: TrainingView, tub: int) -> Rows:
    place = np.flatnonzero(view.tub == tub)
    part = slice(int(place[0]), int(place[-1]) + 1)
    return Rows(
        view.images[part],
        view.class_maps[part] if view.class_maps is not None else None,
        view.speed_m_s[part],
        view.session[part] - view.session[part.start],
    )


def _tub_delay_s(folder: Path, drive: Drive, delay_s: float | None) -> float:
    """The label delay for one tub: what was asked for, else the usual one, else none at all."""
    if delay_s is not None:
        return delay_s
    return 0.0 if _invented_times(folder, drive) else DEFAULT_DELAY_S


def _invented_times(folder: Path, drive: Drive) -> bool:
    """Whether an import had to make the time stamps up: then all steps are exactly alike."""
    if read_about(folder).source is None:
        return False
    steps_s = np.diff(drive.captured_s)
    return bool(len(steps_s) > 10 and np.median(np.abs(steps_s - np.median(steps_s))) < 1e-9)


def lens_of(folder: Path) -> Lens | None:
    """The lens in tub.json; None when nobody measured it.

    Raises:
        DatasetError: what stands there is not a lens.
    """
    lens = read_about(folder).lens
    if lens is None:
        return None
    try:
        return msgspec.convert(lens, Lens)
    except msgspec.ValidationError as error:
        raise DatasetError(f"{folder}/tub.json: lens: {error}") from error


def make_lesson(
    name: str, rows: Rows, drive: Drive, lens: Lens | None, held_out: HeldOut, delay_s: float
) -> Lesson:
    """One lesson from the arrays of one tub.

    The split and the delay look at the whole drive: deleting records moves no other record
    between training and measuring, and changes no label.

    Raises:
        DatasetError: too few records.
    """
    split = split_records(drive.session, drive.captured_s, held_out)
    steering, throttle = (
        commands_after(values, drive.captured_s, drive.session, delay_s)[drive.kept]
        for values in (drive.steering, drive.throttle)
    )
    train, held = (_kept_rows(part, drive.kept) for part in (split.train, split.held_out))
    if min(len(train), len(held)) < FEWEST:
        raise DatasetError(
            f"{name}: {len(train)} records to learn from and {len(held)} to measure on are left of "
            f"{len(drive.kept)}: restore some, or record for longer"
        )
    return Lesson(name, rows, lens, steering, throttle, train, held, split.kind)


def _kept_rows(places: NDArray[np.intp], kept: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Where in the kept records those places are that are kept."""
    row = np.cumsum(kept) - 1
    return np.asarray(row[places[kept[places]]], dtype=np.intp)
