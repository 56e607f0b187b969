"""Overlays: every instrument says what it was told, and the camera image is left alone."""

import math
import time
from dataclasses import replace

import numpy as np
import pytest

from car.errors import CarError
from car.frame import RoadClass
from car.pictures.class_colours import COLOURS, paint_classes, road_outline, tint_classes
from car.pictures.lettering import StrokeLetters, available_letters, write_aligned
from car.pictures.overlay import REFERENCE, Hud, Pointer, draw_overlay
from car.pictures.track_map import TrackMap

PLAIN = Hud(steering=0.0, throttle=0.0)
FULL = Hud(
    steering=0.3,
    throttle=0.4,
    steering_std=0.1,
    reference_steering=0.2,
    speed_m_s=1.2,
    lap=2,
    laps=10,
    time_s=75.0,
    mode="pilot",
    cross_track_m=-0.07,
    caption="oval, asphalt",
    position_m=(2.0, 0.0),
    trail_m=np.array([[0.0, 2.0], [2.0, 0.0]]),
)


def grey_image():
    return np.full((120, 160, 3), 90, np.uint8)


def half_road(rows=30, columns=40):
    class_map = np.full((rows, columns), RoadClass.SKY, np.uint8)
    class_map[rows // 2 :] = RoadClass.GROUND
    class_map[rows // 2 :, columns // 4 : -columns // 4] = RoadClass.ROAD
    return class_map


def circle_map():
    angle = np.linspace(0.0, 2.0 * np.pi, 60, endpoint=False)
    return TrackMap(2.0 * np.column_stack((np.cos(angle), np.sin(angle))), 0.4)


def middle_of(picture, colour):
    rows, columns = np.nonzero((picture == np.array(colour)).all(axis=2))
    return columns.mean(), rows.mean()


@pytest.mark.parametrize("scale", [1, 2, 4, 6])
def test_the_result_is_the_image_enlarged_and_the_image_stays_as_it_was(scale):
    image = grey_image()
    picture = draw_overlay(image, half_road(), FULL, circle_map(), scale)
    assert picture.shape == (120 * scale, 160 * scale, 3)
    assert picture.dtype == np.uint8
    assert (image == 90).all()


def test_the_same_input_gives_the_same_picture():
    first = draw_overlay(grey_image(), half_road(), FULL, circle_map())
    second = draw_overlay(grey_image(), half_road(), FULL, circle_map())
    assert (first == second).all()


@pytest.mark.parametrize(("steering", "side"), [(-0.8, -1), (0.8, +1)])
def test_the_pointer_of_the_expert_leans_to_where_it_steers(steering, side):
    hud = replace(PLAIN, reference_steering=steering, reference_name="")
    dial = draw_overlay(grey_image(), None, hud)[: 480 - 50]
    assert (middle_of(dial, REFERENCE)[0] - 320) * side > 50


@pytest.mark.parametrize(
    "field",
    [
        {"steering": 0.5},
        {"throttle": 0.5},
        {"throttle": -0.5},
        {"steering_std": 0.2},
        {"reference_steering": 0.4},
        {"speed_m_s": 1.0},
        {"lap": 1},
        {"time_s": 3.0},
        {"mode": "human"},
        {"cross_track_m": 0.1},
        {"caption": "oval"},
    ],
    ids=lambda field: next(iter(field)),
)
def test_every_field_shows(field):
    without = draw_overlay(grey_image(), None, PLAIN)
    shown = draw_overlay(grey_image(), None, replace(PLAIN, **field))
    assert np.count_nonzero((without != shown).any(axis=2)) > 20


def test_what_is_unknown_leaves_no_trace():
    unknown = replace(PLAIN, steering_std=math.nan, position_m=None)
    with_map = draw_overlay(grey_image(), None, unknown, circle_map())
    assert (with_map == draw_overlay(grey_image(), None, PLAIN)).all()


@pytest.mark.parametrize("value", [-9.0, 9.0])
def test_values_beyond_full_lock_stay_on_the_dial(value):
    hud = Hud(steering=value, throttle=value, steering_std=abs(value), reference_steering=value)
    assert draw_overlay(grey_image(), None, hud).shape == (480, 640, 3)


def test_classes_tint_their_own_part_of_the_image():
    tinted = tint_classes(grey_image(), half_road(120, 160)).astype(int)
    road, ground, sky = tinted[110, 80], tinted[110, 5], tinted[5, 5]
    assert road[2] > road[0] + 20
    assert ground[1] > ground[0] + 10
    assert sky.min() > 95


def test_plain_colours_are_those_of_the_classes():
    class_map = np.arange(5, dtype=np.uint8)[None]
    assert [tuple(colour) for colour in paint_classes(class_map)[0]] == list(COLOURS.values())


def test_the_outline_runs_round_the_road_and_leaves_the_picture_with_it():
    (curve,) = road_outline(half_road(), 640, 480)
    x, y = curve[:, 0, 0] / 8, curve[:, 0, 1] / 8
    assert x.min() == pytest.approx(160, abs=12)
    assert x.max() == pytest.approx(480, abs=12)
    assert y.min() == pytest.approx(240, abs=12)
    assert y.max() >= 480


def test_no_road_has_no_outline():
    assert road_outline(np.full((30, 40), RoadClass.SKY, np.uint8), 640, 480) == []


@pytest.mark.parametrize(
    "class_map",
    [
        np.full((30, 40), 5, np.uint8),
        np.zeros((30, 40), np.int64),
        np.zeros((30, 40, 3), np.uint8),
        np.zeros((0, 40), np.uint8),
    ],
    ids=["number too high", "wrong type", "three dimensions", "empty"],
)
def test_what_is_no_class_map_is_refused(class_map):
    with pytest.raises(CarError, match="class map"):
        draw_overlay(grey_image(), class_map, PLAIN)


@pytest.mark.parametrize(
    ("position_m", "x", "y"),
    [((2.0, 0.0), 1, 0), ((-2.0, 0.0), -1, 0), ((0.0, 2.0), 0, -1), ((0.0, -2.0), 0, 1)],
)
def test_east_is_right_and_north_is_up_on_the_map(position_m, x, y):
    column, row = middle_of(circle_map().picture(position_m), (255, 255, 255))
    assert np.sign(round((column - 75) / 20)) == x
    assert np.sign(round((row - 58) / 20)) == y


def test_the_whole_track_fits_its_map():
    picture = circle_map().picture((0.0, 0.0))
    edge = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    assert (edge == edge[0]).all()


@pytest.mark.parametrize("letters", [available_letters(), StrokeLetters()], ids=type)
def test_text_is_aligned_to_its_left_centre_or_right(letters):
    for align, share in (("left", 0.0), ("centre", 0.5), ("right", 1.0)):
        picture = np.zeros((60, 400, 3), np.uint8)
        write_aligned(letters, picture, "0.42 m/s", (200, 40), 24, (255, 255, 255), 500, align)
        columns = np.nonzero(picture.any(axis=(0, 2)))[0]
        width = columns.max() - columns.min()
        assert 40 < width < 180
        assert columns.min() + width * share == pytest.approx(200, abs=4)


def test_an_overlay_costs_little_beside_a_camera_period():
    image, class_map, track_map = grey_image(), half_road(), circle_map()
    draw_overlay(image, class_map, FULL, track_map)
    times_s = []
    for _ in range(20):
        start_s = time.thread_time()
        draw_overlay(image, class_map, FULL, track_map)
        times_s.append(time.thread_time() - start_s)
    assert min(times_s) < 0.015


@pytest.mark.parametrize(("steering", "side"), [(-0.8, 0), (0.8, 1)])
def test_every_pointer_has_its_own_colour_and_side(steering, side):
    violet = (220, 140, 250)
    hud = replace(PLAIN, reference_steering=None, pointers=(Pointer("x", steering, 0.5, violet),))
    with_pointer = draw_overlay(np.zeros((120, 160, 3), np.uint8), None, hud)[330:430]
    found = np.abs(with_pointer.astype(int) - violet).max(axis=2) < 8
    halves = found[:, :320].sum(), found[:, 320:600].sum()
    assert halves[side] > 60
    assert halves[1 - side] == 0


def test_a_notice_lies_across_the_picture_and_only_when_there_is_one():
    image = np.full((120, 160, 3), 120, np.uint8)
    quiet = draw_overlay(image, None, PLAIN)
    noticed = draw_overlay(image, None, replace(PLAIN, notice="Lap 3 in 9.8 s"))
    assert noticed[115:150, :60].mean() < 0.5 * quiet[115:150, :60].mean()
    assert (noticed[115:150] == 255).all(axis=2).sum() > 100
    np.testing.assert_array_equal(noticed[160:], quiet[160:])
