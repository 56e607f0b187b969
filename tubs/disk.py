"""What a session writer asks of a disk; the seam at which a test puts one that fails."""

import os
from pathlib import Path
from typing import NamedTuple, Protocol

_sync_data = getattr(os, "fdatasync", os.fsync)
"""macOS has only the latter."""


class Room(NamedTuple):
    """How large a file system is, and what of it may still be written, in bytes."""

    total_bytes: int
    free_bytes: int


class Disk(Protocol):
    """File operations; each raises OSError when the disk refuses, and may take long."""

    def make(self, path: Path) -> int:
        """Make a file that must not exist, and give its descriptor."""
        ...

    def write(self, descriptor: int, data: bytes) -> None:
        """Append all of the data; the operating system has it then."""
        ...

    def sync(self, descriptor: int) -> None:
        """Wait until the disk has what was written."""
        ...

    def sync_folder(self, folder: Path) -> None:
        """Wait until the disk has the names in a folder."""
        ...

    def is_deleted(self, descriptor: int) -> bool:
        """Whether the file has no name any more: what is written is lost at its close."""
        ...

    def cut(self, descriptor: int, size: int) -> None:
        """Cut the file back."""
        ...

    def close(self, descriptor: int) -> None:
        """Let go of the file."""
        ...

    def room(self, folder: Path) -> Room:
        """See how much more the disk under a folder takes."""
        ...


class LocalDisk:
    """The disks of this machine."""

    def make(self, path: Path) -> int:
        """Make a file that must not exist."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)

    def write(self, descriptor: int, data: bytes) -> None:
        """Append; one call of the system, unless the disk is about to be full."""
        written = os.write(descriptor, data)
        while written < len(data):
            written += os.write(descriptor, data[written:])

    def sync(self, descriptor: int) -> None:
        """Sync the data and the size, not the time stamps."""
        _sync_data(descriptor)

    def sync_folder(self, folder: Path) -> None:
        """Sync a folder."""
        descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def is_deleted(self, descriptor: int) -> bool:
        """Look at the number of names."""
        return os.fstat(descriptor).st_nlink == 0

    def cut(self, descriptor: int, size: int) -> None:
        """Cut the file back."""
        os.ftruncate(descriptor, size)

    def close(self, descriptor: int) -> None:
        """Close the descriptor."""
        os.close(descriptor)

    def room(self, folder: Path) -> Room:
        """Ask the file system; what is kept for root does not count as free."""
        status = os.statvfs(folder)
        return Room(status.f_blocks * status.f_frsize, status.f_bavail * status.f_frsize)


def existing_part(folder: Path) -> Path:
    """Give a folder, or the nearest one above it that is there already."""
    folder = folder.absolute()
    return next(part for part in (folder, *folder.parents) if part.is_dir())
