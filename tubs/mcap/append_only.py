"""An append-only file: whole writes, synced at an interval, cut back when one fails."""

import math
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from tubs.disk import Disk, LocalDisk
from tubs.errors import OutputError

LOOK_EVERY_S = 0.2
"""Between two looks whether somebody deleted the file."""


class AppendOnlyFile:
    """A file that only grows. When a write fails it is cut back to what was whole, and closed.

    Attributes:
        path: of the file.
        size: bytes that the operating system has.
        synced_size: bytes that the disk has, whatever happens.
    """

    def __init__(
        self,
        path: Path,
        sync_interval_s: float = 1.0,
        disk: Disk | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Store what to write.

        Args:
            path: the file to make; it must not exist.
            sync_interval_s: between two syncs; math.inf leaves it to the operating system.
            disk: does it; this machine's when None.
            clock: monotonic seconds.
        """
        self.path = path
        self.size = self.synced_size = 0
        self._sync_interval_s = sync_interval_s
        self._disk, self._clock = disk or LocalDisk(), clock
        self._synced_s = self._looked_s = self._due_s = 0.0
        self._descriptor = -1

    @property
    def is_open(self) -> bool:
        """Whether it takes more."""
        return self._descriptor >= 0

    def make(self, head: bytes) -> None:
        """Make the file with its first bytes, so that it is there after a failure of the power.

        Raises:
            OutputError: it exists, or cannot be written.
        """
        try:
            self._descriptor = self._disk.make(self.path)
        except OSError as error:
            raise OutputError(f"cannot make {self.path}: {error.strerror or error}") from error
        self._synced_s = self._looked_s = self._clock()
        self.write(head)
        if self._sync_interval_s < math.inf:
            self.sync()
            self._do(lambda: self._disk.sync_folder(self.path.parent))

    def write(self, data: bytes) -> None:
        """Append all of it or nothing; when this returns the operating system has it.

        Raises:
            OutputError: the file is closed, was deleted, or the disk refuses; what was there
                before is safe.
        """
        if self._descriptor < 0:
            raise OutputError(f"{self.path} is closed: nothing more can be recorded in it")
        try:
            self._disk.write(self._descriptor, data)
        except OSError as error:
            self._give_up(error)
        self.size += len(data)
        if self._clock() >= self._due_s:
            self.see_to_it()

    def see_to_it(self) -> None:
        """Sync when it is due, and see now and then whether the file is there; while it is open.

        Raises:
            OutputError: the disk refuses, or somebody deleted the file.
        """
        if not self.is_open:
            return
        now_s = self._clock()
        if now_s - self._looked_s >= LOOK_EVERY_S:
            self._looked_s = now_s
            self._check_is_there()
        if now_s - self._synced_s >= self._sync_interval_s:
            self.sync()
        self._due_s = min(self._looked_s + LOOK_EVERY_S, self._synced_s + self._sync_interval_s)

    def sync(self) -> None:
        """Wait until the disk has everything.

        Raises:
            OutputError: the disk refuses.
        """
        if self.synced_size < self.size:
            self._do(lambda: self._disk.sync(self._descriptor))
            self.synced_size = self.size
        self._synced_s = self._clock()

    def close(self) -> None:
        """Sync and close; nothing when it is closed already.

        Raises:
            OutputError: the disk refuses, or somebody deleted the file.
        """
        if not self.is_open:
            return
        self._check_is_there()
        self.sync()
        self._do(lambda: self._disk.close(self._descriptor))
        self._descriptor = -1

    def discard(self) -> None:
        """Close and remove it, where that is still possible."""
        descriptor, self._descriptor = self._descriptor, -1
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
        with suppress(OSError):
            self._disk.close(descriptor)

    def _check_is_there(self) -> None:
        deleted = False
        try:
            deleted = self._disk.is_deleted(self._descriptor)
        except OSError as error:
            self._give_up(error)
        if deleted:
            self._give_up(OSError(0, "it was deleted"))

    def _do(self, operation: Callable[[], None]) -> None:
        try:
            operation()
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> NoReturn:
        descriptor, self._descriptor = self._descriptor, -1
        reason = error.strerror or str(error)
        try:
            self._disk.cut(descriptor, self.size)
        except OSError as also:
            reason += f"; its last record may be torn: {also.strerror or also}"
        with suppress(OSError):
            self._disk.close(descriptor)
        raise OutputError(f"cannot write {self.path}: {reason}") from error
