"""How episodes are added up, and what their intervals say."""

import math

import msgspec
import pytest

from car.episode import EpisodeResult
from train.driving import intervals
from train.driving.intervals import Interval
from train.driving.totals import METRICS, summarise

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
    """One episode on a road of its own for each count."""
    return [
        msgspec.structs.replace(EPISODE, off_road_events=count, look_seed=number)
        for number, count in enumerate(counts)
    ]


def test_no_event_in_a_hundred_laps_may_still_be_three_point_seven() -> None:
    rate = summarise(with_events(*[0] * 10)).off_road_per_100_laps
    assert (rate.value, rate.low) == (0.0, 0.0)
    assert rate.high == pytest.approx(3.69, abs=0.01)


def test_events_are_counted_per_hundred_laps_with_the_exact_interval() -> None:
    total = summarise(with_events(3, 0, 2, 0))
    assert total.off_road_per_100_laps.value == pytest.approx(12.5)
    assert total.off_road_per_100_laps.low < 1.63 / 0.4
    assert total.off_road_per_100_laps.high >= 11.66 / 0.4
    assert total.clean_episodes.value == 0.5
    assert 0.14 < total.clean_episodes.low < 0.16


def test_a_mean_of_equal_figures_has_no_width_and_one_figure_has_no_interval() -> None:
    many, one = summarise(with_events(0, 0, 0)), summarise(with_events(0))
    assert many.cross_track_rmse_m.low == pytest.approx(0.1)
    assert many.cross_track_rmse_m.high == pytest.approx(0.1)
    assert math.isnan(one.cross_track_rmse_m.low)
    assert many.lap_time_ratio.value == pytest.approx(1.1)


def test_events_that_all_come_from_one_track_say_less_than_the_same_number_spread_out() -> None:
    spread = summarise(with_events(*[1] * 10)).off_road_per_100_laps
    on_one = summarise(with_events(10, *[0] * 9)).off_road_per_100_laps
    assert on_one.value == spread.value == pytest.approx(10.0)
    assert (on_one.low, on_one.high) == (0.0, pytest.approx(30.0, abs=10.0))
    assert on_one.high > spread.high


def test_more_episodes_on_the_same_roads_do_not_make_the_sample_larger() -> None:
    once = with_events(3, 0, 2, 0)
    many = once * 25
    assert summarise(many).tracks == 4
    narrow = summarise(many).cross_track_rmse_m
    assert (narrow.low, narrow.high) == pytest.approx((0.1, 0.1))
    assert summarise(many).off_road_per_100_laps.high > 20.0
    assert summarise(many).clean_episodes == summarise(once).clean_episodes


def test_nothing_is_certain_because_every_road_went_well() -> None:
    total = summarise(with_events(*[0] * 10))
    assert total.autonomy.value == total.laps_done_share.value == 1.0
    assert total.autonomy.low == pytest.approx(0.722, abs=0.001)
    assert total.distance_between_events_m.value == math.inf
    assert total.distance_between_events_m.low == pytest.approx(2500 / 3.689, rel=0.001)


def test_a_difference_that_no_road_shows_has_no_interval() -> None:
    none = intervals.paired([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    assert none.value == 0.0
    assert math.isnan(none.low)
    shifted = intervals.paired([1.0, 2.0, 3.0], [2.0, 3.5, 3.5])
    assert shifted.low < shifted.value == 1.0 < shifted.high


def test_all_metrics_that_tables_show_are_in_the_total() -> None:
    total = summarise(with_events(1, 0))
    assert len(METRICS) >= 12
    assert all(isinstance(getattr(total, name), Interval) for name in METRICS)


def test_a_pilot_that_finished_no_lap_has_no_rate() -> None:
    stuck = msgspec.structs.replace(EPISODE, laps_done=0, lap_times_s=[])
    total = summarise([stuck])
    assert math.isnan(total.off_road_per_100_laps.value)
    assert math.isnan(total.lap_time_ratio.value)
