"""A disk that does what it is told to do wrong, in front of the real one."""

import errno
import os
import threading
from pathlib import Path

from tubs.disk import LocalDisk, Room


class FaultyDisk(LocalDisk):
    """A disk that stalls, refuses or fills up when it is told to.

    Attributes:
        full_after: bytes that it takes in all; then there is no room.
        write_error: of every write, an errno; 0 when all is well.
        sync_error: the same of every sync.
        gate: while it is closed nothing is written or synced.
        free_bytes: what it says is free; the truth when None.
        calls: names of what was asked of it.
    """

    def __init__(self) -> None:
        self.full_after = 1 << 60
        self.write_error = self.sync_error = 0
        self.gate = threading.Event()
        self.gate.set()
        self.free_bytes: int | None = None
        self.calls: list[str] = []
        self._taken = 0

    def write(self, descriptor: int, data: bytes) -> None:
        self.calls.append("write")
        self.gate.wait(30.0)
        if self.write_error:
            raise OSError(self.write_error, os.strerror(self.write_error))
        room = self.full_after - self._taken
        self._taken += min(room, len(data))
        super().write(descriptor, data[:room])
        if room < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def sync(self, descriptor: int) -> None:
        self.calls.append("sync")
        self.gate.wait(30.0)
        if self.sync_error:
            raise OSError(self.sync_error, os.strerror(self.sync_error))
        super().sync(descriptor)

    def sync_folder(self, folder: Path) -> None:
        self.calls.append(f"sync {folder.name}")
        super().sync_folder(folder)

    def room(self, folder: Path) -> Room:
        room = super().room(folder)
        return room if self.free_bytes is None else Room(1 << 34, self.free_bytes)
