"""Shifted views obey the ground plane, and their labels lead back to the path."""

import math

import numpy as np
import pytest

from car.config import Lens
from train.learning.dataset import UNKNOWN
from train.learning.ground import pixel_rays, rays_to_pixels
from train.learning.view_shift import Chassis, ViewBank, shift_map, way_back

LENS = Lens(roll_deg=3.0)
SHAPE = (60, 80)
CHASSIS = Chassis()


def test_every_pixel_is_found_again_through_its_ray() -> None:
    pixels = rays_to_pixels(LENS, pixel_rays(LENS, *SHAPE), *SHAPE)
    columns, rows = np.meshgrid(np.arange(80), np.arange(60))
    assert np.allclose(pixels[..., 0], columns, atol=1e-3)
    assert np.allclose(pixels[..., 1], rows, atol=1e-3)


def test_a_view_that_does_not_move_is_the_same() -> None:
    places = shift_map(LENS, SHAPE, 0.0, 0.0, 0.19)
    columns, rows = np.meshgrid(np.arange(80), np.arange(60))
    assert np.allclose(places[..., 0], columns, atol=1e-2)
    assert np.allclose(places[..., 1], rows, atol=1e-2)


def test_a_car_moved_left_sees_the_ground_moved_right_and_the_sky_in_place() -> None:
    places = shift_map(Lens(), SHAPE, 0.2, 0.0, 0.19)
    assert places[50, 40, 0] < 30.0
    assert places[2, 40, 0] == pytest.approx(40.0, abs=0.01)


def test_a_car_turned_left_sees_what_was_farther_left() -> None:
    places = shift_map(Lens(), SHAPE, 0.0, 0.2, 0.0)
    assert places[2, 40, 0] < 35.0
    assert places[40, 40, 0] < 35.0


def test_a_ground_point_lands_where_the_moved_camera_would_see_it() -> None:
    sideways_m, turned_rad, to_camera_m = 0.15, -0.1, 0.19
    lens = Lens()
    point = np.array([1.2, 0.3])  # from the recorded rear axle
    seen_before = np.array([point[0] - to_camera_m, point[1], -lens.height_m])
    x, y = point[0], point[1] - sideways_m
    cos_t, sin_t = math.cos(turned_rad), math.sin(turned_rad)
    seen_after = np.array(
        [cos_t * x + sin_t * y - to_camera_m, -sin_t * x + cos_t * y, -lens.height_m]
    )
    fine = (480, 640)
    before = rays_to_pixels(lens, seen_before, *fine)
    column, row = rays_to_pixels(lens, seen_after, *fine).round().astype(int)
    places = shift_map(lens, fine, sideways_m, turned_rad, to_camera_m)
    assert np.allclose(places[row, column], before, atol=3.0)


def back(steering: float, sideways_m: float, turned_rad: float, speed_m_s: float = 1.5) -> float:
    found = way_back(
        np.array([steering]),
        np.array([sideways_m]),
        np.array([turned_rad]),
        speed_m_s,
        0.06,
        CHASSIS,
    )
    return float(found[0])


@pytest.mark.parametrize("steering", [-0.9, -0.3, 0.0, 0.5])
def test_without_a_shift_the_driver_was_right(steering: float) -> None:
    assert back(steering, 0.0, 0.0) == pytest.approx(steering, abs=1e-6)


def test_left_of_the_path_or_turned_left_the_way_back_is_right() -> None:
    assert back(0.0, 0.15, 0.0) > 0.1
    assert back(0.0, 0.0, 0.15) > 0.1


def test_the_way_back_mirrors() -> None:
    assert back(0.3, 0.1, -0.1) == pytest.approx(-back(-0.3, -0.1, 0.1), abs=1e-9)


def test_the_way_back_stays_within_the_lock() -> None:
    assert back(0.3, 0.35, 0.35, speed_m_s=0.2) == 1.0
    assert back(-0.3, -0.35, -0.35, speed_m_s=0.2) == -1.0


def test_following_the_way_back_brings_the_car_to_the_path() -> None:
    sideways_m, heading, speed_m_s, step_s = 0.25, 0.2, 1.5, 0.02
    for _ in range(200):
        curvature = math.tan(-back(0.0, sideways_m, heading) * CHASSIS.steering_rad) / 0.257
        heading += curvature * speed_m_s * step_s
        sideways_m += math.sin(heading) * speed_m_s * step_s
    assert abs(sideways_m) < 0.02
    assert abs(heading) < 0.02


def test_a_bank_marks_what_the_camera_did_not_see_as_unknown() -> None:
    bank = ViewBank(Lens(), SHAPE, (30, 40), np.random.default_rng(0), count=8)
    number = int(np.argmax(np.abs(bank.turned_rad)))
    classes = bank.shift_classes(np.zeros((30, 40), np.uint8), number)
    assert set(np.unique(classes)) == {0, UNKNOWN}


def test_a_bank_redraws_images_without_changing_the_recorded_one() -> None:
    bank = ViewBank(Lens(), SHAPE, (30, 40), np.random.default_rng(0), count=8)
    image = np.random.default_rng(1).integers(0, 256, (*SHAPE, 3), dtype=np.uint8)
    before = image.copy()
    for number in range(len(bank)):
        for mirror_edge in (False, True):
            assert bank.shift_image(image, number, mirror_edge).shape == image.shape
    assert np.array_equal(image, before)


def test_a_class_map_moves_as_the_image_does() -> None:
    bank = ViewBank(Lens(), (60, 80), (60, 80), np.random.default_rng(3), count=32)
    classes = np.zeros((60, 80), np.uint8)
    classes[30:, 40:], classes[:30, 40:], classes[30:, :40] = 1, 2, 3
    image = np.repeat(classes[..., None] * 60, 3, axis=2)
    for number in range(len(bank)):
        seen = np.rint(bank.shift_image(image, number, mirror_edge=False)[..., 0] / 60.0)
        moved = bank.shift_classes(classes, number)
        known = moved != UNKNOWN
        assert np.mean(seen[known] == moved[known]) > 0.97


def test_a_view_that_is_not_shifted_keeps_its_class_map() -> None:
    bank = ViewBank(
        Lens(), (60, 80), (30, 40), np.random.default_rng(0), 1, sideways_m=1e-9, turned_rad=1e-9
    )
    classes = np.random.default_rng(1).integers(0, 5, (30, 40)).astype(np.uint8)
    assert np.array_equal(bank.shift_classes(classes, 0), classes)
