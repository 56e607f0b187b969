"""Chooses what of a drive is recorded: while somebody drives, and a moment after each stop."""

from car.modes import Mode
from tubs.record import Record

AFTER_STOP_S = 1.0
"""So that what stopped the car can be seen."""


class WhileDriving:
    """Says which records to keep, so that a car that stands does not fill its card."""

    def __init__(self, after_stop_s: float = AFTER_STOP_S) -> None:
        self._after_stop_s = after_stop_s
        self._until_s = float("-inf")

    def __call__(self, record: Record) -> bool:
        """Whether to keep a record; they come in the order of time."""
        if record.mode != Mode.STOPPED.value:
            self._until_s = record.captured_s + self._after_stop_s
        return record.captured_s <= self._until_s
