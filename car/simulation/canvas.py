"""A transparent square on which pictures of things are painted."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from car.simulation.atlas import SPRITE_PX
from car.simulation.dice import Colour, Dice
from car.simulation.noise import tile_noise

_CANVAS_PX = 256

Sprite = NDArray[np.float32]
"""float32 (SPRITE_PX, SPRITE_PX, 4): RGB times alpha, and alpha, all in 0..255; row 0 on top."""


class Canvas:
    """A transparent square to paint on; places are fractions of its edge, y down."""

    def __init__(self) -> None:
        self.rgb = np.zeros((_CANVAS_PX, _CANVAS_PX, 3), np.float32)
        self.alpha = np.zeros((_CANVAS_PX, _CANVAS_PX), np.float32)

    def polygon(self, corners: Sequence[tuple[float, float]], colour: Colour) -> None:
        """Fill a polygon."""
        shape = np.round(np.array(corners) * _CANVAS_PX * 16).astype(np.int32)[:, None]
        cv2.fillPoly(self.rgb, [shape], colour.tolist(), cv2.LINE_8, 4)
        cv2.fillPoly(self.alpha, [shape], 1.0, cv2.LINE_8, 4)

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        """Fill a rectangle."""
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], colour)

    def ellipse(self, x: float, y: float, wide: float, high: float, colour: Colour) -> None:
        """Fill an ellipse given by its middle and half axes."""
        middle = (round(x * _CANVAS_PX * 16), round(y * _CANVAS_PX * 16))
        axes = (round(wide * _CANVAS_PX * 16), round(high * _CANVAS_PX * 16))
        cv2.ellipse(self.rgb, middle, axes, 0, 0, 360, colour.tolist(), -1, cv2.LINE_8, 4)
        cv2.ellipse(self.alpha, middle, axes, 0, 0, 360, 1.0, -1, cv2.LINE_8, 4)

    def shade_round(self, strength: float = 0.5) -> None:
        """Darken towards the right side of each row, as light from the left would."""
        across = np.linspace(0.0, 1.0, _CANVAS_PX, dtype=np.float32)[None]
        there = self.alpha > 0
        left = np.where(there.any(1), there.argmax(1), 0)[:, None] / _CANVAS_PX
        right = 1.0 - np.where(there.any(1), there[:, ::-1].argmax(1), 0)[:, None] / _CANVAS_PX
        place = np.clip((across - left) / np.maximum(right - left, 1e-3), 0.0, 1.0)
        self.rgb *= (1.12 - strength * place**1.5)[..., None].astype(np.float32)

    def finish(self, dice: Dice, roughness: float = 5.0) -> Sprite:
        """Add a little texture and reduce to the size of a sprite."""
        rough = tile_noise(dice.rng, _CANVAS_PX, 16, 4, 0.8)[..., None] * roughness
        whole = np.dstack([(self.rgb + rough) * self.alpha[..., None], self.alpha * 255.0])
        small = cv2.resize(whole, (SPRITE_PX, SPRITE_PX), interpolation=cv2.INTER_AREA)
        return np.clip(small, 0.0, 255.0).astype(np.float32)


def sides(colour: Colour) -> tuple[Colour, Colour, Colour]:
    """Give the bright top, the front and the dark side of a thing of one colour."""
    return np.minimum(colour * 1.2, 250.0), colour, colour * np.float32(0.62)
