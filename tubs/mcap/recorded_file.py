"""A file read at any place, by any thread, with a bounded number of descriptors in the process."""

import os
import threading
import weakref
from collections import deque
from pathlib import Path

from tubs.errors import TubError
from tubs.ordinary_file import open_ordinary

MOST_OPEN = 64
"""Descriptors that all sessions of a process share; 1,024 is a usual limit for everything."""
_OPEN: "deque[weakref.ref[RecordedFile]]" = deque()
_LOCK = threading.Lock()


class UnreadableFileError(TubError):
    """A session cannot be read as things are: no permission, or a package is missing."""


class _Descriptor:
    """An open file; closed when nobody holds it any more, so never under a thread that reads."""

    def __init__(self, path: Path) -> None:
        self.number = -1
        self.number = open_ordinary(path)
        status = os.fstat(self.number)
        self.identity = (status.st_dev, status.st_ino)

    def __del__(self) -> None:
        if self.number >= 0:
            os.close(self.number)


class RecordedFile:
    """Opens its file when something is read, and again when it had to be closed for others."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: _Descriptor | None = None
        self._identity: tuple[int, int] | None = None

    def size(self) -> int:
        """How many bytes it has now.

        Raises:
            UnreadableFileError: it cannot be read.
        """
        try:
            return os.fstat(self._held().number).st_size
        except OSError as error:
            raise self._unreadable(error) from error

    def read(self, offset: int, length: int) -> bytes:
        """Read bytes; fewer when the file ends before.

        Raises:
            UnreadableFileError: it cannot be read.
        """
        try:
            return os.pread(self._held().number, length, offset)
        except OSError as error:
            raise self._unreadable(error) from error

    def _held(self) -> _Descriptor:
        return self._descriptor or self._open()

    def _open(self) -> _Descriptor:
        descriptor = _Descriptor(self.path)
        if self._identity not in (None, descriptor.identity):
            raise UnreadableFileError(
                f"{self.path} was replaced while it was being read: open the tub anew"
            )
        self._identity = descriptor.identity
        with _LOCK:
            self._descriptor = descriptor
            _OPEN.append(weakref.ref(self))
            longest_open = _OPEN.popleft()() if len(_OPEN) > MOST_OPEN else None
        if longest_open is not None and longest_open is not self:
            longest_open.close()
        return descriptor

    def close(self) -> None:
        """Give the descriptor back; reading opens the file again."""
        self._descriptor = None

    def _unreadable(self, error: OSError) -> UnreadableFileError:
        return UnreadableFileError(f"cannot read {self.path}: {error.strerror}")
