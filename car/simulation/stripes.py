"""The lines along a road: painted or taped, solid or dashed."""

from dataclasses import dataclass

import numpy as np

from car.simulation.dice import Colour, Dice, rgb

WHITE = ((232, 232, 226), (215, 215, 210), (240, 238, 225))
YELLOW = ((238, 190, 40), (225, 170, 30), (240, 205, 70))
TAPES = ((236, 236, 232), (240, 200, 50), (36, 90, 190), (34, 34, 36), (200, 50, 44), (60, 150, 80))


@dataclass(frozen=True)
class Stripe:
    """A line along the road.

    Attributes:
        offset_m: from the middle of the road, left is positive.
        width_m: of the line.
        colour: RGB 0..255.
        period_m: from one dash to the next.
        dash_m: length of a dash; not shorter than period_m: the line is solid.
        wear: 0 fresh, 1 nearly gone.
        is_edge: it goes on around a crossing; other lines end before it.
    """

    offset_m: float
    width_m: float
    colour: Colour
    period_m: float
    dash_m: float
    wear: float
    is_edge: bool


def road_stripes(surface: str, width_m: float, dice: Dice) -> tuple[Stripe, ...]:
    """Choose the lines of a paved road; few roads lack one or both edges."""
    line_m = dice.around(0.045, 0.018)
    edge = dice.paint(YELLOW if dice.chance(0.12) else WHITE, 16)
    wear = dice.around(0.25, 0.25)
    stripes = list(_pair(width_m / 2 - line_m * 0.75, line_m, edge, wear))
    if dice.chance(0.1):
        stripes = [] if surface == "two-lanes" else stripes[: 1 + dice.chance(0.7)]
    middle = dice.paint(WHITE if dice.chance(0.4) else YELLOW, 16)
    if surface == "two-lanes":
        stripes += _divider(line_m, middle, wear, dice)
    elif dice.chance(0.6, at_zero=0.5):
        stripes.append(_dashes(0.0, line_m, middle, wear, dice))
    return tuple(stripes)


def _pair(offset_m: float, line_m: float, colour: Colour, wear: float) -> tuple[Stripe, Stripe]:
    return (
        Stripe(offset_m, line_m, colour, 1.0, 1.0, wear, is_edge=True),
        Stripe(-offset_m, line_m, colour, 1.0, 1.0, wear, is_edge=True),
    )


def _dashes(offset_m: float, line_m: float, colour: Colour, wear: float, dice: Dice) -> Stripe:
    dash_m = dice.around(0.25, 0.13)
    period_m = dash_m * dice.around(2.0, 0.5)
    return Stripe(offset_m, line_m, colour, period_m, dash_m, wear, is_edge=False)


def _divider(line_m: float, colour: Colour, wear: float, dice: Dice) -> list[Stripe]:
    kind = dice.any_of(("dashed", "dashed", "solid", "double"))
    if kind == "dashed":
        return [_dashes(0.0, line_m, colour, wear, dice)]
    if kind == "solid":
        return [Stripe(0.0, line_m, colour, 1.0, 1.0, wear, is_edge=False)]
    thin_m = line_m * 0.7
    return [
        Stripe(side * thin_m * 1.1, thin_m, colour, 1.0, 1.0, wear, is_edge=False)
        for side in (1, -1)
    ]


def tape_stripes(width_m: float, floor: Colour, dice: Dice) -> tuple[Stripe, ...]:
    """Choose tape for both edges, and often dashes in the middle, that show on that floor."""
    colour = _visible(dice.paint(TAPES, 14), floor)
    tape_m = dice.around(0.045, 0.015)
    stripes = list(_pair(width_m / 2 - tape_m / 2, tape_m, colour, dice.around(0.04, 0.04)))
    if dice.chance(0.5, at_zero=0.35):
        middle = _visible(dice.paint((TAPES[1], *TAPES), 14), floor)
        stripes.append(_dashes(0.0, tape_m, middle, 0.05, dice))
    return tuple(stripes)


def _visible(tape: Colour, floor: Colour) -> Colour:
    """Keep tape apart from the floor that it sticks to."""
    if float(np.abs(tape - floor).max()) > 70.0:
        return tape
    return rgb(30, 32, 36) if float(floor.mean()) > 110.0 else rgb(238, 236, 228)
