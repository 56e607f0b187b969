"""How far a command may move from the one before it, to the digit."""

import math

import pytest

from car.command import Command
from car.config import LimitsConfig
from car.limits import CommandLimits, clamp

CONFIG = LimitsConfig(
    throttle_max=0.75, reverse_max=0.5, steering_per_s=4.0, throttle_rise_per_s=2.0
)
FIRST_S = 0.05


@pytest.fixture
def limits() -> CommandLimits:
    return CommandLimits(CONFIG)


def test_a_value_is_clamped_to_its_range() -> None:
    assert [clamp(value, -2.0, 3.0) for value in (-9.0, -2.0, 0.5, 3.0, 9.0)] == [-2, -2, 0.5, 3, 3]


@pytest.mark.parametrize("way", [1.0, -1.0])
def test_the_first_command_moves_as_far_as_in_one_period(limits: CommandLimits, way: float) -> None:
    first = limits.apply(Command(way, way), 1000.0)
    assert first == pytest.approx((way * 4.0 * FIRST_S, way * 2.0 * FIRST_S))


@pytest.mark.parametrize("way", [1.0, -1.0])
def test_each_command_moves_as_far_as_the_time_since_the_last_allows(
    limits: CommandLimits, way: float
) -> None:
    limits.apply(Command(way, way), 10.0)
    assert limits.apply(Command(way, way), 10.0625) == pytest.approx((way * 0.45, way * 0.225))
    assert limits.apply(Command(way, way), 10.125) == pytest.approx((way * 0.7, way * 0.35))


@pytest.mark.parametrize("way", [1.0, -1.0])
def test_a_long_silence_counts_as_a_fifth_of_a_second(limits: CommandLimits, way: float) -> None:
    limits.apply(Command(0.0, 0.0), 10.0)
    assert limits.apply(Command(way, way), 99.0) == pytest.approx((way * 0.8, way * 0.4))


@pytest.mark.parametrize("now_s", [10.0, 9.0])
def test_a_clock_that_stands_or_goes_back_moves_nothing_away_from_neutral(
    limits: CommandLimits, now_s: float
) -> None:
    before = limits.apply(Command(0.1, 0.1), 10.0)
    assert before == (0.1, 0.1)
    assert limits.apply(Command(1.0, 1.0), now_s) == before
    assert limits.apply(Command(-1.0, 0.0), now_s) == (0.1, 0.0)


def test_throttle_ends_at_the_most_that_is_allowed_each_way(limits: CommandLimits) -> None:
    ahead = [limits.apply(Command(0.0, 1.0), 0.2 * tick).throttle for tick in range(1, 9)]
    assert ahead[:3] == pytest.approx([0.1, 0.5, 0.75])
    assert set(ahead[3:]) == {0.75}
    back = [limits.apply(Command(0.0, -1.0), 0.2 * tick).throttle for tick in range(9, 15)]
    assert back[:2] == pytest.approx([-0.4, -0.5])
    assert set(back[2:]) == {-0.5}


def test_throttle_falls_at_once_and_rises_again_from_where_it_fell_to(
    limits: CommandLimits,
) -> None:
    for tick in range(5):
        limits.apply(Command(0.0, 0.6), 0.2 * tick)
    assert limits.apply(Command(0.0, 0.2), 1.0).throttle == 0.2
    assert limits.apply(Command(0.0, 0.6), 1.05).throttle == pytest.approx(0.3)
    assert limits.apply(Command(0.0, 0.0), 1.1).throttle == 0.0
    assert limits.apply(Command(0.0, -0.6), 1.15).throttle == pytest.approx(-0.1)
    assert limits.apply(Command(0.0, -0.05), 1.2).throttle == -0.05


def test_steering_ends_at_full_lock_even_when_more_is_asked(limits: CommandLimits) -> None:
    for way in (1.0, -1.0):
        for tick in range(20):
            steering = limits.apply(Command(5.0 * way, 0.0), 100.0 * way + 0.2 * tick).steering
        assert steering == way


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_after_nonsense_the_time_counts_from_it(limits: CommandLimits, value: float) -> None:
    limits.apply(Command(0.2, 0.1), 10.0)
    assert limits.apply(Command(value, 0.5), 10.125) == (0.2, 0.0)
    assert limits.apply(Command(0.5, value), 10.25) == (0.2, 0.0)
    after = limits.apply(Command(1.0, 1.0), 10.375)
    assert after == pytest.approx((0.7, 0.25))


def test_nonsense_as_the_first_command_is_a_stop(limits: CommandLimits) -> None:
    assert limits.apply(Command(math.nan, 1.0), 5.0) == (0.0, 0.0)
    assert limits.apply(Command(1.0, 1.0), 5.125) == pytest.approx((0.5, 0.25))
