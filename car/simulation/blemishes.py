"""What wears a floor or road: cracks, patches, stains and scuffs."""

import cv2
import numpy as np
from numpy.typing import NDArray

from car.simulation.atlas import UNTOUCHED
from car.simulation.clutter import Road
from car.simulation.dice import Dice
from car.simulation.look import Look
from car.simulation.plot import Plot

Blemishes = NDArray[np.uint8]
"""One value a texel; 128 leaves it as it is, less is darker, more is brighter."""


def wear_out(plot: Plot, look: Look, road: Road, dice: Dice) -> Blemishes:
    """Draw the blemishes of a place along its road."""
    canvas = np.full((plot.rows, plot.columns), UNTOUCHED, np.uint8)
    per_metre = road.length_m * dice.level
    if look.stripes and not look.indoors:
        _each(0.12 * per_metre, lambda: _patch(canvas, plot, road, dice), dice)
        _each(0.25 * per_metre, lambda: _crack(canvas, plot, road, dice), dice)
    _each(0.25 * per_metre, lambda: _stain(canvas, plot, road, dice), dice)
    if look.indoors:
        _each(0.35 * per_metre, lambda: _scuff(canvas, plot, road, dice), dice)
    return canvas


def _each(most: float, draw: object, dice: Dice) -> None:
    for _ in range(int(dice.between(0.0, most + 1.0))):
        draw()  # type: ignore[operator]


def _somewhere(road: Road, dice: Dice) -> NDArray[np.float64]:
    index = int(dice.rng.integers(len(road.centre_m)))
    aside = dice.between(-0.5, 0.5) * road.width_m
    return road.centre_m[index] + aside * road.normal[index]


def _fixed(plot: Plot, points_m: NDArray[np.float64]) -> NDArray[np.int32]:
    places = (points_m - [plot.left_m, plot.bottom_m]) * plot.density_px_m
    return np.round(places * 16).astype(np.int32).reshape(-1, 1, 2)


def _crack(canvas: Blemishes, plot: Plot, road: Road, dice: Dice) -> None:
    steps = dice.rng.normal(0.0, 0.03, (40, 2)) + dice.rng.normal(0.0, 0.02, 2)
    line = _somewhere(road, dice) + np.cumsum(steps, 0)
    thick = int(dice.rng.integers(1, 3))
    cv2.polylines(
        canvas, [_fixed(plot, line)], False, int(dice.between(60, 100)), thick, cv2.LINE_AA, 4
    )


def _patch(canvas: Blemishes, plot: Plot, road: Road, dice: Dice) -> None:
    turn = dice.between(0.0, 3.2)
    across = np.array([np.cos(turn), np.sin(turn)]) * dice.between(0.1, 0.5)
    along = np.array([-np.sin(turn), np.cos(turn)]) * dice.between(0.1, 0.35)
    middle = _somewhere(road, dice)
    corners = np.array(
        [
            middle - across - along,
            middle + across - along,
            middle + across + along,
            middle - across + along,
        ]
    )
    cv2.fillPoly(canvas, [_fixed(plot, corners)], int(dice.between(88, 150)), cv2.LINE_AA, 4)


def _stain(canvas: Blemishes, plot: Plot, road: Road, dice: Dice) -> None:
    """A spot with a soft edge, drawn as ever smaller and stronger ovals."""
    middle = tuple(_fixed(plot, _somewhere(road, dice)).ravel().tolist())
    depth = dice.between(-14.0, 8.0)
    axes = np.array([dice.between(0.03, 0.25), dice.between(0.03, 0.2)]) * plot.density_px_m * 16
    turn = dice.between(0.0, 180.0)
    for ring in range(4):
        tone = round(UNTOUCHED + depth * (ring + 1))
        size = tuple(np.round(axes * (1.0 - 0.16 * ring)).astype(int).tolist())
        cv2.ellipse(canvas, middle, size, turn, 0, 360, tone, -1, cv2.LINE_AA, 4)


def _scuff(canvas: Blemishes, plot: Plot, road: Road, dice: Dice) -> None:
    turn, bend = dice.between(0.0, 6.3), dice.between(-2.0, 2.0)
    heading = turn + bend * np.linspace(0.0, 1.0, 12)
    steps = 0.04 * np.column_stack([np.cos(heading), np.sin(heading)])
    line = _somewhere(road, dice) + np.cumsum(steps, 0)
    cv2.polylines(
        canvas, [_fixed(plot, line)], False, int(dice.between(95, 150)), 1, cv2.LINE_AA, 4
    )
