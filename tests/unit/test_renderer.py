import math

import numpy as np
import pytest

from car.config import Lens
from car.frame import RoadClass
from car.simulation import atlas
from car.simulation.renderer import Renderer, View
from car.simulation.scene import Scene
from car.simulation.tracks import parse_track

LEVEL_LENS = Lens(pitch_deg=0.0, distortion=0.0, forward_m=0.0)


@pytest.fixture(scope="module")
def track():
    return parse_track("oval")


@pytest.fixture(scope="module")
def outdoors(track):
    return Scene(track, "asphalt", seed=2, level=0.3)


@pytest.fixture(scope="module")
def room(track):
    return Scene(track, "tape-wood", seed=2, level=0.3)


def on_road(track, index=10, **changes):
    return View(*track.centre_m[index], track.heading_rad[index])._replace(**changes)


def share_of_sky(classes):
    return float((classes == RoadClass.SKY).mean())


def seen_on_the_ground(scene, lens, view, width, height):
    """Classes as the textbook would find them: pinhole, level camera, one point a pixel."""
    focal = width / 2 / math.tan(math.radians(lens.field_of_view_deg) / 2)
    right, down = np.meshgrid(
        np.arange(width) + 0.5 - width / 2, np.arange(height) + 0.5 - height / 2
    )
    below = down > 0
    ahead = np.where(below, lens.height_m * focal / np.where(below, down, 1), np.nan)
    left = -ahead * right / focal
    c, s = math.cos(view.heading_rad), math.sin(view.heading_rad)
    plot = scene.plot
    x = (view.x_m + c * ahead - s * left - plot.left_m) * plot.density_px_m
    y = (view.y_m + s * ahead + c * left - plot.bottom_m) * plot.density_px_m
    inside = (
        below & (ahead < 1.0) & (x > 8) & (y > 8) & (x < plot.columns - 8) & (y < plot.rows - 8)
    )
    start, stride = scene.atlas.table[atlas.GROUND][:2]
    at = start + np.where(inside, y, 0).astype(int) * stride + np.where(inside, x, 0).astype(int)
    return inside, scene.atlas.flat[at] >> 24


def test_classes_are_those_of_the_painted_ground_under_each_pixel(track, outdoors):
    for index in range(0, len(track), 60):
        view = on_road(track, index)
        _, classes = Renderer(outdoors, LEVEL_LENS).render(view)
        inside, expected = seen_on_the_ground(outdoors, LEVEL_LENS, view, 160, 120)
        inside &= classes != RoadClass.OBSTACLE
        assert inside.sum() > 3000
        assert (classes[inside] == expected[inside]).mean() > 0.98


def test_the_horizon_of_a_level_camera_is_the_middle_of_the_image(track, outdoors):
    _, classes = Renderer(outdoors, LEVEL_LENS).render(on_road(track))
    assert not np.isin(classes[:60], [RoadClass.ROAD, RoadClass.LINE, RoadClass.GROUND]).any()
    assert not (classes[61:] == RoadClass.SKY).any()


def test_a_nose_down_shows_less_sky(track, outdoors):
    renderer = Renderer(outdoors, LEVEL_LENS)
    level = share_of_sky(renderer.render(on_road(track))[1])
    down = share_of_sky(renderer.render(on_road(track, pitch_rad=0.1))[1])
    assert down < level - 0.05


def test_leaning_right_raises_the_right_end_of_the_horizon(track, outdoors):
    _, classes = Renderer(outdoors, LEVEL_LENS).render(on_road(track, roll_rad=0.15))
    ground = np.isin(classes, [RoadClass.ROAD, RoadClass.LINE, RoadClass.GROUND])
    assert ground[:, 80:].mean() > ground[:, :80].mean() + 0.05


def test_turning_left_moves_the_world_to_the_right(track, outdoors):
    renderer = Renderer(outdoors, LEVEL_LENS)
    rows = slice(5, 45)
    ahead, _ = renderer.render(on_road(track))
    step = math.atan(10 / (80 / math.tan(math.radians(40))))
    turned, _ = renderer.render(on_road(track, heading_rad=float(track.heading_rad[10]) + step))
    middle = ahead[rows, 60:90].astype(float)
    right = np.abs(turned[rows, 70:100] - middle).mean()
    left = np.abs(turned[rows, 50:80] - middle).mean()
    assert right < left


def test_a_thing_is_seen_where_it_stands(track, outdoors):
    thing = outdoors.clutter.things[0]
    view = View(thing.x_m - 1.0, thing.y_m, 0.0)
    _, classes = Renderer(outdoors, LEVEL_LENS).render(view)
    foot_row = 60 + round(0.16 * 80 / math.tan(math.radians(40)))
    assert (classes[foot_row - 8 : foot_row, 70:90] == RoadClass.OBSTACLE).any()
    assert not (classes[foot_row + 3 :] == RoadClass.OBSTACLE).all(axis=1).any()


def test_in_a_room_walls_close_the_view(track, room):
    image, classes = Renderer(room, LEVEL_LENS).render(on_road(track))
    assert share_of_sky(classes) > 0.4
    box = room.plot.box_m
    at_wall = View(box[2] - 0.5, (box[1] + box[3]) / 2, 0.0)
    _, classes = Renderer(room, LEVEL_LENS).render(at_wall)
    floor_row = 60 + 0.16 / 0.5 * 80 / math.tan(math.radians(40))
    assert (classes[: int(floor_row) - 1, 80] >= RoadClass.SKY).all()
    assert (classes[int(floor_row) + 2 :, 80] != RoadClass.SKY).all()
    assert image.std() > 5


def test_movement_smears_and_a_global_shutter_at_rest_does_not(track, outdoors):
    still = Renderer(outdoors, Lens()).render(on_road(track))[0]
    fast = Renderer(outdoors, Lens(), exposure_s=0.03).render(on_road(track, speed_m_s=3.0))[0]
    near = slice(85, 120)

    def detail(image):
        return np.abs(np.diff(image[near].astype(float), axis=0)).mean()

    assert detail(fast) < 0.8 * detail(still)


@pytest.mark.parametrize(("width", "height"), [(160, 120), (97, 61), (320, 240), (33, 32)])
def test_images_have_the_size_asked_for(track, outdoors, width, height):
    image, classes = Renderer(outdoors, Lens(), width, height).render(on_road(track))
    assert image.shape == (height, width, 3)
    assert classes.shape == (height, width)
    assert image.dtype == classes.dtype == np.uint8


def test_larger_images_show_the_same(track, outdoors):
    small = Renderer(outdoors, Lens()).render(on_road(track))[1]
    large = Renderer(outdoors, Lens(), 320, 240).render(on_road(track))[1]
    assert (large[1::2, 1::2] == small).mean() > 0.95


def test_each_image_is_a_new_one(track, outdoors):
    renderer = Renderer(outdoors, Lens())
    first, _ = renderer.render(on_road(track))
    before = first.copy()
    renderer.render(on_road(track, 200))
    assert np.array_equal(first, before)
