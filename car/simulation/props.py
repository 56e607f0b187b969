"""Pictures of the things that stand beside a road: cones, trees, boxes, furniture and others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from car.simulation.dice import Colour, Dice
from car.simulation.noise import tile_noise

SPRITE_PX = 128
_CANVAS_PX = 256

Sprite = NDArray[np.float32]
"""float32 (SPRITE_PX, SPRITE_PX, 4): RGB times alpha, and alpha, all in 0..255; row 0 on top."""

ORANGE = ((235, 92, 28), (225, 70, 30), (240, 120, 30))
CARDBOARD = ((178, 138, 92), (160, 122, 80), (196, 160, 118))
LEAVES = ((64, 104, 44), (52, 88, 40), (88, 118, 48), (44, 78, 46), (150, 120, 44))


class Canvas:
    """A transparent square to paint on; places are fractions of its edge, y down."""

    def __init__(self) -> None:
        self.rgb = np.zeros((_CANVAS_PX, _CANVAS_PX, 3), np.float32)
        self.alpha = np.zeros((_CANVAS_PX, _CANVAS_PX), np.float32)

    def polygon(self, corners: Sequence[tuple[float, float]], colour: Colour) -> None:
        """Fill a polygon."""
        shape = np.round(np.float32(corners) * _CANVAS_PX * 16).astype(np.int32)[:, None]
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


def _sides(colour: Colour) -> tuple[Colour, Colour, Colour]:
    """Give the bright top, the front and the dark side of a thing of one colour."""
    return np.minimum(colour * 1.2, 250.0), colour, colour * np.float32(0.62)


def cone(dice: Dice) -> Sprite:
    """A traffic cone with white bands."""
    canvas, colour = Canvas(), dice.paint(ORANGE, 20)
    bands = dice.pick(((0.34, 0.52), (0.3, 0.44), (0.28, 0.38)))
    canvas.polygon([(0.45, 0.03), (0.55, 0.03), (0.8, 0.92), (0.2, 0.92)], colour)
    for top in bands if dice.chance(0.5) else bands[:1]:
        bottom = top + 0.14
        left_top, left_bottom = 0.45 - 0.28 * (top - 0.03), 0.45 - 0.28 * (bottom - 0.03)
        corners = [(left_top, top), (1 - left_top, top), (1 - left_bottom, bottom)]
        canvas.polygon([*corners, (left_bottom, bottom)], np.float32([236, 236, 230]))
    canvas.shade_round(0.55)
    canvas.polygon([(0.1, 0.9), (0.9, 0.9), (0.95, 0.99), (0.05, 0.99)], colour * np.float32(0.75))
    return canvas.finish(dice, 2.0)


def tree(dice: Dice) -> Sprite:
    """A broad-leaved tree."""
    canvas, leaves = Canvas(), dice.paint(LEAVES, 22)
    trunk = dice.near((92, 72, 52), 18)
    lean = dice.between(-0.04, 0.04)
    canvas.polygon([(0.47 + lean, 0.5), (0.53 + lean, 0.5), (0.545, 1.0), (0.455, 1.0)], trunk)
    wide, high = dice.between(0.14, 0.22), dice.between(0.12, 0.17)
    _crown(canvas, dice, leaves, (0.5 + lean, 0.36), (wide, high))
    return canvas.finish(dice, 9.0)


def _crown(
    canvas: Canvas,
    dice: Dice,
    leaves: Colour,
    middle: tuple[float, float],
    spread: tuple[float, float],
) -> None:
    places = dice.rng.normal(middle, spread, (90, 2))
    places = places[np.hypot(*((places - middle) / np.array(spread)).T) < 1.9]
    for x, y in sorted(places.tolist(), key=lambda place: -place[1]):
        light = 1.15 - 0.9 * (y - middle[1] + spread[1]) - 0.35 * (x - middle[0])
        radius = dice.between(0.035, 0.085)
        colour = leaves * np.float32(light * dice.between(0.72, 1.18))
        canvas.ellipse(x, max(y, radius + 0.01), radius, radius * 0.85, np.clip(colour, 4, 250))


def conifer(dice: Dice) -> Sprite:
    """A fir or spruce."""
    canvas, needles = Canvas(), dice.paint(((38, 72, 46), (50, 86, 52), (60, 84, 60)), 15)
    canvas.box(0.47, 0.85, 0.53, 1.0, dice.near((82, 62, 46), 15))
    for layer in range(9, 0, -1):
        top, wide = 0.02 + 0.085 * layer, 0.035 + 0.038 * layer
        shade = needles * np.float32(dice.between(0.8, 1.15))
        ragged = [(0.5 + wide * t, top + 0.14 + 0.02 * (-1) ** i) for i, t in _teeth(dice)]
        canvas.polygon([(0.5, top - 0.09), *ragged], shade)
    canvas.shade_round(0.45)
    return canvas.finish(dice, 9.0)


def _teeth(dice: Dice) -> list[tuple[int, float]]:
    return [(i, 1.0 - i / 4.0 + dice.between(-0.06, 0.06)) for i in range(9)]


def bush(dice: Dice) -> Sprite:
    """A shrub that starts at the ground."""
    canvas, leaves = Canvas(), dice.paint(LEAVES, 24)
    canvas.ellipse(0.5, 0.86, 0.4, 0.14, leaves * np.float32(0.45))
    _crown(canvas, dice, leaves, (0.5, 0.6), (0.22, 0.19))
    return canvas.finish(dice, 10.0)


def tuft(dice: Dice) -> Sprite:
    """High grass."""
    canvas, blade = Canvas(), dice.paint(((98, 134, 58), (150, 144, 84), (84, 118, 52)), 20)
    for _ in range(70):
        foot, tip = dice.between(0.25, 0.75), dice.between(-0.28, 0.28)
        corners = [(foot - 0.012, 1.0), (foot + 0.012, 1.0), (foot + tip, dice.between(0.1, 0.7))]
        canvas.polygon(corners, np.clip(blade * np.float32(dice.between(0.6, 1.25)), 4, 250))
    return canvas.finish(dice, 6.0)


def box(dice: Dice) -> Sprite:
    """A cardboard box seen at its corner."""
    canvas = Canvas()
    top, front, side = _sides(dice.paint(CARDBOARD, 24))
    corner = dice.between(0.35, 0.7)
    canvas.polygon([(0.02, 0.22), (corner, 0.3), (corner, 1.0), (0.02, 0.9)], front)
    canvas.polygon([(corner, 0.3), (0.98, 0.22), (0.98, 0.9), (corner, 1.0)], side)
    canvas.polygon([(0.02, 0.22), (corner * 0.5 + 0.25, 0.12), (0.98, 0.22), (corner, 0.3)], top)
    tape = front * np.float32(0.82)
    middle = corner / 2
    canvas.polygon(
        [
            (middle - 0.04, 0.255),
            (middle + 0.04, 0.265),
            (middle + 0.04, 0.45),
            (middle - 0.04, 0.44),
        ],
        tape,
    )
    return canvas.finish(dice, 3.0)


def crate(dice: Dice) -> Sprite:
    """A plastic or painted box of any bright colour."""
    canvas = Canvas()
    top, front, side = _sides(dice.any_colour(30, 230))
    canvas.box(0.04, 0.12, 0.7, 1.0, front)
    canvas.polygon([(0.7, 0.12), (0.96, 0.1), (0.96, 0.94), (0.7, 1.0)], side)
    canvas.polygon([(0.04, 0.12), (0.3, 0.04), (0.96, 0.1), (0.7, 0.12)], top)
    for row in range(3):
        canvas.box(0.12, 0.28 + 0.22 * row, 0.62, 0.36 + 0.22 * row, front * np.float32(0.8))
    return canvas.finish(dice, 3.0)


def ball(dice: Dice) -> Sprite:
    """A ball with a light spot."""
    canvas, colour = Canvas(), dice.any_colour(40, 235)
    for ring in range(14):
        part = ring / 14
        shade = np.clip(colour * np.float32(0.55 + 0.75 * part), 0, 252)
        canvas.ellipse(0.5 - 0.14 * part, 0.5 - 0.16 * part, *(0.49 * (1 - part * 0.9),) * 2, shade)
    return canvas.finish(dice, 2.0)


def tyre(dice: Dice) -> Sprite:
    """Stacked tyres, some painted."""
    canvas = Canvas()
    for level, top in enumerate((0.7, 0.4, 0.1)):
        painted = (
            dice.any_of(((222, 60, 50), (228, 228, 224))) if dice.chance(0.6) else (46, 46, 48)
        )
        colour = np.float32(painted)
        canvas.ellipse(0.5, top + 0.24, 0.46, 0.06, colour * np.float32(0.5))
        canvas.box(0.04, top + 0.06, 0.96, top + 0.24, colour * np.float32(1.0 - 0.08 * level))
        canvas.ellipse(0.5, top + 0.06, 0.46, 0.055, colour)
        canvas.ellipse(0.5, top + 0.06, 0.26, 0.03, np.float32([18, 18, 20]))
    canvas.shade_round(0.5)
    return canvas.finish(dice, 4.0)


def post(dice: Dice) -> Sprite:
    """A road-side post with a reflector."""
    canvas = Canvas()
    canvas.box(0.36, 0.04, 0.64, 1.0, dice.near((226, 226, 220), 20))
    canvas.box(
        0.36, 0.16, 0.64, 0.3, dice.pick([np.float32(c) for c in ((30, 30, 32), (200, 40, 36))])
    )
    canvas.shade_round(0.45)
    return canvas.finish(dice, 2.0)


def rock(dice: Dice) -> Sprite:
    """A boulder."""
    canvas, colour = Canvas(), dice.near((132, 128, 120), 30)
    around = np.sort(dice.rng.uniform(np.pi, 2 * np.pi, 8))
    reach = dice.rng.uniform(0.75, 1.0, 8)
    top = [
        (0.5 + 0.48 * r * np.cos(a), 0.97 + 0.9 * r * np.sin(a))
        for a, r in zip(around, reach, strict=True)
    ]
    canvas.polygon([(0.03, 1.0), *top, (0.97, 1.0)], colour)
    canvas.polygon([top[3], top[5], top[7], (0.9, 1.0), (0.55, 1.0)], colour * np.float32(0.72))
    return canvas.finish(dice, 9.0)


def chair(dice: Dice) -> Sprite:
    """A chair: four legs, a seat and a back."""
    canvas, wood = Canvas(), dice.paint(((150, 108, 70), (60, 60, 64), (196, 190, 180)), 20)
    dark = wood * np.float32(0.6)
    for left, foot, colour in ((0.3, 0.93, dark), (0.82, 0.93, dark), (0.16, 1.0, wood)):
        canvas.box(left, 0.5, left + 0.045, foot, colour)
    canvas.box(0.7, 0.5, 0.745, 1.0, wood)
    canvas.box(0.3, 0.02, 0.34, 0.5, dark)
    canvas.box(0.82, 0.02, 0.86, 0.5, dark)
    canvas.box(0.3, 0.05, 0.86, 0.3, wood * np.float32(0.85))
    canvas.polygon(
        [(0.14, 0.53), (0.3, 0.46), (0.88, 0.46), (0.76, 0.53)], np.minimum(wood * 1.2, 250)
    )
    canvas.box(0.14, 0.53, 0.76, 0.57, wood * np.float32(0.8))
    return canvas.finish(dice, 3.0)


def table(dice: Dice) -> Sprite:
    """A table seen from below its top."""
    canvas, wood = Canvas(), dice.paint(((168, 124, 80), (226, 224, 218), (84, 62, 48)), 20)
    for left, foot in ((0.16, 0.94), (0.8, 0.94), (0.06, 1.0), (0.9, 1.0)):
        canvas.box(left, 0.1, left + 0.04, foot, wood * np.float32(0.7 if foot < 1.0 else 0.9))
    canvas.polygon(
        [(0.0, 0.1), (0.14, 0.03), (0.86, 0.03), (1.0, 0.1)], np.minimum(wood * 1.15, 250)
    )
    canvas.box(0.0, 0.1, 1.0, 0.16, wood * np.float32(0.8))
    return canvas.finish(dice, 3.0)


def sofa(dice: Dice) -> Sprite:
    """A sofa with arms and cushions."""
    canvas = Canvas()
    top, cloth, side = _sides(
        dice.paint(((92, 100, 116), (130, 82, 64), (66, 84, 72), (180, 172, 158)), 24)
    )
    canvas.box(0.06, 0.05, 0.94, 0.6, cloth * np.float32(0.85))
    for left in (0.14, 0.51):
        canvas.box(left, 0.12, left + 0.35, 0.58, cloth)
        canvas.box(left, 0.52, left + 0.35, 0.68, top)
    canvas.box(0.06, 0.66, 0.94, 0.94, side)
    canvas.box(0.0, 0.35, 0.14, 0.96, cloth * np.float32(0.92))
    canvas.box(0.86, 0.35, 1.0, 0.96, cloth * np.float32(0.75))
    for left in (0.04, 0.9):
        canvas.box(left, 0.95, left + 0.05, 1.0, np.float32([40, 34, 30]))
    return canvas.finish(dice, 4.0)


def plant(dice: Dice) -> Sprite:
    """A pot plant."""
    canvas, leaves = Canvas(), dice.paint(LEAVES[:4], 18)
    pot = dice.paint(((176, 98, 66), (220, 218, 212), (70, 72, 76)), 18)
    for _ in range(26):
        tip_x, tip_y = dice.between(0.08, 0.92), dice.between(0.02, 0.5)
        shade = np.clip(leaves * np.float32(dice.between(0.65, 1.3)), 4, 250)
        middle = ((tip_x + 0.5) / 2, (tip_y + 0.68) / 2 - 0.05)
        canvas.polygon(
            [
                (0.5, 0.7),
                (middle[0] - 0.04, middle[1]),
                (tip_x, tip_y),
                (middle[0] + 0.04, middle[1]),
            ],
            shade,
        )
    canvas.polygon([(0.32, 0.68), (0.68, 0.68), (0.62, 1.0), (0.38, 1.0)], pot)
    canvas.box(0.3, 0.66, 0.7, 0.72, np.minimum(pot * 1.15, 250))
    return canvas.finish(dice, 3.0)


def bin_(dice: Dice) -> Sprite:
    """A waste bin."""
    canvas, colour = Canvas(), dice.paint(((70, 74, 80), (40, 92, 62), (172, 174, 176)), 20)
    canvas.polygon([(0.1, 0.1), (0.9, 0.1), (0.78, 1.0), (0.22, 1.0)], colour)
    canvas.shade_round(0.5)
    canvas.ellipse(0.5, 0.1, 0.42, 0.07, colour * np.float32(0.5))
    return canvas.finish(dice, 2.0)


def shelf(dice: Dice) -> Sprite:
    """A rack with books and boxes."""
    canvas, wood = Canvas(), dice.paint(((172, 136, 96), (228, 226, 222), (70, 56, 46)), 20)
    canvas.box(0.02, 0.01, 0.98, 1.0, wood * np.float32(0.45))
    for level in range(4):
        top, place = 0.03 + 0.245 * level, 0.07
        while place < 0.86:
            wide, high = dice.between(0.03, 0.12), dice.between(0.08, 0.19)
            canvas.box(
                place, top + 0.21 - high, min(place + wide, 0.93), top + 0.21, dice.any_colour()
            )
            place += wide + (0.1 if dice.between(0, 1) < 0.15 else 0.0)
        canvas.box(0.02, top + 0.21, 0.98, top + 0.245, wood)
    for left in (0.02, 0.93):
        canvas.box(left, 0.01, left + 0.05, 1.0, wood)
    return canvas.finish(dice, 2.0)


def hay(dice: Dice) -> Sprite:
    """A straw bale."""
    canvas, straw = Canvas(), dice.near((204, 172, 96), 18)
    canvas.box(0.01, 0.2, 0.76, 1.0, straw)
    canvas.polygon([(0.76, 0.2), (0.99, 0.12), (0.99, 0.9), (0.76, 1.0)], straw * np.float32(0.65))
    canvas.polygon(
        [(0.01, 0.2), (0.24, 0.12), (0.99, 0.12), (0.76, 0.2)], np.minimum(straw * 1.15, 250)
    )
    for top in (0.4, 0.75):
        canvas.box(0.01, top, 0.76, top + 0.02, straw * np.float32(0.6))
    return canvas.finish(dice, 14.0)


def fence(dice: Dice) -> Sprite:
    """A length of plank fence or barrier."""
    canvas, wood = Canvas(), dice.paint(((150, 122, 92), (232, 230, 224), (120, 100, 84)), 20)
    for left in (0.06, 0.47, 0.88):
        canvas.box(left, 0.05, left + 0.06, 1.0, wood * np.float32(0.7))
    for top in (0.15, 0.45, 0.72):
        canvas.box(
            0.0, top, 1.0, top + 0.15, np.clip(wood * np.float32(dice.between(0.88, 1.1)), 0, 250)
        )
    return canvas.finish(dice, 5.0)


@dataclass(frozen=True)
class Kind:
    """A kind of thing and where it stands.

    Attributes:
        paint: makes its picture.
        height_m: least and greatest height.
        slimness: width over height.
        away_m: least and greatest distance from the edge of the road.
        shadow: width of what throws the shadow, in widths of the picture.
        common: how often against the other kinds.
    """

    paint: Callable[[Dice], Sprite]
    height_m: tuple[float, float]
    slimness: float
    away_m: tuple[float, float]
    shadow: float
    common: float


OUTDOORS = (
    Kind(cone, (0.14, 0.34), 0.72, (0.15, 0.6), 0.8, 2.0),
    Kind(tree, (1.2, 3.4), 0.9, (0.7, 3.5), 0.7, 4.0),
    Kind(tree, (1.6, 4.0), 0.85, (0.9, 3.5), 0.7, 2.0),
    Kind(conifer, (1.2, 3.2), 0.7, (0.8, 3.5), 0.6, 1.5),
    Kind(bush, (0.25, 0.9), 1.3, (0.3, 3.0), 0.9, 3.0),
    Kind(tuft, (0.1, 0.35), 1.0, (0.15, 2.0), 0.5, 2.0),
    Kind(rock, (0.08, 0.45), 1.5, (0.2, 3.0), 0.9, 1.0),
    Kind(box, (0.2, 0.6), 1.1, (0.2, 2.0), 0.9, 0.8),
    Kind(crate, (0.2, 0.6), 1.2, (0.25, 2.0), 0.9, 0.6),
    Kind(tyre, (0.2, 0.4), 1.0, (0.15, 0.9), 0.9, 0.6),
    Kind(post, (0.25, 0.5), 0.22, (0.15, 0.4), 0.6, 1.0),
    Kind(hay, (0.25, 0.5), 1.6, (0.25, 1.5), 0.9, 0.6),
    Kind(fence, (0.4, 0.8), 2.2, (0.9, 3.0), 0.9, 0.8),
    Kind(ball, (0.1, 0.3), 1.0, (0.15, 1.5), 0.8, 0.4),
)

INDOORS = (
    Kind(cone, (0.12, 0.3), 0.72, (0.15, 0.5), 0.8, 1.5),
    Kind(box, (0.15, 0.6), 1.1, (0.2, 1.5), 0.9, 2.0),
    Kind(crate, (0.15, 0.5), 1.2, (0.2, 1.5), 0.9, 1.2),
    Kind(ball, (0.08, 0.25), 1.0, (0.15, 1.2), 0.8, 1.0),
    Kind(chair, (0.8, 0.95), 0.55, (0.25, 2.0), 0.9, 2.0),
    Kind(table, (0.7, 0.8), 1.7, (0.4, 2.5), 0.9, 1.0),
    Kind(sofa, (0.75, 0.9), 2.2, (0.5, 2.5), 0.95, 0.8),
    Kind(plant, (0.4, 1.3), 0.7, (0.3, 2.0), 0.5, 1.0),
    Kind(bin_, (0.25, 0.4), 0.8, (0.2, 2.0), 0.8, 0.8),
    Kind(shelf, (1.2, 2.0), 0.6, (0.6, 3.0), 0.95, 0.8),
)
