"""Pure pursuit along a curve, the delay accounted for."""

import math

import numpy as np
import pytest

from car.pilots.curves import Curve
from car.pilots.pursuit import Pace, Pursuit
from car.pilots.settings import ChassisConfig

PACE = Pace(speed_m_s=2.0, slowest_m_s=0.5, side_acceleration_m_s2=1.5)
CHASSIS = ChassisConfig(delay_s=0.0)


def steady(curve: Curve, chassis: ChassisConfig = CHASSIS):
    """The command once the same curve was followed for two seconds."""
    pursuit = Pursuit(chassis, PACE)
    for number in range(40):
        command = pursuit.follow(curve, number * 0.05)
    return command


def test_a_curve_to_the_left_is_steered_to_the_left_and_the_mirrored_one_alike() -> None:
    curve = Curve(0.05, 0.2, 0.5)
    left = steady(curve)
    right = steady(Curve(*(-value for value in curve)))
    assert left.steering < -0.1
    assert right.steering == pytest.approx(-left.steering, abs=1e-6)
    assert right.throttle == pytest.approx(left.throttle)


def test_straight_ahead_goes_straight_at_full_speed() -> None:
    command = steady(Curve())
    assert command.steering == pytest.approx(0.0, abs=1e-6)
    assert command.throttle == pytest.approx(0.1 + 0.9 * 2.0 / 5.4)


@pytest.mark.parametrize("radius_m", [0.8, 1.5, -1.0])
def test_on_a_circle_through_the_car_it_steers_that_circle(radius_m: float) -> None:
    ahead = math.asin(0.35 / radius_m)
    curve = Curve(radius_m * (1 - math.cos(ahead)), ahead, 1 / radius_m)
    angle = math.degrees(math.atan(CHASSIS.wheelbase_m / radius_m))
    assert steady(curve).steering == pytest.approx(-angle / 25.0, abs=0.04)


def test_curves_are_taken_slower_and_never_slower_than_the_slowest() -> None:
    throttles = [steady(Curve(0.0, 0.0, bend)).throttle for bend in (0.0, 0.8, 2.0)]
    assert throttles[0] > throttles[1] > throttles[2]
    pursuit = Pursuit(CHASSIS, PACE)
    least = pursuit.follow(Curve(0.0, 0.0, 2.2), 0.0, share=0.0).throttle
    assert least == pytest.approx(0.1 + 0.9 * 0.5 / 5.4)


def test_a_bend_that_only_comes_is_braked_for() -> None:
    assert steady(Curve(0.0, 0.0, 0.0, 2.0)).throttle < steady(Curve()).throttle


def test_with_a_delay_it_steers_by_where_the_car_will_be() -> None:
    """Coming from the right of a line and about to cross it, a late car must straighten sooner."""
    crossing = Curve(0.0, -0.3)
    late = steady(crossing, ChassisConfig(delay_s=0.2))
    prompt = steady(crossing, CHASSIS)
    assert late.steering != pytest.approx(prompt.steering, abs=0.02)


def test_the_way_since_the_last_frame_follows_the_steering() -> None:
    pursuit = Pursuit(CHASSIS, PACE)
    for number in range(40):
        pursuit.follow(Curve(), number * 0.05)
    moved = pursuit.moved_since_last(40 * 0.05)
    assert moved.x_m == pytest.approx(0.1, abs=0.005)
    assert np.hypot(moved.y_m, moved.turn_rad) == pytest.approx(0.0, abs=1e-6)
    assert pursuit.moved_since_last(90.0) == (0.0, 0.0, 0.0)


def test_standing_holds_the_throttle_at_nothing() -> None:
    pursuit = Pursuit(CHASSIS, PACE)
    assert pursuit.stand(0.0) == (0.0, 0.0)
