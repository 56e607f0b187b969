"""The ground ahead, seen from above: what a picture shows of it, by the camera's lens and pose."""

from typing import NamedTuple, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from car.config import Lens
from car.rays import pixel_rays, rays_to_pixels

Floats = NDArray[np.float32]
Number = TypeVar("Number", np.uint8, np.float32)


class GroundGrid(NamedTuple):
    """A rectangle of ground in square cells; x is ahead of the rear axle, y to the left of it.

    Attributes:
        near_m: where the first row lies.
        far_m: where the last row lies.
        half_width_m: from the car's middle line to either side.
        cell_m: side of a cell.
    """

    near_m: float = 0.3
    far_m: float = 2.0
    half_width_m: float = 1.2
    cell_m: float = 0.025

    @property
    def shape(self) -> tuple[int, int]:
        """Rows away from the car, and columns from left to right."""
        rows = round((self.far_m - self.near_m) / self.cell_m) + 1
        return rows, 2 * round(self.half_width_m / self.cell_m) + 1

    def points_m(self) -> Floats:
        """Where every cell lies, x and y, float32 (rows, columns, 2)."""
        rows, columns = self.shape
        x = self.near_m + np.arange(rows) * self.cell_m
        y = self.half_width_m - np.arange(columns) * self.cell_m
        return np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1).astype(np.float32)

    def cells(self, points_m: NDArray[np.floating]) -> Floats:
        """Column and row, as fractions, of points on the ground; float32 (..., 2)."""
        cells = np.empty(points_m.shape, np.float32)
        scale = np.float32(1.0 / self.cell_m)
        cells[..., 0] = (np.float32(self.half_width_m) - points_m[..., 1]) * scale
        cells[..., 1] = (points_m[..., 0] - np.float32(self.near_m)) * scale
        return cells


class RoadView:
    """Turns pictures of one size, and class maps of another, into a view from above.

    Attributes:
        grid: of the ground.
    """

    def __init__(self, lens: Lens, wheelbase_m: float, grid: GroundGrid) -> None:
        """Work out how the camera sees the ground.

        Args:
            lens: the camera's lens and pose.
            wheelbase_m: says how far behind the camera the rear axle is.
            grid: where to look.
        """
        self.grid = grid
        self._lens = lens
        self._behind_m = lens.forward_m + wheelbase_m / 2
        self._maps: dict[tuple[int, int], Floats] = {}

    def pixels(self, points_m: NDArray[np.floating], height_px: int, width_px: int) -> Floats:
        """Column and row in the picture, as fractions, of points on the ground; (..., 2)."""
        rays = np.empty((*points_m.shape[:-1], 3))
        rays[..., 0] = points_m[..., 0] - self._behind_m
        rays[..., 1] = points_m[..., 1]
        rays[..., 2] = -self._lens.height_m
        return rays_to_pixels(self._lens, rays, height_px, width_px)

    def from_above(self, picture: NDArray[Number]) -> NDArray[Number]:
        """The ground grid as this picture shows it; what it does not show repeats its rim.

        Args:
            picture: (height, width) or (height, width, channels), uint8 or float32, with the
                camera's proportions; a class map may be coarser than the picture.
        """
        sources = self._sources(*picture.shape[:2])
        return sampled(picture, sources, cv2.BORDER_REPLICATE)

    def visible(self, height_px: int, width_px: int) -> Floats:
        """Which cells a picture of that size shows: float32 (rows, columns), 1 or 0."""
        sources = self._sources(height_px, width_px)
        column, row = sources[..., 0], sources[..., 1]
        across = (column > -0.5) & (column < width_px - 0.5)
        return (across & (row > -0.5) & (row < height_px - 0.5)).astype(np.float32)

    def cells_of_pixels(self, height_px: int, width_px: int) -> Floats:
        """Column and row in the grid of what each pixel shows, (height, width, 2).

        Pixels that show no ground are far outside of the grid.
        """
        rays = pixel_rays(self._lens, height_px, width_px)
        down = np.maximum(-rays[..., 2:], 1e-6)
        points = rays[..., :2] * self._lens.height_m / down + [self._behind_m, 0.0]
        return self.grid.cells(np.clip(points, -1e4, 1e4))

    def _sources(self, height_px: int, width_px: int) -> Floats:
        """Where each cell is in a picture of that size; worked out once for each size."""
        size = (height_px, width_px)
        if size not in self._maps:
            self._maps[size] = self.pixels(self.grid.points_m(), height_px, width_px)
        return self._maps[size]


def sampled(
    picture: NDArray[Number], places: Floats, border: int, outside: float = 0.0
) -> NDArray[Number]:
    """Read a picture between its pixels.

    Args:
        picture: (rows, columns) or (rows, columns, channels).
        places: column and row of each value to read, as fractions, (n, m, 2).
        border: what lies beyond the rim: cv2.BORDER_REPLICATE or cv2.BORDER_CONSTANT.
        outside: the constant.
    """
    return cv2.remap(  # type: ignore[call-overload]  # the stubs know no None
        picture, places, None, cv2.INTER_LINEAR, borderMode=border, borderValue=outside
    )
