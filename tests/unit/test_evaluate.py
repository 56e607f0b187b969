"""How episodes are added up, and what their intervals say."""

import math

import msgspec
import pytest

from car.episode import EpisodeResult
from train.totals import summarise

EPISODE = EpisodeResult(
    track="oval",
    surface="dirt",
    look_seed=1,
    laps_asked=10,
    laps_done=10,
    lap_times_s=[12.0, 10.0],
    expert_lap_time_s=10.0,
    off_road_events=0,
    interventions=0,
    cross_track_rmse_m=0.1,
    steering_rate_per_s=1.0,
    autonomy=1.0,
    distance_m=250.0,
    driven_s=110.0,
    delay_s=0.05,
    speed_response=1.0,
    friction=0.85,
    late_ticks=0,
)


def with_events(*counts: int) -> list[EpisodeResult]:
    return [msgspec.structs.replace(EPISODE, off_road_events=count) for count in counts]


def test_no_event_in_a_hundred_laps_may_still_be_three_point_seven() -> None:
    rate = summarise(with_events(*[0] * 10)).off_road_per_100_laps
    assert (rate.value, rate.low) == (0.0, 0.0)
    assert rate.high == pytest.approx(3.69, abs=0.01)


def test_events_are_counted_per_hundred_laps_with_the_exact_interval() -> None:
    total = summarise(with_events(3, 0, 2, 0))
    assert total.off_road_per_100_laps.value == pytest.approx(12.5)
    assert total.off_road_per_100_laps.low == pytest.approx(1.623 / 0.4, abs=0.01)
    assert total.off_road_per_100_laps.high == pytest.approx(11.668 / 0.4, abs=0.01)
    assert total.clean_episodes.value == 0.5
    assert 0.14 < total.clean_episodes.low < 0.16


def test_a_mean_of_equal_figures_has_no_width_and_one_figure_has_no_interval() -> None:
    many, one = summarise(with_events(0, 0, 0)), summarise(with_events(0))
    assert many.cross_track_rmse_m.low == pytest.approx(0.1)
    assert many.cross_track_rmse_m.high == pytest.approx(0.1)
    assert math.isnan(one.autonomy.low)
    assert many.lap_time_ratio.value == pytest.approx(1.1)


def test_a_pilot_that_finished_no_lap_has_no_rate() -> None:
    stuck = msgspec.structs.replace(EPISODE, laps_done=0, lap_times_s=[])
    total = summarise([stuck])
    assert math.isnan(total.off_road_per_100_laps.value)
    assert math.isnan(total.lap_time_ratio.value)
