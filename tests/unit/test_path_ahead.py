"""Cells under the path of a steering are where the wheels will pass, as the camera sees it."""

import numpy as np
import pytest

from car.config import Lens
from car.frame import RoadClass
from car.path_ahead import PathAhead, ground_to_image
from car.pilots.settings import ChassisConfig
from train.learning.ground import rays_to_pixels

SHAPE, IMAGE = (30, 40), (120, 160)


def paths(lens: Lens | None = None) -> PathAhead:
    return PathAhead(lens or Lens(), ChassisConfig(), SHAPE, IMAGE)


@pytest.mark.parametrize(
    "lens",
    [Lens(), Lens(pitch_deg=25.0, roll_deg=-6.0, distortion=-0.3), Lens(field_of_view_deg=120.0)],
)
def test_ground_is_seen_where_the_training_side_sees_it(lens: Lens) -> None:
    points = np.random.default_rng(1).uniform([0.25, -0.6], [3.0, 0.6], (200, 2))
    rays = np.column_stack(
        [points[:, 0] - lens.forward_m, points[:, 1], np.full(200, -lens.height_m)]
    )
    expected = rays_to_pixels(lens, rays, *IMAGE) + 0.5
    np.testing.assert_allclose(ground_to_image(lens, points, IMAGE), expected, atol=1e-3)


def test_what_lies_behind_the_camera_is_not_seen() -> None:
    assert np.isnan(ground_to_image(Lens(), np.array([[-0.5, 0.0]]), IMAGE)).all()


def test_everything_road_is_all_well() -> None:
    ahead = paths().look(np.full(SHAPE, RoadClass.ROAD, np.uint8), 0.3)
    np.testing.assert_allclose(ahead, (0, 0, 0, 0, 1, 0), atol=1e-5)


def test_lines_are_road_and_grass_sky_and_things_are_not() -> None:
    for kind in RoadClass:
        ahead = paths().look(np.full(SHAPE, kind, np.uint8), 0.0)
        is_road = kind in (RoadClass.ROAD, RoadClass.LINE)
        assert ahead.nowhere == pytest.approx(0.0 if is_road else 1.0, abs=1e-5)
        assert ahead.obstacle == pytest.approx(float(kind is RoadClass.OBSTACLE), abs=1e-5)


def test_left_and_right_are_mirror_images() -> None:
    class_map = np.random.default_rng(2).integers(0, 5, SHAPE, np.uint8)
    one = paths().look(class_map, 0.4)
    other = paths().look(np.ascontiguousarray(class_map[:, ::-1]), -0.4)
    np.testing.assert_allclose(one, other, atol=0.03)  # points on the seam of two cells


def test_the_better_path_is_found_on_the_other_side() -> None:
    class_map = np.full(SHAPE, RoadClass.GROUND, np.uint8)
    class_map[:, :20] = RoadClass.ROAD
    wrong, right = (paths().look(class_map, steering) for steering in (0.8, -0.8))
    assert wrong.off_path > 0.8
    assert wrong.elsewhere > 0.8
    assert right.off_path < 0.1
    assert right.elsewhere < 0.1


def test_reach_is_the_road_before_the_first_obstacle() -> None:
    class_map = np.full(SHAPE, RoadClass.ROAD, np.uint8)
    row = int(ground_to_image(Lens(), np.array([[0.75, 0.0]]), IMAGE)[0, 1] * SHAPE[0] / IMAGE[0])
    class_map[: row + 1] = RoadClass.OBSTACLE
    ahead = paths().look(class_map, 0.0)
    assert 0.3 < ahead.reach < 0.6
    assert ahead.obstacle == pytest.approx(1.0 - ahead.reach, abs=0.1)


def test_a_camera_that_looks_at_the_sky_sees_no_path() -> None:
    ahead = paths(Lens(pitch_deg=-20.0, field_of_view_deg=25.0)).look(
        np.full(SHAPE, RoadClass.ROAD, np.uint8), 0.0
    )
    assert ahead.nowhere == pytest.approx(1.0)
