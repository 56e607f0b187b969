"""No command leaves its limits, whatever is asked and whenever."""

import math

from hypothesis import given
from hypothesis import strategies as st

from car.command import Command
from car.config import LimitsConfig
from car.limits import CommandLimits

ANY_FLOAT = st.floats(allow_nan=True, allow_infinity=True)
CONFIG = LimitsConfig()


@given(st.lists(st.tuples(ANY_FLOAT, ANY_FLOAT, st.floats(0.0, 3.0)), max_size=30))
def test_no_command_leaves_its_limits(asked: list[tuple[float, float, float]]) -> None:
    limits, now = CommandLimits(CONFIG), 0.0
    for steering, throttle, passed in asked:
        now += passed
        command = limits.apply(Command(steering, throttle), now)
        assert -1.0 <= command.steering <= 1.0
        assert -CONFIG.reverse_max <= command.throttle <= CONFIG.throttle_max


@given(st.floats(-1, 1), st.sampled_from([math.nan, math.inf, -math.inf]))
def test_nonsense_holds_the_steering_and_lets_go_of_the_throttle(
    steering: float, nonsense: float
) -> None:
    limits = CommandLimits(CONFIG)
    before = limits.apply(Command(steering, 0.5), 0.0)
    assert limits.apply(Command(nonsense, 0.5), 0.05) == (before.steering, 0.0)
    assert limits.apply(Command(0.0, nonsense), 0.1).throttle == 0.0


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=40))
def test_throttle_rises_slowly_and_falls_at_once(asked: list[float]) -> None:
    limits, last = CommandLimits(CONFIG), 0.0
    for tick, throttle in enumerate(asked):
        now = limits.apply(Command(0.0, throttle), 0.05 * tick).throttle
        assert abs(now) <= abs(last) + 0.05 * CONFIG.throttle_rise_per_s + 1e-9 or now * last < 0
        if throttle == 0.0:
            assert now == 0.0
        last = now
