"""A file of lines that several processes append to, each line whole or not at all."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class LockedLines:
    """The file while this process alone may write to it.

    Args:
        descriptor: open for reading and appending, and locked.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @property
    def size(self) -> int:
        """Bytes in the file now."""
        return os.fstat(self._descriptor).st_size

    def text(self) -> bytes:
        """Everything in the file now.

        Raises:
            OSError: it cannot be read.
        """
        return _read_all(self._descriptor, self.size)

    def append(self, line: bytes) -> None:
        """Append a line and see it onto the disk; what a cut has torn is ended first.

        Raises:
            OSError: it cannot be written; the file is as it was.
        """
        size = self.size
        torn = size and os.pread(self._descriptor, 1, size - 1) != b"\n"
        left = b"\n" + line if torn else line
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
            os.fsync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, size)
            raise


def _read_all(descriptor: int, size: int) -> bytes:
    parts = []
    position = 0
    while position < size and (part := os.pread(descriptor, size - position, position)):
        parts.append(part)
        position += len(part)
    return b"".join(parts)


@contextmanager
def locked_lines(path: Path) -> Iterator[LockedLines]:
    """Open a file of lines for this process alone, waiting for others; none stays behind empty.

    Raises:
        OSError: it cannot be opened, made or locked.
    """
    descriptor = _open_locked(path)
    try:
        lines = LockedLines(descriptor)
        try:
            yield lines
        finally:
            if not lines.size:
                path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _open_locked(path: Path) -> int:
    """Open and lock; whoever held the lock before may have removed the file meanwhile."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink:
                kept, descriptor = descriptor, -1
                return kept
        finally:
            if descriptor >= 0:
                os.close(descriptor)
