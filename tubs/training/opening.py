"""Opens tubs for learning: chooses the records that are worth it and puts their arrays together."""

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tubs.about import read_about
from tubs.cleaning.marks import Marks
from tubs.control import MODES
from tubs.errors import TubError
from tubs.training.cache_folder import CacheFolder, limit_bytes, user_cache
from tubs.training.decoding import Progress
from tubs.training.examine import NO_SIZE, Size
from tubs.training.pictures import Pictures, RecordedClassMaps, SessionPictures
from tubs.training.prepared import Prepared, prepare
from tubs.training.rows import GOOD, MODE_NAMES
from tubs.training.view import LeftOut, Timeline, TrainingView
from tubs.tub_folder import check_is_tub

CLASS_MAP_SIZE = (60, 80)
"""Rows and columns of a reduced class map."""
_HUMAN = MODES.index("human")
_STOPPED = MODES.index("stopped")
_LOG = logging.getLogger(__name__)


def open_training_view(
    tubs: Iterable[Path],
    cache: Path | None = None,
    class_map_size: Size = CLASS_MAP_SIZE,
    progress: Progress = lambda done, total: None,
) -> TrainingView:
    """Open some tubs for learning; decode what was not decoded before.

    What is left out of a tub is said in a line of the log.

    Args:
        tubs: folders, in the order in which their records shall stand.
        cache: folder to keep decoded pictures in; the user's cache folder when None.
        class_map_size: rows and columns of the reduced class maps.
        progress: told how far the decoding is.

    Raises:
        TubError: a tub is missing, foreign or empty, none of its records is worth learning, or
            the image sizes differ.
        OutputError: the disk of the cache is full or fails.
    """
    folders = list(tubs)
    if not folders:
        raise TubError("no tub was named: name at least one")
    paths = [_session_files(folder) for folder in folders]
    store = CacheFolder(cache or user_cache(), limit_bytes())
    found = prepare([path for part in paths for path in part], store, class_map_size, progress)
    opened = _Opened(folders, paths, found)
    view = opened.view(class_map_size)
    for left_out in view.left_out:
        if left_out.records:
            _LOG.warning("%s", left_out)
    return view


def _session_files(folder: Path) -> list[Path]:
    check_is_tub(folder)
    read_about(folder)
    return sorted(folder.glob("*.mcap"))


class _Opened:
    """All sessions of all tubs, looked at, as columns of all records."""

    def __init__(
        self, folders: list[Path], paths: list[list[Path]], sessions: Sequence[Prepared]
    ) -> None:
        self._folders = folders
        self._sessions = sessions
        self._paths = [path for part in paths for path in part]
        self._tub_of = np.repeat(np.arange(len(paths), dtype=np.int32), [len(p) for p in paths])
        lengths = [len(session.rows) for session in sessions]
        self._session = np.repeat(np.arange(len(sessions), dtype=np.int32), lengths)
        self._tub = self._tub_of[self._session]
        self._check_not_empty()
        self._mode = self._column("mode")
        self._good = self._column("state") == GOOD
        self._deleted = self._marked() & self._good
        self._stopped = (self._mode == _STOPPED) & self._good & ~self._deleted

    def _column(self, name: str) -> NDArray[np.generic]:
        return np.concatenate([session.rows[name] for session in self._sessions])

    def _check_not_empty(self) -> None:
        counts = np.bincount(self._tub, minlength=len(self._folders))
        for folder, count in zip(self._folders, counts, strict=True):
            if not count:
                raise TubError(f"{folder} is an empty tub: no record is in it")

    def _marked(self) -> NDArray[np.bool_]:
        """What a person has deleted, as the marks say now, bool (n,)."""
        marks = [Marks(folder) for folder in self._folders]
        each = zip(self._paths, self._tub_of, self._sessions, strict=True)
        return np.concatenate(
            [marks[tub].deleted(path.stem, session.rows["time_ns"]) for path, tub, session in each]
        )

    def view(self, class_map_size: Size) -> TrainingView:
        """The records worth learning.

        Raises:
            TubError: a tub has none, or the image sizes differ.
        """
        place = np.flatnonzero(self._good & ~self._deleted & ~self._stopped)
        left_out = tuple(self._left_out(number) for number in range(len(self._folders)))
        self._check_some_left(place, left_out)
        timeline = self._timeline()
        known = self._column("has_class_map")[place].astype(bool)
        return TrainingView(
            images=self._pictures(
                [session.images() for session in self._sessions], place, (*self._size(), 3)
            ),
            class_maps=self._class_maps(place, class_map_size) if known.any() else None,
            has_class_map=known,
            steering=timeline.steering[place],
            throttle=timeline.throttle[place],
            speed_m_s=self._column("speed_m_s")[place].astype(np.float32),
            imu=self._column("imu")[place].astype(np.float32),
            captured_s=timeline.captured_s[place],
            session=self._session[place],
            tub=self._tub[place],
            mode=MODE_NAMES[self._mode[place].astype(np.intp)],
            timeline=timeline,
            place=place,
            left_out=left_out,
        )

    def _left_out(self, tub: int) -> LeftOut:
        here = self._tub == tub
        counts = [int((kind & here).sum()) for kind in (~self._good, self._deleted, self._stopped)]
        return LeftOut(self._folders[tub], *counts)

    def _check_some_left(self, place: NDArray[np.intp], left_out: tuple[LeftOut, ...]) -> None:
        counts = np.bincount(self._tub[place], minlength=len(self._folders))
        for count, said in zip(counts, left_out, strict=True):
            if not count:
                raise TubError(f"no record is left to learn from: {said}")

    def _timeline(self) -> Timeline:
        captured_s = self._column("captured_s").astype(np.float64)
        stamped_s = self._column("time_ns").astype(np.float64) * 1e-9
        return Timeline(
            session=self._session,
            tub=self._tub,
            captured_s=np.where(self._good, captured_s, stamped_s),
            steering=self._to_learn("steering"),
            throttle=self._to_learn("throttle"),
        )

    def _to_learn(self, name: str) -> NDArray[np.float32]:
        """A human's wish is a better teacher than what limits and disturbances made of it."""
        wished = self._column(f"human_{name}").astype(np.float64)
        by_hand = (self._mode == _HUMAN) & np.isfinite(wished)
        applied = self._column(name).astype(np.float64)
        return np.where(by_hand, wished, applied).astype(np.float32)

    def _size(self) -> Size:
        """The size of all images, in pixels."""
        first = next(n for n, each in enumerate(self._sessions) if each.size != NO_SIZE)
        size = self._sessions[first].size
        for number, session in enumerate(self._sessions):
            if session.size not in (size, NO_SIZE):
                raise TubError(
                    f"the images of {self._name(number, first)} are {_text(session.size)}, those "
                    f"of {self._name(first, number)} {_text(size)}: train on tubs of one size"
                )
        return size

    def _name(self, session: int, other: int) -> Path:
        """The tub of a session, or its file where both are in one tub."""
        if self._tub_of[session] == self._tub_of[other]:
            return self._paths[session]
        return self._folders[self._tub_of[session]]

    def _class_maps(self, place: NDArray[np.intp], size: Size) -> Pictures:
        """Reduced ones, and behind them the exact ones."""
        whole = self._size()
        recorded = [RecordedClassMaps(path, whole) for path in self._paths]
        exact = self._pictures(recorded, place, whole)
        return self._pictures([each.class_maps() for each in self._sessions], place, size, exact)

    def _pictures(
        self,
        pieces: Sequence[SessionPictures],
        place: NDArray[np.intp],
        shape: tuple[int, ...],
        exact: Pictures | None = None,
    ) -> Pictures:
        lengths = [len(session.rows) for session in self._sessions]
        number = np.concatenate([np.arange(length, dtype=np.int32) for length in lengths])
        return Pictures(pieces, self._session[place], number[place], shape, exact)


def _text(size: Size) -> str:
    height, width = size
    return f"{width}x{height}"
