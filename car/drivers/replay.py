"""A camera that shows a recording again, at its own pace."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from car.errors import DeviceError
from car.frame import Frame
from tubs.errors import TubError
from tubs.reader import Tub
from tubs.record import Record

_LOG = logging.getLogger(__name__)
LONGEST_GAP_S = 1.0
"""A longer pause in a recording is not waited for."""
USUAL_INTERVAL_S = 0.05
SHORTEST_SHARE = 0.5
"""Of the usual interval; less is jitter of time stamps taken when the record was written."""


class ReplayCamera:
    """Frames of a tub at the intervals at which they were recorded, divided by the pace.

    The next frame is decoded before it is due (0.2 ms at 160x120), so that showing it takes no
    time. A frame that is fetched so late that the one after it was due already is counted, and
    all that follow are put off: no frame is left out and none is hurried.

    Attributes:
        late: how many frames were fetched after the next one was due.
        damaged: how many records of the tub could not be read and were left out.
        record: what was recorded with the frame shown last; None before the first.
    """

    def __init__(
        self,
        tub: Tub,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        pace: float = 1.0,
        longest_s: float = LONGEST_GAP_S,
    ) -> None:
        """Store what to show.

        Args:
            tub: the recording.
            clock: monotonic seconds, the drive's.
            sleep: waits that many seconds on the same clock.
            pace: 1 is as recorded, 4 four times as fast.
            longest_s: no frame is shown for longer; a guard must not think that nobody drives.

        Raises:
            DeviceError: the pace is not in (0, 100].
        """
        if not 0.0 < pace <= 100.0:
            raise DeviceError(f"a pace of {pace} is not possible: it lies in (0, 100]")
        self._tub = tub
        self._clock = clock
        self._sleep = sleep
        self._intervals_s = np.minimum(replay_intervals(tub) / pace, longest_s)
        self.late = 0
        self.damaged = 0
        self.record: Record | None = None

    def __enter__(self) -> Self:
        """Nothing to open."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Nothing to close."""

    def __len__(self) -> int:
        return len(self._tub)

    def __iter__(self) -> Iterator[Frame]:
        """Show every frame once; a damaged one is left out, and the next takes its place.

        Raises:
            DeviceError: all images are damaged.
        """
        due_s = self._clock()
        self.damaged = shown = 0
        for number, interval_s in enumerate(self._intervals_s.tolist()):
            record = self._decode(number)
            if record is None:
                continue
            due_s = self._wait_until(due_s, interval_s if shown else 0.0)
            self.record = record
            shown += 1
            yield Frame(record.image, due_s, number, record.class_map)
            due_s += interval_s
        if not shown:
            raise DeviceError(f"no image of {self._tub.folder} can be shown: all are damaged")

    def _decode(self, number: int) -> Record | None:
        try:
            return self._tub[number]
        except TubError as error:
            self.damaged += 1
            _LOG.warning("left out of the replay: %s", error)
            return None

    def _wait_until(self, due_s: float, interval_s: float) -> float:
        """Wait for a frame's time, and say when it was shown; that is later only when late."""
        now_s = self._clock()
        if 0.0 < interval_s <= now_s - due_s:
            self.late += 1
            return now_s
        while now_s < due_s:
            self._sleep(due_s - now_s)
            now_s = self._clock()
        return due_s


class RepeatedReplay:
    """A recording shown again and again, as a camera that never ends.

    Args:
        replay: shown from its beginning whenever it has ended; its clock is the drive's.
    """

    def __init__(self, replay: ReplayCamera) -> None:
        self._replay = replay

    def __enter__(self) -> Self:
        """Nothing to open."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Nothing to close."""

    def __iter__(self) -> Iterator[Frame]:
        """Show all frames for ever; numbers and times go on.

        Raises:
            DeviceError: an image is damaged, or there is none.
        """
        if not len(self._replay):
            raise DeviceError("the replay ends: the tub is empty")
        numbers = count()
        while True:
            for frame in self._replay:
                yield replace(frame, number=next(numbers))


def replay_intervals(tub: Tub) -> NDArray[np.float64]:
    """How long each frame of a tub is shown, in seconds.

    It is the time to the next one, but at least half of the tub's median; and the median where
    the next frame is of another session, too far away or not later.
    """
    controls = tub.controls()
    intervals_s = np.diff(controls["captured_s"])
    broken = (np.diff(controls["session"]) != 0) | (intervals_s <= 0.0)
    broken |= intervals_s > LONGEST_GAP_S
    usual_s = np.median(intervals_s[~broken]) if (~broken).any() else USUAL_INTERVAL_S
    intervals_s[broken] = usual_s
    return np.append(np.maximum(intervals_s, SHORTEST_SHARE * usual_s), usual_s)
