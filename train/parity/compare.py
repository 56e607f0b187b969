"""Two pilots in the same episodes: laps, events and cross-track error of each, and their ratio."""

import math
from collections.abc import Sequence

import msgspec

from car.episode import EpisodeResult
from train.driving import intervals
from train.driving.episodes import Driven
from train.driving.evaluation import differences
from train.driving.intervals import Interval
from train.driving.totals import Total, by_track, field, means, summarise

ALLOWED = 0.02
"""By how much the cross-track errors may differ, as a share."""


class Parity(msgspec.Struct, frozen=True):
    """The int8 pilot beside its float network; intervals are over tracks.

    Attributes:
        int8: total of its episodes.
        floating: total of the float network's.
        cross_track_rmse_ratio: int8 / float, of the sums over tracks.
        difference: int8 - float, by metric.
        same_laps: whether both did the same number of laps in every episode.
    """

    int8: Total
    floating: Total
    cross_track_rmse_ratio: Interval
    difference: dict[str, Interval]
    same_laps: bool

    @property
    def faults(self) -> list[str]:
        """What is not as it should be, in words."""
        found = []
        if not self.same_laps:
            found.append(
                f"int8 did {self.int8.laps_done} laps, float {self.floating.laps_done}, of "
                f"{self.int8.laps_asked}, or not on the same roads"
            )
        ratio = self.cross_track_rmse_ratio.value
        if not abs(ratio - 1.0) <= ALLOWED:
            found.append(
                f"the cross-track error of int8 is {ratio:.3f} times that of float, which is "
                f"beyond {ALLOWED:.0%}"
            )
        return found


def compare(int8: Sequence[Driven], floating: Sequence[Driven]) -> Parity:
    """Compare episodes that were driven in the same worlds, in the same order."""
    ours, theirs = ([each.result for each in driven] for driven in (int8, floating))
    return Parity(
        summarise(ours),
        summarise(theirs),
        _ratio(ours, theirs),
        differences(floating, int8),
        [each.laps_done for each in ours] == [each.laps_done for each in theirs],
    )


def _ratio(ours: Sequence[EpisodeResult], theirs: Sequence[EpisodeResult]) -> Interval:
    error = field("cross_track_rmse_m")
    pairs = zip(*(means(by_track(each), error) for each in (ours, theirs)), strict=True)
    ratio = intervals.ratio(list(pairs))
    alone = len(by_track(ours)) < 2
    return Interval(ratio.value, math.nan, math.nan) if alone else ratio
