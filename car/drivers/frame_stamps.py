"""Time stamps of a camera's frames: which frame is new, and how many were lost before it."""

from car.errors import CameraError

MOST_REPEATED = 3
"""So many frames in a row may be no newer than the one before."""


class FrameStamps:
    """Numbers frames by their time stamps.

    Attributes:
        repeated: counts frames that were no newer than the one before them.
    """

    def __init__(self) -> None:
        self._last_s: float | None = None
        self._number = 0
        self._in_a_row = 0
        self.repeated = 0

    def number(self, stamp_s: float, period_s: float) -> int | None:
        """Give the number of a frame; None when it is not newer than the one before.

        Args:
            stamp_s: when it was taken, on any steady clock.
            period_s: time from one frame to the next; infinite when lost frames do not count.

        Raises:
            CameraError: the time stamps have stopped or run backwards.
        """
        if self._last_s is None:
            self._last_s = stamp_s
            return self._number
        passed_s = stamp_s - self._last_s
        if passed_s <= 0.0:
            self._repeat()
            return None
        self._in_a_row = 0
        self._last_s = stamp_s
        self._number += max(1, round(passed_s / period_s))
        return self._number

    def _repeat(self) -> None:
        self.repeated += 1
        self._in_a_row += 1
        if self._in_a_row >= MOST_REPEATED:
            raise CameraError(
                f"the camera's time stamps stand or run backwards: {self._in_a_row} frames in a "
                "row are no newer than the one before; restart the computer"
            )
