"""Laps, off-road events and interventions are counted as promised."""

import numpy as np
import pytest

from car.simulation.marshal import LOST_S, STUCK_S, Marshal
from car.simulation.track import Track
from car.simulation.tracks import parse_track
from car.simulation.vehicle import HEADING, SPEED, Vehicle, VehicleParameters, X, Y


class Course:
    """A car that is carried along a road by hand, a point of the centre line a step."""

    def __init__(self) -> None:
        self.track: Track = parse_track("oval")
        self.vehicle = Vehicle(VehicleParameters())
        self.at = 0
        self.carry(0, 0.0)
        self.marshal = Marshal(self.track, self.vehicle)

    def carry(self, steps: int, offset_m: float, moving: bool = True) -> None:
        for _ in range(max(1, steps)):
            self.at = (self.at + (steps > 0)) % len(self.track)
            x, y = self.track.centre_m[self.at] + offset_m * self.track.normal[self.at]
            self.vehicle.place(x, y, self.track.heading_rad[self.at], 1.0 if moving else 0.0)
            if steps:
                self.marshal.watch(0.05)


def test_laps_are_counted_where_the_car_started() -> None:
    course = Course()
    course.carry(2 * len(course.track) + 5, 0.1)
    standing = course.marshal.standing
    assert standing.laps == 2
    assert sum(standing.lap_times_s) == pytest.approx(2 * len(course.track) * 0.05, abs=0.2)
    assert standing.cross_track_rmse_m == pytest.approx(0.1, abs=0.01)
    assert standing.off_road_events == standing.interventions == 0
    assert standing.autonomy == 1.0


def test_driving_backwards_makes_no_laps() -> None:
    course = Course()
    for _ in range(2 * len(course.track)):
        course.at = (course.at - 1) % len(course.track)
        x, y = course.track.centre_m[course.at]
        course.vehicle.place(x, y, 0.0, 1.0)
        course.marshal.watch(0.05)
    assert course.marshal.standing.laps == 0
    assert course.marshal.standing.progress_m < 0


def test_an_event_counts_again_only_after_the_car_was_back() -> None:
    course = Course()
    half = course.track.width_m / 2
    for offset in (0.0, half + 0.05, half - 0.02, half + 0.05, 0.0, half + 0.05):
        course.carry(10, offset)
    standing = course.marshal.standing
    assert standing.off_road_events == len(standing.events) == 2
    assert standing.interventions == 0


def test_a_lost_car_is_put_back_on_the_road_at_rest() -> None:
    course = Course()
    course.carry(5, 0.0)
    course.carry(1, course.track.width_m / 2 + 0.5)
    standing = course.marshal.standing
    assert standing.interventions == standing.off_road_events == 1
    assert standing.cross_track_m == pytest.approx(0.0, abs=0.01)
    assert course.vehicle.state[SPEED] == 0.0
    assert standing.autonomy < 1.0


def test_a_car_that_stays_off_the_road_is_put_back_after_a_while() -> None:
    course = Course()
    course.carry(5, 0.0)
    course.carry(int(LOST_S / 0.05) + 2, course.track.width_m / 2 + 0.1)
    assert course.marshal.standing.interventions == 1


def test_a_car_that_stands_still_is_helped_but_not_before_the_start() -> None:
    waiting = Course()
    for _ in range(200):
        waiting.marshal.watch(0.05)
    assert waiting.marshal.standing.interventions == 0
    course = Course()
    course.carry(20, 0.0)
    course.vehicle.state[SPEED] = 0.0
    for _ in range(int(STUCK_S / 0.05) + 2):
        course.marshal.watch(0.05)
    assert course.marshal.standing.interventions == 1


def test_the_heading_error_is_counter_clockwise() -> None:
    course = Course()
    course.vehicle.state[HEADING] += 0.3
    course.marshal.watch(0.05)
    assert course.marshal.standing.heading_error_rad == pytest.approx(0.3, abs=0.02)
    assert np.isfinite(course.vehicle.state[[X, Y]]).all()
