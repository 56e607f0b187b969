"""The folder that decoded sessions are kept in: where it is, who writes, how large it may be."""

import fcntl
import logging
import os
import re
import shutil
from contextlib import suppress
from pathlib import Path

from tubs.errors import EverlapError, OutputError
from tubs.training.cached_session import ABOUT

LIMIT_GB = 100.0
"""How large the cache may grow unless EVERLAP_CACHE_GB says otherwise."""
_LEFT_FREE_BYTES = 2_000_000_000
"""Never fill a disk further than this."""
_DRAFT = re.compile(r"\.[0-9a-f]{24}(-rows)?\.[0-9a-f]{8}")
_LOG = logging.getLogger(__name__)


def user_cache() -> Path:
    """Where decoded tubs are kept unless told otherwise."""
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "everlap" / "tubs"


def limit_bytes() -> int:
    """How large the cache may grow.

    Raises:
        EverlapError: EVERLAP_CACHE_GB is no number.
    """
    text = os.environ.get("EVERLAP_CACHE_GB", str(LIMIT_GB))
    try:
        limit_gb = float(text)
    except ValueError:
        limit_gb = -1.0
    if not 0.0 <= limit_gb < 1e9:
        raise EverlapError(
            f"EVERLAP_CACHE_GB={text} is not a number of gigabytes, 0 to 1e9: the default is "
            f"{LIMIT_GB:g}"
        )
    return int(limit_gb * 1e9)


class CacheFolder:
    """Folders of decoded sessions, least recently used ones removed when there are too many.

    Attributes:
        folder: where they are.
        notes: where the content of session files is noted.
        limit_bytes: how large all of them may be together.
    """

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self.folder = folder
        self.notes = folder / "content"
        self.limit_bytes = limit_bytes

    def lock(self) -> int:
        """Wait until nobody else writes here; give a descriptor to be closed afterwards.

        Raises:
            OutputError: the folder cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise OutputError(f"cannot write {self.folder}: {error.strerror}") from error
        try:
            _wait_for(descriptor, self.folder)
        except OSError as error:
            os.close(descriptor)
            raise OutputError(f"cannot lock {self.folder}: {error.strerror}") from error
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def room_bytes(self, wanted: set[Path]) -> int:
        """How much more can be written here if all but the wanted folders go. Call it locked."""
        entries = self._entries()
        removable = sum(bytes_on_disk(each) for each in entries if each not in wanted)
        staying = sum(bytes_on_disk(each) for each in entries if each in wanted)
        free = shutil.disk_usage(self.folder).free - _LEFT_FREE_BYTES
        return max(0, min(self.limit_bytes - staying, free + removable))

    def make_room(self, needed_bytes: int, wanted: set[Path]) -> None:
        """Remove folders, least recently used first, until so much can be written. Call it locked.

        Raises:
            OutputError: one cannot be removed.
        """
        self._sweep()
        held = sum(bytes_on_disk(each) for each in self._entries())
        free = shutil.disk_usage(self.folder).free - _LEFT_FREE_BYTES
        over = needed_bytes + max(held - self.limit_bytes, -free)
        for each in sorted(self._entries(), key=_used_ns):
            if over <= 0:
                break
            if each not in wanted:
                _LOG.info("removing %s from the cache: others need the room", each)
                over -= bytes_on_disk(each)
                remove(each)

    def _entries(self) -> list[Path]:
        """Folders that this program made."""
        return [path.parent for path in self.folder.glob(f"*/{ABOUT}")]

    def _sweep(self) -> None:
        """Remove what a killed process has left."""
        for path in self.folder.iterdir():
            if _DRAFT.fullmatch(path.name):
                shutil.rmtree(path, ignore_errors=True)


def remove(folder: Path) -> None:
    """Remove a folder of the cache so that nobody takes the rest of it for whole.

    Raises:
        OutputError: it cannot be removed.
    """
    try:
        (folder / ABOUT).unlink(missing_ok=True)
        shutil.rmtree(folder)
    except OSError as error:
        raise OutputError(f"cannot remove {folder}: {error.strerror}") from error


def _wait_for(descriptor: int, folder: Path) -> None:
    with suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return
    _LOG.warning("waiting for %s, which is being written", folder)
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def _used_ns(folder: Path) -> int:
    try:
        return (folder / ABOUT).stat().st_mtime_ns
    except OSError:
        return 0


def bytes_on_disk(folder: Path) -> int:
    """What a folder of the cache takes now; pictures that were not written take nothing."""
    found = 0
    with suppress(OSError):
        for path in folder.iterdir():
            found += path.stat().st_blocks * 512
    return found
