"""How much each spot of ground looks like the line: by colour, and by contrast to both sides of it.

Brightness is only compared with what lies beside a spot, so that shade, glare and exposure change
little: a line is closer to its colour than the ground on either side is.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from car.frame import Image
from car.pilots.road_view import GroundGrid
from car.pilots.settings import LineConfig

Floats = NDArray[np.float32]

LEAST_CONTRAST = 5.0
"""In units of Lab; weaker is the grain of the ground."""
RELATIVE_CONTRAST = 0.22
"""Of what the ground beside differs from the line's colour: this much less is wholly a line."""
GAP_CELLS = 3
"""From the rim of the line to the middle of what it is compared with: the rim is never sharp."""
DARK, LIGHT = 40.0, 60.0
"""Lightness up to which a line is dark, and from which it is light."""
PALEST, STRONGEST = 0.4, 1.3
"""Shade and glare scale how strong a colour is."""


def lab_of(colour: str) -> Floats:
    """Lab of a colour written #RRGGBB: lightness 0 to 100, a and b about -128 to 127."""
    value = np.array([[[int(colour[k : k + 2], 16) for k in (1, 3, 5)]]], np.uint8)
    return to_lab(value)[0, 0]


def to_lab(image: Image) -> Floats:
    """Lab of an RGB picture, float32 (height, width, 3)."""
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB).astype(np.float32)
    lab -= np.array([0.0, 128.0, 128.0], np.float32)
    lab[..., 0] *= np.float32(100.0 / 255.0)
    return lab


class LineLikeness:
    """Looks for a line of one colour and width in views from above.

    Args:
        config: what the line looks like.
        grid: of the views.
    """

    def __init__(self, config: LineConfig, grid: GroundGrid) -> None:
        self._target = lab_of(config.colour)
        self._tolerance = np.float32(config.tolerance)
        self._width = max(1, round(config.width_m / grid.cell_m)) // 2 * 2 + 1
        self._aside = self._width // 2 + GAP_CELLS

    def of(self, view: Image) -> Floats:
        """How sure each cell is to be line: float32 (rows, columns), 0 to 1.

        Args:
            view: uint8 (rows, columns, 3) RGB, of the ground from above.
        """
        lab = to_lab(view)
        distance = self._distance(lab)
        across = self._ridge(distance, (1, 0))
        along = self._ridge(distance, (0, 1))
        return np.asarray(np.maximum(across, along) * self._right_hue(lab), np.float32)

    def _distance(self, lab: Floats) -> Floats:
        """From the line's colour, in units of Lab.

        What is darker than a dark line, or lighter than a light one, may be the line in other
        light, and differs by nothing in lightness.
        """
        off = lab - self._target
        if self._target[0] < DARK:
            np.maximum(off[..., 0], 0.0, out=off[..., 0])
        elif self._target[0] > LIGHT:
            np.minimum(off[..., 0], 0.0, out=off[..., 0])
        hue = cv2.magnitude(off[..., 1], off[..., 2])
        return np.asarray(cv2.magnitude(np.ascontiguousarray(off[..., 0]), hue), np.float32)

    def _ridge(self, distance: Floats, way: tuple[int, int]) -> Floats:
        """By how much less a strip differs from the colour than the strips on both sides of it.

        Args:
            distance: from the line's colour, float32 (rows, columns).
            way: from a strip to the strips beside it, in columns and rows: (1, 0) or (0, 1).
        """
        wide_by = self._width - 1
        strip = cv2.blur(distance, (1 + way[0] * wide_by, 1 + way[1] * wide_by))
        x, y = way[0] * self._aside, way[1] * self._aside
        rows, columns = strip.shape
        wide = cv2.copyMakeBorder(strip, y, y, x, x, cv2.BORDER_REPLICATE)
        before = wide[:rows, :columns]
        after = wide[2 * y : 2 * y + rows, 2 * x : 2 * x + columns]
        beside = np.minimum(before, after)
        sure = beside - strip - np.float32(LEAST_CONTRAST)
        return np.clip(sure / (np.float32(RELATIVE_CONTRAST) * beside + 1.0), 0.0, 1.0)

    def _right_hue(self, lab: Floats) -> Floats:
        """1 where hue and saturation fit, falling to 0 at the tolerance; float32."""
        wanted, seen = self._target[1:], lab[..., 1:]
        strength = float(wanted @ wanted)
        share = np.clip(seen @ wanted / max(strength, 1.0), PALEST, STRONGEST)
        away = cv2.magnitude(seen[..., 0] - share * wanted[0], seen[..., 1] - share * wanted[1])
        return np.clip(2.0 * (1.0 - away / self._tolerance), 0.0, 1.0)
