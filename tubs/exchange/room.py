"""Whether a disk has room for a result, asked before the work begins."""

from pathlib import Path

from tubs.disk import LocalDisk, existing_part
from tubs.errors import OutputError

BLOCK = 4096
"""A file takes whole blocks of the disk."""
_SPARE = 1.02


def on_disk(size_bytes: int) -> int:
    """What a file of that size takes."""
    return -(-size_bytes // BLOCK) * BLOCK


def check_room(destination: Path, needed_bytes: int) -> None:
    """Make sure that a result will fit.

    Raises:
        OutputError: it will not; the message says how much is free and how much is needed.
    """
    folder = existing_part(destination.parent)
    try:
        room = LocalDisk().room(folder)
    except OSError as error:
        raise OutputError(f"cannot write {destination}: {error.strerror}") from error
    if room.total_bytes and room.free_bytes < needed_bytes * _SPARE:
        raise OutputError(
            f"no room for {destination}: it takes about {needed_bytes / 1e6:.1f} MB and "
            f"{room.free_bytes / 1e6:.1f} MB are free: make room, or name a folder on another disk"
        )
