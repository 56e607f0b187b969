"""Pictures of what stands in rooms: chairs, tables, sofas, shelves, bins."""

import numpy as np

from car.simulation.canvas import Canvas, Sprite, sides
from car.simulation.dice import Dice, rgb


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
    top, cloth, side = sides(
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
        canvas.box(left, 0.95, left + 0.05, 1.0, rgb(40, 34, 30))
    return canvas.finish(dice, 4.0)


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
