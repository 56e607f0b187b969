"""An evaluation as lines for a terminal."""

import math
from collections.abc import Sequence

from car.episode import EpisodeResult
from train.driving.episodes import Driven
from train.driving.evaluation import InScenario, Recoveries, recovered
from train.driving.intervals import Interval
from train.driving.totals import METRICS, Total

IN_THE_TABLE = {
    "off_road_per_100_laps": "off road/100",
    "clean_episodes": "clean %",
    "laps_done_share": "laps %",
    "cross_track_rmse_m": "rms cm",
    "speed_share": "speed %",
}
"""Metrics of the scenario table, with the heads of their columns."""
NAME_PX, CELL = 18, 13


def drive_line(driven: Driven) -> str:
    """One episode."""
    result = driven.result
    name = f"{driven.scenario:<{NAME_PX}} {result.track:<16} {result.surface:<14}"
    if driven.start is not None:
        return f"{name} start {driven.start:>3}: {_start(result)}"
    return (
        f"{name} {result.laps_done:>3}/{result.laps_asked} laps "
        f"{result.off_road_events:>3} off road, {100 * result.cross_track_rmse_m:4.1f} cm, "
        f"delay {1000 * result.delay_s:3.0f} ms, speed x{result.speed_response:.2f}, "
        f"friction {result.friction:.2f}"
    )


def _start(result: EpisodeResult) -> str:
    if recovered(result):
        return f"back after {result.time_to_recover_s:.1f} s"
    return "left the road" if result.off_road_events else "not back in time"


def total_lines(total: Total) -> list[str]:
    """All metrics with their intervals."""
    lines = [
        f"{total.laps_done} of {total.laps_asked} laps on {total.tracks} tracks, "
        f"{total.off_road_events} off-road events, {total.interventions} interventions, "
        f"{total.distance_m / 1000:.2f} km",
        f"{'':<38}{'mean':>9}   95 % interval, by track",
    ]
    for name, metric in METRICS.items():
        figure: Interval = getattr(total, name)
        low, high = metric.text(figure.low), metric.text(figure.high)
        unit = f" {metric.unit}" if metric.unit else ""
        lines.append(f"{metric.name:<38}{metric.text(figure.value):>9}   {low} to {high}{unit}")
    return lines


def starts_line(starts: Recoveries) -> str:
    """The disturbed starts."""
    share, time = starts.recovery_share, starts.time_to_recover_s
    return (
        f"{starts.recovered} of {starts.starts} disturbed starts recovered: {share.value:.1%} "
        f"(95 % interval {share.low:.1%} to {share.high:.1%}), after {time.value:.1f} s"
    )


def scenario_lines(nominal: Total, scenarios: Sequence[InScenario]) -> list[str]:
    """Each scenario in a line: its figures, and the difference to the nominal drives below."""
    head = "".join(f"{name:>{CELL}}" for name in IN_THE_TABLE.values())
    lines = [f"{'scenario':<{NAME_PX}}{head}   off road/100 - nominal", _row("nominal", nominal)]
    for each in scenarios:
        lines.append(f"{_row(each.name, each.total)}   {_difference(each)}")
        if each.starts is not None:
            lines.append(f"{'':<{NAME_PX}}{starts_line(each.starts)}")
    return lines


def _row(name: str, total: Total) -> str:
    values = (METRICS[key].text(getattr(total, key).value) for key in IN_THE_TABLE)
    return f"{name:<{NAME_PX}}" + "".join(f"{value:>{CELL}}" for value in values)


def _difference(scenario: InScenario) -> str:
    """How many events more, with the interval; a star where it leaves out 0."""
    figure = scenario.difference["off_road_per_100_laps"]
    if math.isnan(figure.low):
        return f"{figure.value:+.1f}"
    star = " *" if figure.low > 0 or figure.high < 0 else ""
    return f"{figure.value:+.1f} ({figure.low:+.1f} to {figure.high:+.1f}){star}"
