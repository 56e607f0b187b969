"""What a drive came to, in plain words and in the few figures that matter most."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from train.report.report_data import DrivenTrack

HELPED = 0.5
"""Off-road events a lap, from which on a car that is put back each time does not drive itself."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of all tracks together.

    Attributes:
        headline: one sentence.
        details: the sentences that follow it.
    """

    headline: str
    details: str


def judge(tracks: Sequence[DrivenTrack]) -> Verdict:
    """Say how the drive went; there is at least one track."""
    done, asked = sum(t.laps_done for t in tracks), sum(t.laps_asked for t in tracks)
    events = sum(t.off_road_events for t in tracks)
    return Verdict(
        headline=_headline(done, asked, events),
        details=" ".join(_details(tracks, done, asked)),
    )


def lap_time_ratio(tracks: Sequence[DrivenTrack]) -> float | None:
    """Mean lap time of the pilot over the expert's on the same tracks; None when unknown."""
    ratios = [
        float(np.mean(track.lap_times_s)) / track.expert_lap_time_s
        for track in tracks
        if track.expert_lap_time_s and len(track.lap_times_s)
    ]
    return float(np.mean(ratios)) if ratios else None


def cross_track_rmse_m(tracks: Sequence[DrivenTrack]) -> float:
    """Root mean square distance from the centre line, every track counting the same."""
    return float(np.sqrt(np.mean([track.cross_track_rmse_m**2 for track in tracks])))


def counted(number: int, one: str, many: str = "") -> str:
    """Write a number and the noun that goes with it: 1 lap, 2 laps."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def times(number: int) -> str:
    """Say how often: once, twice, 3 times."""
    return {1: "once", 2: "twice"}.get(number, f"{number:,} times")


def slower(ratio: float) -> str:
    """Say in words how lap times compare: 1.06 is 6 % slower."""
    percent = round(abs(ratio - 1.0) * 100.0)
    if percent == 0:
        return "as fast as the expert"
    return f"{percent} % {'slower' if ratio > 1.0 else 'faster'} than the expert"


def _headline(done: int, asked: int, events: int) -> str:
    left = "never left the road" if events == 0 else f"left the road {times(events)}"
    joined = "and" if events == 0 else "but"
    if done >= asked and events > HELPED * asked:
        return f"It went round only with help: {counted(asked, 'lap')}, and {left}."
    if done >= asked:
        return f"It drove itself: {counted(asked, 'lap')}, {joined} {left}."
    if done == 0:
        return f"It did not get round: none of {counted(asked, 'lap')} was finished."
    return f"It drove {done:,} of {counted(asked, 'lap')} and {left}."


def _details(tracks: Sequence[DrivenTrack], done: int, asked: int) -> list[str]:
    road_m = float(np.mean([track.road_width_m for track in tracks]))
    rmse_m = cross_track_rmse_m(tracks)
    said = [f"{counted(len(tracks), 'track')}, {done} of {counted(asked, 'lap')} finished."]
    said.append(
        f"On average it was {100 * rmse_m:.0f} cm from the centre line (root mean square), on "
        f"roads {100 * road_m:.0f} cm wide."
    )
    ratio = lap_time_ratio(tracks)
    if ratio is not None:
        said.append(f"Its laps were {slower(ratio)}.")
    stops = sum(track.stops for track in tracks)
    if stops:
        said.append(f"It stood still {times(stops)}, unsure of the way, and was set going again.")
    return said
