"""The view from above: geometry of the ground plane."""

import numpy as np
import pytest

from car.config import CarConfig, Lens
from car.pilots.road_view import GroundGrid, RoadView

GRID = GroundGrid()
LENSES = [Lens(), Lens(field_of_view_deg=110.0, distortion=-0.25, pitch_deg=25.0, roll_deg=3.0)]


@pytest.mark.parametrize("lens", LENSES)
def test_a_spot_of_ground_and_its_pixel_are_the_same_place(lens: Lens) -> None:
    view = RoadView(lens, 0.257, GRID)
    cells = view.cells_of_pixels(120, 160)[70:120, 10:150]
    x = GRID.near_m + cells[..., 1] * GRID.cell_m
    y = GRID.half_width_m - cells[..., 0] * GRID.cell_m
    pixels = view.pixels(np.stack([x, y], axis=-1), 120, 160)
    columns, rows = np.meshgrid(np.arange(10, 150), np.arange(70, 120))
    assert np.abs(pixels[..., 0] - columns).max() < 0.05
    assert np.abs(pixels[..., 1] - rows).max() < 0.05


def test_by_hand_a_level_camera_sees_a_metre_ahead_so_far_below_the_horizon() -> None:
    lens = Lens(field_of_view_deg=90.0, distortion=0.0, height_m=0.2, forward_m=0.0, pitch_deg=0.0)
    view = RoadView(lens, 0.3, GRID)
    column, row = view.pixels(np.array([1.15, 0.5]), 120, 160)
    assert column == pytest.approx(79.5 - 80.0 * 0.5)
    assert row == pytest.approx(59.5 + 80.0 * 0.2)


def test_what_is_beside_the_picture_is_not_visible() -> None:
    view = RoadView(CarConfig().camera.lens, 0.257, GRID)
    visible = view.visible(120, 160)
    middle = GRID.shape[1] // 2
    assert visible[20, middle] == 1.0
    assert visible[4, 0] == visible[4, -1] == 0.0
    assert 0.4 < visible.mean() < 0.9


def test_a_coarse_map_and_a_picture_show_the_same_ground() -> None:
    """A map a quarter as fine, of the same proportions, lies on the same place."""
    view = RoadView(CarConfig().camera.lens, 0.257, GRID)
    ramp = np.tile(np.arange(160, dtype=np.float32), (120, 1))
    coarse = ramp.reshape(30, 4, 40, 4).mean(axis=(1, 3))
    fine_view, coarse_view = view.from_above(ramp), view.from_above(coarse.astype(np.float32))
    inner = (fine_view > 4) & (fine_view < 155)
    assert np.abs(fine_view - coarse_view)[inner].max() < 0.3
