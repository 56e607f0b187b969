"""How much more recording fits on the card, and when to end it before the card is full."""

import math
from pathlib import Path

from tubs.disk import Disk, Room, existing_part
from tubs.errors import OutputError

RESERVE_BYTES = 64 << 20
RESERVE_SHARE = 0.05
"""Of a small disk; a system whose card is full does not start any more."""
LEAST_MINUTES = 1.0
"""Must fit for a recording to begin."""
WARN_MINUTES = 5.0
BYTES_PER_PIXEL = 0.35
"""Of a JPEG of a road at the quality that tubs use, roughly."""
TRUSTED_S = 10.0
"""After so much recording its own rate is believed rather than the estimate."""


def bytes_per_s(width_px: int, height_px: int, frames_per_s: float) -> float:
    """Estimate how fast a recording grows."""
    return width_px * height_px * BYTES_PER_PIXEL * frames_per_s


class CardSpace:
    """Watches the file system that a tub is written to.

    Args:
        disk: knows how much is free.
        folder: of the tub, which need not exist yet.
        growth_bytes_per_s: expected; 0 when nothing is known, then only the reserve counts.

    Attributes:
        minutes: how many more minutes of recording fit; infinite while nothing is known.
        is_spent: whether only the reserve is left.
    """

    def __init__(self, disk: Disk, folder: Path, growth_bytes_per_s: float = 0.0) -> None:
        self._disk, self._folder = disk, folder
        self._growth_bytes_per_s = growth_bytes_per_s
        self.minutes = math.inf
        self.is_spent = False
        self.free_bytes = 0

    def check_before(self) -> None:
        """See that a recording is worth beginning.

        Raises:
            OutputError: there is no room for a minute; the message says how much there is.
        """
        try:
            self._take(self._disk.room(existing_part(self._folder)))
        except OSError as error:
            raise OutputError(f"cannot record in {self._folder}: {error.strerror}") from error
        if self.is_spent or self.minutes < LEAST_MINUTES:
            raise OutputError(
                f"no room to record in {self._folder}: {self.free_bytes / 1e6:.0f} MB are free, "
                f"{self._fits()}: copy old recordings to another computer and delete them here"
            )

    def _fits(self) -> str:
        if self.is_spent:
            return "all of which the system keeps"
        return f"enough for {60 * self.minutes:.0f} s of recording"

    def look(self, written_bytes: int, recorded_s: float) -> None:
        """Look again, knowing what the recording has taken so far; a disk that is gone tells less.

        Args:
            written_bytes: since the start.
            recorded_s: seconds of the drive that are in them.
        """
        if recorded_s >= TRUSTED_S:
            self._growth_bytes_per_s = written_bytes / recorded_s
        try:
            self._take(self._disk.room(self._folder))
        except OSError:
            return

    def _take(self, room: Room) -> None:
        if not room.total_bytes:  # a file system that does not know
            return
        reserve = min(RESERVE_BYTES, RESERVE_SHARE * room.total_bytes)
        usable = room.free_bytes - reserve
        self.free_bytes = room.free_bytes
        self.is_spent = usable <= 0
        if self._growth_bytes_per_s:
            self.minutes = max(0.0, usable / self._growth_bytes_per_s / 60)

    @property
    def warning(self) -> str | None:
        """What to tell the driver; None while there is room for a while."""
        if self.minutes >= WARN_MINUTES:
            return None
        minutes = max(1, math.ceil(self.minutes))
        return f"the card takes about {minutes} more minute{'s' * (minutes > 1)} of recording"
