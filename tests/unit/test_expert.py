"""The expert's plan, and the clumsy hand that makes it recover."""

import numpy as np
import pytest

from car.command import STOP, Command
from car.simulation.expert import (
    BRAKING_M_S2,
    SIDE_ACCELERATION_M_S2,
    TOP_SPEED_M_S,
    DisturbedActuators,
    plan_speed,
    throttle_for,
)
from car.simulation.tracks import parse_track
from car.simulation.vehicle import SPEED, Vehicle, VehicleParameters


@pytest.mark.parametrize("name", ["hairpins", "random:4", "oval"])
def test_the_plan_keeps_side_acceleration_and_braking_within_bounds(name: str) -> None:
    track = parse_track(name)
    speed = plan_speed(track)
    assert speed.max() <= TOP_SPEED_M_S
    assert (speed**2 * np.abs(track.curvature)).max() <= SIDE_ACCELERATION_M_S2 + 1e-6
    slowing = (speed**2 - np.roll(speed, -1) ** 2) / (2 * track.spacing_m)
    assert slowing.max() <= BRAKING_M_S2 + 1e-6


def test_the_throttle_for_a_speed_holds_that_speed() -> None:
    car = VehicleParameters()
    vehicle = Vehicle(car)
    for _ in range(1200):
        vehicle.move(0.0, throttle_for(1.5, car), 1 / 60, car.friction)
    assert vehicle.state[SPEED] == pytest.approx(1.5, abs=0.02)


class Wheels:
    """Actuators that do as they are told."""

    latched = False

    def __enter__(self) -> "Wheels":
        return self

    def __exit__(self, *reason: object) -> None:
        return None

    def send(self, command: Command) -> Command:
        return command


def sent(seed: int, command: Command, ticks: int = 400) -> np.ndarray:
    hand = DisturbedActuators(Wheels(), seed, 0.05)
    return np.array([hand.send(command) for _ in range(ticks)])


def test_pushes_are_strong_smooth_and_within_range() -> None:
    steering, throttle = sent(1, Command(0.0, 0.4)).T
    assert np.abs(steering).max() > 0.5
    assert np.abs(steering).max() <= 1.0
    assert np.abs(np.diff(steering)).max() < 0.6
    assert 0.2 < throttle.min() < throttle.max() < 0.7


def test_pushes_are_fixed_by_the_seed() -> None:
    assert np.array_equal(sent(1, Command(0.0, 0.4)), sent(1, Command(0.0, 0.4)))
    assert not np.array_equal(sent(1, Command(0.0, 0.4)), sent(2, Command(0.0, 0.4)))


def test_a_car_that_is_to_stop_is_left_alone() -> None:
    assert (sent(1, STOP) == 0.0).all()
