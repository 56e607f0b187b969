"""From tub folders to lessons: arrays, labels moved by the delay, and the split, tub by tub."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from car.config import Lens
from car.pilots.card import HeldOut, TubUsed
from train.dataset import Lesson, commands_after
from train.errors import DatasetError
from train.split import fingerprint, split_records
from tubs.about import read_about
from tubs.cache import open_training_view
from tubs.reader import Tub

DEFAULT_DELAY_S = 0.06


@dataclass(frozen=True, slots=True)
class Rows:
    """Part of a recording: the arrays of one tub."""

    images: NDArray[np.uint8]
    class_maps: NDArray[np.uint8] | None
    steering: NDArray[np.floating]
    throttle: NDArray[np.floating]
    speed_m_s: NDArray[np.floating]
    captured_s: NDArray[np.floating]
    session: NDArray[np.integer]


@dataclass(frozen=True, slots=True)
class Curriculum:
    """All lessons, and what the card says about them."""

    lessons: list[Lesson]
    used: list[TubUsed]
    lens: Lens
    delay_s: float


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
    lessons, used = [], []
    lens: Lens | None = None
    for number, folder in enumerate(tubs):
        place = np.flatnonzero(view.tub == number)
        part = slice(int(place[0]), int(place[-1]) + 1)
        rows = Rows(
            view.images[part],
            view.class_maps[part] if view.class_maps is not None else None,
            view.steering[part],
            view.throttle[part],
            view.speed_m_s[part],
            view.captured_s[part],
            view.session[part] - view.session[part.start],
        )
        tub_lens = lens_of(folder)
        lens = lens or tub_lens
        lessons.append(
            make_lesson(folder.name, rows, tub_lens, held_out, tub_delay_s(folder, delay_s))
        )
        sha256 = fingerprint(rows.captured_s, rows.steering, rows.throttle)
        used.append(TubUsed(folder.name, sha256, len(rows.steering)))
    return Curriculum(lessons, used, lens or Lens(), max(tub_delay_s(f, delay_s) for f in tubs))


def tub_delay_s(folder: Path, delay_s: float | None) -> float:
    """The label delay for one tub: what was asked for, else the usual one, else none at all."""
    if delay_s is not None:
        return delay_s
    return 0.0 if _invented_times(folder) else DEFAULT_DELAY_S


def _invented_times(folder: Path) -> bool:
    """Whether an import had to make the time stamps up: then all steps are exactly alike."""
    if read_about(folder).source is None:
        return False
    captured_s = np.asarray(Tub(folder).controls()["captured_s"], dtype=np.float64)
    steps_s = np.diff(captured_s)
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
    name: str, rows: Rows, lens: Lens | None, held_out: HeldOut, delay_s: float
) -> Lesson:
    """One lesson from the arrays of one tub.

    Raises:
        DatasetError: too few records.
    """
    split = split_records(rows.session, rows.captured_s, held_out)
    steering, throttle = (
        commands_after(values, rows.captured_s, rows.session, delay_s)
        for values in (rows.steering, rows.throttle)
    )
    return Lesson(name, rows, lens, steering, throttle, split.train, split.held_out, split.kind)
