"""Finds or makes the decoded form of sessions: from the cache, in the cache, or without it."""

import hashlib
import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tubs.errors import OutputError
from tubs.in_threads import in_threads
from tubs.mcap.session import Session
from tubs.training.cache_folder import CacheFolder, bytes_on_disk, remove
from tubs.training.cached_session import (
    VERSION,
    About,
    CachedSession,
    make_cached,
    open_cached,
)
from tubs.training.content import Content, content_of
from tubs.training.decoding import Progress, decode_all
from tubs.training.examine import Size, usual_size
from tubs.training.pictures import SessionPictures
from tubs.training.settler import Settler
from tubs.training.uncached import UncachedSession

_LOG = logging.getLogger(__name__)
_EACH_TIME = (
    "pictures are decoded anew each time they are needed, which is slower; "
    "--cache or XDG_CACHE_HOME name another folder"
)


class Prepared(Protocol):
    """A session whose records have all been looked at.

    Attributes:
        rows: ROW (n,).
    """

    rows: NDArray[np.void]

    @property
    def size(self) -> Size:
        """Height and width of the images in pixels."""
        ...

    def images(self) -> SessionPictures:
        """Camera images."""
        ...

    def class_maps(self) -> SessionPictures:
        """Class maps."""
        ...


def prepare(
    paths: Sequence[Path], cache: CacheFolder, class_map_size: Size, progress: Progress
) -> list[Prepared]:
    """Have every record of some session files looked at; in the order of the files.

    Raises:
        TubError: a file cannot be read, is foreign, or changes meanwhile.
        OutputError: the disk of the cache is full or fails.
    """
    contents = list(in_threads(partial(content_of, notes=cache.notes), paths))
    shelf = _Shelf(contents, cache, class_map_size)
    found = shelf.find() or shelf.fill(progress)
    for content in contents:
        content.check_unchanged()
    return [found[content.sha256] for content in contents]


class _Shelf:
    """Where some contents are, or will be, in the cache; each once, however many copies."""

    def __init__(
        self, contents: Sequence[Content], cache: CacheFolder, class_map_size: Size
    ) -> None:
        self._paths = {content.sha256: content.path for content in contents}
        self._cache = cache
        self._class_map_size = class_map_size

    def find(self) -> dict[str, Prepared] | None:
        """Everything, when it is there and whole; the cache may be one that is only read."""
        found: dict[str, Prepared] = {}
        for sha256, path in self._paths.items():
            session = open_cached(self._folder(sha256), path)
            if session is None or not session.is_whole:
                return None
            with suppress(OSError):
                session.used_now()
            found[sha256] = session
        return found

    def fill(self, progress: Progress) -> dict[str, Prepared]:
        """Look at what nobody has looked at, and keep what there is room for."""
        try:
            lock = self._cache.lock()
        except OutputError as error:
            _LOG.warning("%s: %s", error, _EACH_TIME)
            return self._without_cache(progress)
        with Settler(partial(os.close, lock)) as settler:
            sessions = self._made()
            if sessions is not None:
                self._decode(list(sessions.values()), settler, progress)
                return dict(sessions)
        return self._without_cache(progress)

    def _made(self) -> dict[str, CachedSession] | None:
        """A folder for each content, filled or not; None when there is no room for any."""
        for with_pictures in (True, False):
            plans = {key: self._plan(key, path, with_pictures) for key, path in self._paths.items()}
            wanted = {plan.folder for plan in plans.values()}
            missing_bytes = sum(plan.missing_bytes for plan in plans.values())
            room_bytes = self._cache.room_bytes(wanted)
            if missing_bytes <= room_bytes:
                self._cache.make_room(missing_bytes, wanted)
                return {key: plan.made() for key, plan in plans.items()}
            _LOG.warning(
                "%s has room for %.3g GB and %.3g GB are needed (limit %g GB, see "
                "EVERLAP_CACHE_GB): %s",
                self._cache.folder,
                room_bytes / 1e9,
                missing_bytes / 1e9,
                self._cache.limit_bytes / 1e9,
                _EACH_TIME,
            )
        return None

    def _plan(self, sha256: str, path: Path, with_pictures: bool) -> "_Plan":
        folder = self._folder(sha256, with_pictures)
        opened = open_cached(folder, path)
        if opened is not None:
            return _Plan(folder, path, opened.about, opened)
        session = Session(path)
        size = usual_size(session)
        about = About(VERSION, path.stem, len(session), size, self._class_map_size, with_pictures)
        return _Plan(folder, path, about, None)

    def _decode(self, sessions: list[CachedSession], settler: Settler, progress: Progress) -> None:
        try:
            decode_all(sessions, progress, settler.settle)
        except OSError as error:
            raise OutputError(
                f"cannot write {self._cache.folder}: {error.strerror}. What was decoded is kept. "
                "Make room there, or name another folder with --cache or XDG_CACHE_HOME"
            ) from error

    def _without_cache(self, progress: Progress) -> dict[str, Prepared]:
        found = {
            sha256: UncachedSession(Session(path), self._class_map_size)
            for sha256, path in self._paths.items()
        }
        decode_all(list(found.values()), progress, lambda session, first, rows: None)
        return dict(found)

    def _folder(self, sha256: str, with_pictures: bool = True) -> Path:
        key = f"{VERSION} {self._class_map_size} {sha256}"
        name = hashlib.sha256(key.encode()).hexdigest()[:24]
        return self._cache.folder / (name if with_pictures else f"{name}-rows")


@dataclass(frozen=True, slots=True)
class _Plan:
    """A folder of the cache that is wanted, and what is there of it."""

    folder: Path
    path: Path
    about: About
    opened: CachedSession | None

    @property
    def missing_bytes(self) -> int:
        if self.opened is None:
            return self.about.size_bytes
        if self.opened.is_whole:
            return 0
        return max(0, self.about.size_bytes - bytes_on_disk(self.folder))

    def made(self) -> CachedSession:
        if self.opened is not None:
            return self.opened
        if self.folder.exists():
            remove(self.folder)
        return make_cached(self.folder, Session(self.path), self.about)
