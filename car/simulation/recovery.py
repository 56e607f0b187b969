"""How a car comes back to the middle of the road: excursions, and how they end."""

from dataclasses import dataclass, field

FAR_SHARE, BACK_SHARE = 0.6, 0.3
"""Half widths of the road from its middle: an excursion begins, and ends."""
STAY_S = 2.0
"""The car is back once it has stayed within BACK_SHARE for so long."""


@dataclass
class Recoveries:
    """Follows one drive.

    An excursion begins beyond FAR_SHARE, or with the drive when `away` is set. It has failed when
    the car leaves the road or is put back by a hand; the next can begin once the car is back.

    Attributes:
        away: whether the car is on an excursion.
        excursions: those that ended, and failed ones.
        times_s: of those that ended well, from their begin to the moment of being back.
    """

    away: bool = False
    excursions: int = 0
    times_s: list[float] = field(default_factory=list)
    _began_s: float = 0.0
    _back_s: float | None = None
    _failed: bool = False
    _events: int = 0

    def watch(self, now_s: float, cross_track_share: float, events: int) -> None:
        """Look at the car.

        Args:
            now_s: since the start.
            cross_track_share: distance from the middle in half widths, no sign.
            events: times that it left the road or was put back so far.
        """
        if not self.away and cross_track_share > FAR_SHARE:
            self.away, self._failed, self._began_s, self._back_s = True, False, now_s, None
        if events > self._events:
            self._events = events
            self._fail()
        if not self.away:
            return
        if cross_track_share > BACK_SHARE:
            self._back_s = None
        elif self._back_s is None:
            self._back_s = now_s
        elif now_s - self._back_s >= STAY_S - 1e-9:
            self._end(self._back_s)

    def _fail(self) -> None:
        if not (self.away and self._failed):
            self.excursions += 1
        self.away = self._failed = True

    def _end(self, back_s: float) -> None:
        if not self._failed:
            self.excursions += 1
            self.times_s.append(back_s - self._began_s)
        self.away = self._failed = False
