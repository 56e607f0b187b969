"""What rules ask about the records of one tub, gathered when it is first asked for."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tubs.cleaning.picture_facts import PictureFacts, Progress, picture_facts
from tubs.health.check import check_tub
from tubs.reader import Tub

STOP = "stop"
"""A kind of event that is seen in the records: the mode becomes stopped."""
PICTURE_NUMBERS = ("brightness", "contrast")


class TubFacts:
    """The records of one tub as arrays.

    Args:
        tub: the recording.
        progress: told how far it is when every picture must be read.
    """

    def __init__(self, tub: Tub, progress: Progress = lambda done, total: None) -> None:
        self.tub = tub
        self._progress = progress

    def __len__(self) -> int:
        return len(self.tub)

    @cached_property
    def controls(self) -> NDArray[np.void]:
        """All but the pictures, (n,) of type CONTROLS; nan and "" where it is unknown."""
        return self.tub.controls()

    @cached_property
    def pictures(self) -> PictureFacts:
        """What the pictures look like."""
        return picture_facts(self.tub, self._progress)

    @cached_property
    def damaged(self) -> NDArray[np.bool_]:
        """Which records `everlap tub check` names, bool (n,)."""
        named = check_tub(self.tub.folder, self._progress).damaged
        numbers = np.array([fault.record for fault in named], int)
        damaged = np.zeros(len(self), bool)
        damaged[numbers[numbers < len(self)]] = True
        return damaged

    def number(self, name: str) -> NDArray[np.float64]:
        """One number a record, float64 (n,), nan where unknown.

        Args:
            name: one of tubs.reader.NUMBERS, frame_age_s, session, brightness or contrast.
        """
        if name in PICTURE_NUMBERS:
            values: NDArray[np.float64] = getattr(self.pictures, name).astype(np.float64)
            return values
        if name == "frame_age_s":
            return self.controls["applied_s"] - self.controls["captured_s"]
        return self.controls[name].astype(np.float64)

    def happenings(self) -> list[tuple[str, int, float]]:
        """Kind, session and time in seconds of every event, and of every stop."""
        events = [(each.event.kind, each.session, each.event.at_s) for each in self.tub.events()]
        return [*events, *self._stops()]

    def _stops(self) -> list[tuple[str, int, float]]:
        rows = self.controls
        stopped = rows["mode"] == "stopped"
        begins = stopped[1:] & ~stopped[:-1] & (np.diff(rows["session"]) == 0)
        return [
            (STOP, int(rows["session"][number]), float(rows["captured_s"][number]))
            for number in np.flatnonzero(begins) + 1
        ]
