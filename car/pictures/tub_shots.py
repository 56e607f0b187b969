"""Which records of a tub a film shows, one after the other, and what is left out on the way."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tubs.damage import Damage
from tubs.errors import TubError
from tubs.images import decode_jpeg
from tubs.reader import Tub
from tubs.record import Record

LONGEST_STEP_S = 1.0
"""A longer step between two pictures is a pause, and is not waited for."""
USUAL_STEP_S = 0.05
FASTEST_HZ = 60.0
"""Pictures a second that a film shows at most; of a faster one records are passed over."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One record for the film.

    Attributes:
        number: of the record in its tub.
        session: its position in the tub.
        record: what was recorded.
        deleted: whether it is marked as deleted.
        after_cut: records between this and the last shot were left out on purpose.
    """

    number: int
    session: int
    record: Record
    deleted: bool
    after_cut: bool


@dataclass
class LeftOut:
    """What did not get into the film.

    Attributes:
        damaged: records that cannot be shown.
        deleted: how many are marked as deleted.
        too_fast: how many were passed over, because the film would have shown too many a second.
    """

    damaged: list[Damage] = field(default_factory=list)
    deleted: int = 0
    too_fast: int = 0


class Shots:
    """The records of a film in order; none is kept.

    Attributes:
        left_out: filled while iterating.
        usual_step_s: median time between two records.
    """

    def __init__(
        self,
        tub: Tub,
        chosen: range,
        speed: float = 1.0,
        *,
        deleted_too: bool = False,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> None:
        """Store what to show.

        Args:
            tub: the recording.
            chosen: numbers of its records.
            speed: how many times as fast as it was recorded the film runs.
            deleted_too: show records that are marked as deleted.
            progress: told how many of how many records are done.
        """
        self.left_out = LeftOut()
        self._tub, self._chosen, self._speed = tub, chosen, speed
        self._deleted_too, self._progress = deleted_too, progress
        self._deleted: NDArray[np.bool_] = tub.deleted()
        self.usual_step_s = _usual_step_s(tub.times_ns[chosen.start : chosen.stop])

    def __iter__(self) -> Iterator[Shot]:
        """Read one record after the other.

        Raises:
            TubError: none of them can be shown.
        """
        size, last, cut = None, None, False
        for done, number in enumerate(self._chosen, start=1):
            self._progress(done, len(self._chosen))
            if self._deleted[number] and not self._deleted_too:
                self.left_out.deleted += 1
                cut = True
                continue
            if last is not None and self._comes_too_soon(last, number):
                self.left_out.too_fast += 1
                continue
            shot = self._read(number, size, cut)
            if shot is not None:
                size, last, cut = shot.record.image.shape, number, False
                yield shot
        if last is None:
            raise TubError(self._nothing())

    def _comes_too_soon(self, last: int, number: int) -> bool:
        """Whether a film this fast has no room for a record; never at the border of sessions."""
        if self._tub.locate(last)[0] != self._tub.locate(number)[0]:
            return False
        step_s = (int(self._tub.times_ns[number]) - int(self._tub.times_ns[last])) * 1e-9
        return 0.0 <= step_s / self._speed < 0.99 / FASTEST_HZ

    def _read(self, number: int, size: tuple[int, ...] | None, cut: bool) -> Shot | None:
        try:
            record = self._tub[number]
            if size is not None and record.image.shape != size:
                raise TubError(
                    f"its image is {record.image.shape[:2]}, the first one is {size[:2]} "
                    "(height, width)"
                )
        except TubError as error:
            self.left_out.damaged.append(Damage(number, str(error)))
            return None
        session, _ = self._tub.locate(number)
        return Shot(number, session, record, bool(self._deleted[number]), cut)

    def _nothing(self) -> str:
        damaged = self.left_out.damaged
        reason = f"; the first: {damaged[0].reason}" if damaged else ""
        return (
            f"{self._tub.folder}: there is nothing to show: of {len(self._chosen)} records "
            f"{self.left_out.deleted} are deleted (--all shows them) and {len(damaged)} are "
            f"damaged{reason}"
        )


def picture_size(tub: Tub, chosen: range) -> tuple[int, int]:
    """Height and width in pixels of the first chosen picture that is not damaged.

    Raises:
        TubError: all are damaged.
    """
    reason = ""
    for number in chosen:
        try:
            height, width = decode_jpeg(tub.encoded(number).jpeg).shape[:2]
        except TubError as error:
            reason = reason or str(error)
        else:
            return height, width
    raise TubError(f"{tub.folder}: no picture can be shown; the first: {reason}")


def _usual_step_s(times_ns: NDArray[np.int64]) -> float:
    steps_s = np.diff(times_ns) * 1e-9
    usual = steps_s[(steps_s > 0.0) & (steps_s <= LONGEST_STEP_S)]
    return float(np.median(usual)) if usual.size else USUAL_STEP_S
