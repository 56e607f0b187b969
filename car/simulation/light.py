"""Where the light falls on the ground: shadows of trees, houses and things, and pools of lamps."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from car.simulation.atlas import COARSE
from car.simulation.clutter import Thing
from car.simulation.dice import Dice
from car.simulation.look import Look
from car.simulation.noise import field_noise
from car.simulation.plot import Plot

Shade = NDArray[np.float32]
"""Coarse cells: 0 fully lit, 1 in full shadow, below 0 brighter than usual."""


def cast_light(plot: Plot, look: Look, things: tuple[Thing, ...], dice: Dice) -> Shade:
    """Work out the shade of each coarse cell of the ground."""
    shade = np.zeros(plot.coarse_shape, np.float32)
    if look.indoors:
        _pools(shade, plot, dice)
        _soft_patches(shade, plot, dice, 0.25)
    else:
        _soft_patches(shade, plot, dice, 0.12)
        if look.weather.shadow > 0.25:
            _strangers(shade, plot, look, dice)
            _cast_shadows(shade, plot, look, things)
    _contact_shadows(shade, plot, things)
    return np.clip(shade, -0.9, 1.15)


def _soft_patches(shade: Shade, plot: Plot, dice: Dice, strength: float) -> None:
    blob = 1.5 * plot.density_px_m / COARSE
    shade += strength * dice.level * field_noise(dice.rng, plot.coarse_shape, blob, 3)


def _pools(shade: Shade, plot: Plot, dice: Dice) -> None:
    """Brighten spots under lamps and patches before windows."""
    rows, columns = plot.coarse_shape
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32) * (COARSE / plot.density_px_m)
    for _ in range(int(dice.rng.integers(1, 6))):
        at_x, at_y = dice.between(0, x[0, -1]), dice.between(0, y[-1, 0])
        wide = dice.between(0.5, 2.0)
        bright = dice.around(0.25, 0.3)
        shade -= bright * np.exp(-((x - at_x) ** 2 + (y - at_y) ** 2) / (2 * wide * wide))
    for _ in range(int(dice.rng.integers(0, 4)) if dice.chance(0.7) else 0):
        _window_patch(shade, plot, dice)


def _window_patch(shade: Shade, plot: Plot, dice: Dice) -> None:
    """Let the sun fall through a window: slanting bright panes."""
    left, bottom, right, top = plot.box_m
    corner = np.array([dice.between(left, right), dice.between(bottom, top)])
    turn, lean = dice.between(0, 2 * math.pi), dice.between(-0.6, 0.6)
    wide, high = dice.between(0.3, 0.7), dice.between(0.5, 1.4)
    across = np.array([math.cos(turn), math.sin(turn)])
    along = np.array([-across[1], across[0]]) + lean * across
    mask = np.zeros_like(shade)
    for pane in range(2):
        start = corner + across * pane * wide * 1.15
        pane_m = [start, start + across * wide, start + across * wide + along * high]
        _fill(mask, plot, [*pane_m, start + along * high])
    shade -= dice.between(0.35, 0.8) * cv2.GaussianBlur(mask, (0, 0), dice.between(0.7, 2.5))


def _strangers(shade: Shade, plot: Plot, look: Look, dice: Dice) -> None:
    """Throw shadows of what is out of sight: foliage, and sometimes a house or a pole."""
    strength = look.weather.shadow
    mask = np.zeros_like(shade)
    if dice.chance(0.7, at_zero=0.15):
        metre = plot.density_px_m / COARSE
        where = field_noise(dice.rng, plot.coarse_shape, 3.5 * metre, 2)
        leaves = field_noise(dice.rng, plot.coarse_shape, dice.between(0.25, 0.8) * metre, 3)
        sharp = dice.between(0.15, 0.6)
        mask += np.clip((where * 1.2 + leaves - dice.around(1.3, 0.5)) / sharp, 0.0, 1.0)
    if dice.chance(0.4):
        _house_shadow(mask, plot, look, dice)
    np.clip(mask, 0.0, 1.0, out=mask)
    shade += strength * mask


def _house_shadow(mask: Shade, plot: Plot, look: Look, dice: Dice) -> None:
    left, bottom, right, top = plot.box_m
    start = np.array([dice.between(left, right), dice.between(bottom, top)])
    along = np.array([math.cos(look.weather.sun_rad), math.sin(look.weather.sun_rad)])
    across = np.array([-along[1], along[0]]) * dice.between(0.05, 2.0)
    _fill(mask, plot, [start, start + across, start + across + along * 30, start + along * 30])
    mask[:] = cv2.GaussianBlur(mask, (0, 0), 0.9)


def _cast_shadows(shade: Shade, plot: Plot, look: Look, things: tuple[Thing, ...]) -> None:
    mask = np.zeros_like(shade)
    weather = look.weather
    along = np.array([math.cos(weather.sun_rad), math.sin(weather.sun_rad)])
    across = np.array([-along[1], along[0]])
    for thing in things:
        foot = np.array([thing.x_m, thing.y_m])
        reach = along * thing.height_m * weather.shadow_length
        half = across * thing.shadow_m / 2
        _fill(mask, plot, [foot - half * 0.4, foot + half * 0.4, foot + reach * 0.6])
        _oval(mask, plot, foot + reach * 0.6, thing.shadow_m * 0.5, reach * 0.42)
    shade += weather.shadow * cv2.GaussianBlur(mask, (0, 0), 0.8) * (1.0 - np.clip(shade, 0, 1))


def _contact_shadows(shade: Shade, plot: Plot, things: tuple[Thing, ...]) -> None:
    """Darken the ground around the foot of each thing, so that it does not float."""
    mask = np.zeros_like(shade)
    for thing in things:
        foot = np.array([thing.x_m, thing.y_m])
        half = max(0.03, min(0.3, 0.42 * thing.shadow_m))
        _oval(mask, plot, foot, half, np.array([half, 0.0]))
    shade += 0.6 * cv2.GaussianBlur(mask, (0, 0), 1.3)


def _fill(mask: Shade, plot: Plot, corners_m: list[NDArray[np.float64]]) -> None:
    places = np.array([plot.coarse(float(x), float(y)) for x, y in corners_m])
    fixed = np.round(places * 16).astype(np.int32)[:, None]
    cv2.fillPoly(mask, [fixed], 1.0, cv2.LINE_8, 4)


def _oval(
    mask: Shade,
    plot: Plot,
    middle_m: NDArray[np.float64],
    half_m: float,
    reach_m: NDArray[np.float64],
) -> None:
    scale = plot.density_px_m / COARSE
    x, y = plot.coarse(float(middle_m[0]), float(middle_m[1]))
    axes = (round(float(np.hypot(*reach_m)) * scale * 16), round(half_m * scale * 16))
    turn = math.degrees(math.atan2(reach_m[1], reach_m[0]))
    middle = (round(x * 16), round(y * 16))
    cv2.ellipse(mask, middle, axes, turn, 0, 360, 1.0, -1, cv2.LINE_8, 4)
