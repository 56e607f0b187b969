"""Many episodes in a few figures, each with its interval; tracks, not laps, are the sample."""

import math
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import NamedTuple

import msgspec
import numpy as np

from car.episode import EpisodeResult
from train.driving import intervals
from train.driving.intervals import Interval


class Total(msgspec.Struct, frozen=True):
    """All episodes together; intervals are over tracks.

    Attributes:
        episodes: how many.
        tracks: how many different roads in different looks.
        laps_asked: in all.
        laps_done: in all.
        off_road_events: in all.
        interventions: in all.
        distance_m: in all.
        driven_s: in all.
        off_road_per_100_laps: events by laps begun, a part of a lap counting as that part.
        clean_episodes: share of tracks without any event.
        laps_done_share: of those asked for.
        autonomy: share of the time without a helping hand, 6 s for each.
        distance_between_events_m: infinite without one; the lower bound is what is known then.
        cross_track_rmse_m: from the middle of the road.
        cross_track_p95_m: 95th percentile.
        cross_track_max_m: mean over tracks of the largest.
        cross_track_bias_m: left is positive.
        heading_error_rmse_rad: to the road.
        lap_time_ratio: mean lap, the first from rest, over the expert's flying lap.
        speed_share: the expert's flying lap over the pilot's, the speed as a share of the expert's.
        speed_m_s: mean.
        steering_rate_per_s: root mean square; a smooth driver has a small one.
        steering_reversals_per_s: by 0.1 or more.
        throttle_rate_per_s: root mean square.
        side_acceleration_p95_m_s2: 95th percentile.
        recovery_share: of excursions beyond 0.6 half widths, those after which the car came back
            within 0.3 and stayed for 2 s, on the road all along.
        time_to_recover_s: of those.
        stops_per_100_laps: standing still for a second, or being stopped by monitor or guard.
    """

    episodes: int
    tracks: int
    laps_asked: int
    laps_done: int
    off_road_events: int
    interventions: int
    distance_m: float
    driven_s: float
    off_road_per_100_laps: Interval
    clean_episodes: Interval
    laps_done_share: Interval
    autonomy: Interval
    distance_between_events_m: Interval
    cross_track_rmse_m: Interval
    cross_track_p95_m: Interval
    cross_track_max_m: Interval
    cross_track_bias_m: Interval
    heading_error_rmse_rad: Interval
    lap_time_ratio: Interval
    speed_share: Interval
    speed_m_s: Interval
    steering_rate_per_s: Interval
    steering_reversals_per_s: Interval
    throttle_rate_per_s: Interval
    side_acceleration_p95_m_s2: Interval
    recovery_share: Interval
    time_to_recover_s: Interval
    stops_per_100_laps: Interval


class Metric(NamedTuple):
    """A figure as a table shows it.

    Attributes:
        name: in words.
        scale: what it is multiplied by.
        digits: after the point.
        unit: of the scaled figure.
    """

    name: str
    scale: float = 1.0
    digits: int = 2
    unit: str = ""

    def text(self, value: float) -> str:
        """A value for people; what is not known is a dash."""
        if math.isnan(value):
            return "-"
        return f"{self.scale * value:.{self.digits}f}" if math.isfinite(value) else "inf"


METRICS: dict[str, Metric] = {
    "off_road_per_100_laps": Metric("off-road events per 100 laps", 1, 1),
    "clean_episodes": Metric("clean tracks", 100, 0, "%"),
    "laps_done_share": Metric("laps done", 100, 1, "%"),
    "autonomy": Metric("autonomy", 100, 1, "%"),
    "distance_between_events_m": Metric("distance between events", 1, 0, "m"),
    "cross_track_rmse_m": Metric("cross-track error, rms", 100, 1, "cm"),
    "cross_track_p95_m": Metric("cross-track error, 95th percentile", 100, 1, "cm"),
    "cross_track_max_m": Metric("cross-track error, largest", 100, 1, "cm"),
    "cross_track_bias_m": Metric("cross-track bias, left +", 100, 1, "cm"),
    "heading_error_rmse_rad": Metric("heading error, rms", 180 / math.pi, 1, "deg"),
    "lap_time_ratio": Metric("lap time over the expert's", 1, 3),
    "speed_share": Metric("flying laps, of the expert's speed", 100, 1, "%"),
    "speed_m_s": Metric("speed", 1, 2, "m/s"),
    "steering_rate_per_s": Metric("steering rate, rms", 1, 2, "/s"),
    "steering_reversals_per_s": Metric("steering reversals", 1, 2, "/s"),
    "throttle_rate_per_s": Metric("throttle rate, rms", 1, 3, "/s"),
    "side_acceleration_p95_m_s2": Metric("side acceleration, 95th percentile", 1, 2, "m/s2"),
    "recovery_share": Metric("excursions recovered", 100, 0, "%"),
    "time_to_recover_s": Metric("time to recover", 1, 2, "s"),
    "stops_per_100_laps": Metric("stops per 100 laps", 1, 1),
}
"""What tables show, in this order; the names are those of `Total`."""

MEANS = (
    "cross_track_rmse_m",
    "cross_track_p95_m",
    "cross_track_max_m",
    "cross_track_bias_m",
    "heading_error_rmse_rad",
    "speed_m_s",
    "steering_rate_per_s",
    "steering_reversals_per_s",
    "throttle_rate_per_s",
    "side_acceleration_p95_m_s2",
    "time_to_recover_s",
)
"""Figures of an episode that are averaged as they are."""

Figure = Callable[[EpisodeResult], float]
OnTrack = list[EpisodeResult]


def summarise(results: Sequence[EpisodeResult]) -> Total:
    """Add up episodes; at least one."""
    tracks = by_track(results)
    events = [sum(result.off_road_events for result in track) for track in tracks]
    stops = [sum(result.stops for result in track) for track in tracks]
    hundreds = [sum(map(laps_driven, track)) / 100 for track in tracks]
    metres = [sum(result.distance_m for result in track) for track in tracks]
    excursions = [
        (sum(r.recovered for r in track), sum(r.excursions for r in track)) for track in tracks
    ]
    return Total(
        episodes=len(results),
        tracks=len(tracks),
        laps_asked=sum(result.laps_asked for result in results),
        laps_done=sum(result.laps_done for result in results),
        off_road_events=sum(events),
        interventions=sum(result.interventions for result in results),
        distance_m=sum(metres),
        driven_s=sum(result.driven_s for result in results),
        off_road_per_100_laps=intervals.rate(events, hundreds),
        clean_episodes=intervals.share([float(count == 0) for count in events]),
        laps_done_share=intervals.share(means(tracks, lambda r: r.laps_done / r.laps_asked)),
        autonomy=intervals.share(means(tracks, lambda r: r.autonomy)),
        distance_between_events_m=intervals.reciprocal(intervals.rate(events, metres)),
        lap_time_ratio=intervals.mean(means(tracks, lap_time_ratio)),
        speed_share=intervals.mean(means(tracks, speed_share)),
        recovery_share=intervals.part_of(excursions),
        stops_per_100_laps=intervals.rate(stops, hundreds),
        **{name: intervals.mean(means(tracks, field(name))) for name in MEANS},
    )


def by_track(results: Sequence[EpisodeResult]) -> list[OnTrack]:
    """The episodes of each road and look together, in the order of their names."""

    def world(result: EpisodeResult) -> tuple[str, str, int]:
        return result.track, result.surface, result.look_seed

    return [list(track) for _, track in groupby(sorted(results, key=world), world)]


def means(tracks: Sequence[OnTrack], figure: Figure) -> list[float]:
    """A figure for each track: the mean over its episodes that have it, nan where none has."""
    return [_mean_known([figure(result) for result in track]) for track in tracks]


def field(name: str) -> Figure:
    """Read a figure of an episode by its name."""
    return lambda result: float(getattr(result, name))


def laps_driven(result: EpisodeResult) -> float:
    """Laps, and the part of the last one, of a drive whose track length is known by its laps."""
    if not result.track_length_m:
        return float(result.laps_done)
    return max(result.laps_done, result.distance_m / result.track_length_m)


def lap_time_ratio(result: EpisodeResult) -> float:
    """Mean lap over the expert's."""
    if not result.lap_times_s:
        return math.nan
    return float(np.mean(result.lap_times_s)) / result.expert_lap_time_s


def speed_share(result: EpisodeResult) -> float:
    """The expert's flying lap over the mean of the pilot's; nan without a flying lap."""
    flying = result.lap_times_s[1:]
    return result.expert_lap_time_s / float(np.mean(flying)) if flying else math.nan


def _mean_known(values: Sequence[float]) -> float:
    known = [value for value in values if math.isfinite(value)]
    return float(np.mean(known)) if known else math.nan
