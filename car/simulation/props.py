"""Pictures of what people put beside a road: cones, boxes, balls, tyres, posts, bales, fences."""

import numpy as np

from car.simulation.canvas import Canvas, Sprite, sides
from car.simulation.dice import Dice, rgb

ORANGE = ((235, 92, 28), (225, 70, 30), (240, 120, 30))
CARDBOARD = ((178, 138, 92), (160, 122, 80), (196, 160, 118))


def cone(dice: Dice) -> Sprite:
    """A traffic cone with white bands."""
    canvas, colour = Canvas(), dice.paint(ORANGE, 20)
    bands = dice.pick(((0.34, 0.52), (0.3, 0.44), (0.28, 0.38)))
    canvas.polygon([(0.45, 0.03), (0.55, 0.03), (0.8, 0.92), (0.2, 0.92)], colour)
    for top in bands if dice.chance(0.5) else bands[:1]:
        bottom = top + 0.14
        left_top, left_bottom = 0.45 - 0.28 * (top - 0.03), 0.45 - 0.28 * (bottom - 0.03)
        corners = [(left_top, top), (1 - left_top, top), (1 - left_bottom, bottom)]
        canvas.polygon([*corners, (left_bottom, bottom)], rgb(236, 236, 230))
    canvas.shade_round(0.55)
    canvas.polygon([(0.1, 0.9), (0.9, 0.9), (0.95, 0.99), (0.05, 0.99)], colour * np.float32(0.75))
    return canvas.finish(dice, 2.0)


def box(dice: Dice) -> Sprite:
    """A cardboard box seen at its corner."""
    canvas = Canvas()
    top, front, side = sides(dice.paint(CARDBOARD, 24))
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
    top, front, side = sides(dice.any_colour(30, 230))
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
        colour = rgb(*painted)
        canvas.ellipse(0.5, top + 0.24, 0.46, 0.06, colour * np.float32(0.5))
        canvas.box(0.04, top + 0.06, 0.96, top + 0.24, colour * np.float32(1.0 - 0.08 * level))
        canvas.ellipse(0.5, top + 0.06, 0.46, 0.055, colour)
        canvas.ellipse(0.5, top + 0.06, 0.26, 0.03, rgb(18, 18, 20))
    canvas.shade_round(0.5)
    return canvas.finish(dice, 4.0)


def post(dice: Dice) -> Sprite:
    """A road-side post with a reflector."""
    canvas = Canvas()
    canvas.box(0.36, 0.04, 0.64, 1.0, dice.near((226, 226, 220), 20))
    canvas.box(0.36, 0.16, 0.64, 0.3, dice.pick([rgb(*c) for c in ((30, 30, 32), (200, 40, 36))]))
    canvas.shade_round(0.45)
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
