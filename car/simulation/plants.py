"""Pictures of what grows or lies in a landscape: trees, bushes, grass, rocks, pot plants."""

import numpy as np

from car.simulation.canvas import Canvas, Sprite
from car.simulation.dice import Colour, Dice

LEAVES = ((64, 104, 44), (52, 88, 40), (88, 118, 48), (44, 78, 46), (150, 120, 44))


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
