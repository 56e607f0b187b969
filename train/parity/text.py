"""A comparison of int8 and float as lines for a terminal."""

import math

from train.driving.totals import METRICS
from train.parity.compare import Parity

SHOWN = ("off_road_per_100_laps", "clean_episodes", "laps_done_share", "cross_track_rmse_m",
         "speed_share", "steering_rate_per_s")  # fmt: skip


def lines(parity: Parity) -> list[str]:
    """Both beside each other, the difference, and the ratio of the cross-track errors."""
    ours, theirs, ratio = parity.int8, parity.floating, parity.cross_track_rmse_ratio
    found = [
        f"{ours.laps_asked} laps each on {ours.tracks} tracks: int8 did {ours.laps_done} and left "
        f"the road {ours.off_road_events} times, float {theirs.laps_done} and "
        f"{theirs.off_road_events}",
        f"{'':<36}{'int8':>9}{'float':>9}   difference, 95 % interval by track",
    ]
    for name in SHOWN:
        metric, between = METRICS[name], parity.difference[name]
        values = (metric.text(getattr(total, name).value) for total in (ours, theirs))
        bounds = (
            ""
            if math.isnan(between.low)
            else (f"   {metric.text(between.low)} to {metric.text(between.high)}")
        )
        unit = f" {metric.unit}" if metric.unit else ""
        first, second = values
        found.append(
            f"{metric.name:<36}{first:>9}{second:>9}   {metric.text(between.value)}{bounds}{unit}"
        )
    bounds = "" if math.isnan(ratio.low) else f" (95 %: {ratio.low:.3f} to {ratio.high:.3f})"
    return [*found, f"cross-track error, int8 / float: {ratio.value:.3f}{bounds}"]
