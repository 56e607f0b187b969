"""How the simulated car moves."""

import math

import numpy as np
import pytest

from car.simulation.vehicle import HEADING, SPEED, YAW_RATE, Vehicle, VehicleParameters, X, Y


def _driven(
    steering: float, throttle: float, seconds: float = 5.0, friction: float = 0.85
) -> Vehicle:
    vehicle = Vehicle(VehicleParameters())
    for _ in range(round(seconds * 60)):
        vehicle.move(steering, throttle, 1 / 60, friction)
    return vehicle


def test_a_car_without_throttle_stays_where_it_is() -> None:
    assert np.array_equal(_driven(1.0, 0.0).state[[X, Y, SPEED]], [0.0, 0.0, 0.0])


def test_throttle_within_the_dead_band_moves_nothing() -> None:
    assert _driven(0.0, 0.05).state[X] == 0.0


@pytest.mark.parametrize(("steering", "side"), [(0.5, -1), (-0.5, 1)])
def test_plus_one_steers_right(steering: float, side: int) -> None:
    state = _driven(steering, 0.3, 1.5).state
    assert math.copysign(1, state[HEADING]) == side
    assert math.copysign(1, state[Y]) == side


def test_slow_cornering_follows_the_wheel_angle() -> None:
    state = _driven(0.6, 0.2).state
    wheel = 0.6 * VehicleParameters().steer_max_rad
    radius = VehicleParameters().wheelbase_m / math.tan(wheel)
    assert state[SPEED] / abs(state[YAW_RATE]) == pytest.approx(radius, rel=0.08)


def test_tyres_let_go_on_ice() -> None:
    def turn(friction: float) -> float:
        return float(abs(_driven(1.0, 0.6, 3.0, friction).state[YAW_RATE]))

    assert turn(0.15) < 0.7 * turn(0.85)


def test_negative_throttle_brakes_and_then_goes_backwards() -> None:
    vehicle = _driven(0.0, 0.5)
    assert vehicle.state[SPEED] > 1.5
    for _ in range(180):
        vehicle.move(0.0, -0.5, 1 / 60, 0.85)
    assert vehicle.state[SPEED] < -0.2


def test_variation_at_level_zero_is_the_nominal_car() -> None:
    nominal = VehicleParameters()
    varied = nominal.varied(np.random.default_rng(3), 0.0)
    assert varied.top_speed_m_s == nominal.top_speed_m_s
    assert varied.steer_trim == 0.0
    assert varied.dead_time_s + varied.camera_delay_s == pytest.approx(0.05)


def test_variation_keeps_to_what_it_promises() -> None:
    nominal = VehicleParameters()
    cars = [nominal.varied(np.random.default_rng(seed), 1.0) for seed in range(300)]
    delays = [car.dead_time_s + car.camera_delay_s for car in cars]
    assert 0.03 <= min(delays) < 0.04
    assert 0.11 < max(delays) <= 0.12
    speeds = [car.top_speed_m_s / nominal.top_speed_m_s for car in cars]
    assert 0.7 <= min(speeds) < 0.73
    assert 1.27 < max(speeds) <= 1.3
