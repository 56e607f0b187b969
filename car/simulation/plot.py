"""The piece of ground that is painted: where it lies and how finely."""

import math
from typing import NamedTuple

from car.simulation.atlas import COARSE
from car.simulation.clutter import Road

DENSEST_PX_M = 128.0
MOST_TEXELS = 4_500_000
_ALIGN = 64


class Plot(NamedTuple):
    """A rectangle of ground. Row 0 is its southern edge, column 0 its western one.

    Attributes:
        left_m: x of its western edge.
        bottom_m: y of its southern edge.
        density_px_m: texels a metre.
        rows: texels from south to north.
        columns: texels from west to east.
    """

    left_m: float
    bottom_m: float
    density_px_m: float
    rows: int
    columns: int

    @property
    def coarse_shape(self) -> tuple[int, int]:
        """Rows and columns of the coarse cells."""
        return self.rows // COARSE, self.columns // COARSE

    @property
    def box_m(self) -> tuple[float, float, float, float]:
        """Least x, least y, greatest x, greatest y."""
        right_m = self.left_m + self.columns / self.density_px_m
        return self.left_m, self.bottom_m, right_m, self.bottom_m + self.rows / self.density_px_m

    def coarse(self, x_m: float, y_m: float) -> tuple[float, float]:
        """Give the place (column, row) in coarse cells."""
        scale = self.density_px_m / COARSE
        return (x_m - self.left_m) * scale, (y_m - self.bottom_m) * scale


def plot_around(road: Road, margins_m: tuple[float, float, float, float]) -> Plot:
    """Take the ground around a road, as finely as memory and time allow.

    Args:
        road: lies inside.
        margins_m: from the centre line to the western, southern, eastern and northern edge.
    """
    west, south, east, north = margins_m
    least, most = road.centre_m.min(0), road.centre_m.max(0)
    wide_m = float(most[0] - least[0]) + west + east
    high_m = float(most[1] - least[1]) + south + north
    density = min(DENSEST_PX_M, math.sqrt(MOST_TEXELS / (wide_m * high_m)))
    return Plot(
        left_m=float(least[0]) - west,
        bottom_m=float(least[1]) - south,
        density_px_m=density,
        rows=math.ceil(high_m * density / _ALIGN) * _ALIGN,
        columns=math.ceil(wide_m * density / _ALIGN) * _ALIGN,
    )
