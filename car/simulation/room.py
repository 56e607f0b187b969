"""The walls of a room: doors, windows, posters and skirting, unrolled into one long strip."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from car.simulation.atlas import WALL_PX_M, WALL_ROWS
from car.simulation.dice import Colour, Dice, rgb
from car.simulation.look import Look
from car.simulation.noise import tile_noise

_ALIGN = 64

Strip = NDArray[np.float32]
"""float32 (WALL_ROWS, columns, 3) RGB: the eastern, northern, western and southern wall."""

_WALLS = ((222, 218, 208), (200, 206, 210), (208, 196, 172), (176, 188, 176), (190, 172, 164))
_DOORS = ((150, 108, 72), (226, 224, 218), (96, 70, 54), (90, 104, 120))


def paint_walls(look: Look, wide_m: float, deep_m: float, dice: Dice) -> Strip:
    """Paint the four walls of a room of that size, and a ceiling's edge above them."""
    ends_m = np.cumsum([0.0, deep_m, wide_m, deep_m, wide_m])
    columns = math.ceil(ends_m[-1] * WALL_PX_M / _ALIGN) * _ALIGN
    paint = dice.paint(_WALLS, 22)
    strip = np.empty((WALL_ROWS, columns, 3), np.float32)
    for side in range(4):
        first, last = (round(float(end) * WALL_PX_M) for end in ends_m[side : side + 2])
        accent = dice.any_colour(60, 220) if dice.chance(0.25) else paint
        part = strip[:, first : last if side < 3 else columns]
        part[:] = accent * np.float32(dice.around(1.0, 0.05) - 0.06 * (side % 2))
        _hang(part, dice)
    _add_texture(strip, dice)
    height_px = round(dice.around(2.9, 0.6) * WALL_PX_M)
    _add_edges(strip, height_px, dice)
    return np.clip(strip * look.weather.lit, 0.0, 255.0).astype(np.float32)


def _hang(wall: Strip, dice: Dice) -> None:
    """Fill a wall from left to right with windows, doors, posters and free places."""
    place = dice.between(0.2, 1.2) * WALL_PX_M
    while place < wall.shape[1] - 1.6 * WALL_PX_M:
        draw = dice.any_of((_window, _window, _door, _poster, _poster, _radiator, _cupboard, None))
        if draw is not None:
            place += draw(wall, round(place), dice)
        place += dice.between(0.2, 2.2) * WALL_PX_M


def _rectangle(
    wall: Strip, left: int, bottom_m: float, size_m: tuple[float, float], colour: Colour
) -> tuple[int, int, int, int]:
    """Fill a rectangle that begins so high above the floor; give its edges in pixels."""
    right = left + round(size_m[0] * WALL_PX_M)
    bottom = WALL_ROWS - round(bottom_m * WALL_PX_M)
    top = bottom - round(size_m[1] * WALL_PX_M)
    wall[top:bottom, left:right] = colour
    return left, top, right, bottom


def _window(wall: Strip, left: int, dice: Dice) -> float:
    wide, high, sill = dice.between(0.7, 1.5), dice.between(0.8, 1.5), dice.between(0.6, 1.0)
    frame = dice.pick([rgb(*c) for c in ((238, 238, 234), (110, 80, 58), (70, 72, 76))])
    x0, y0, x1, y1 = _rectangle(wall, left, sill, (wide, high), frame)
    pane = wall[y0 + 3 : y1 - 3, x0 + 3 : x1 - 3]
    up = np.linspace(1.0, 0.0, len(pane), dtype=np.float32)[:, None, None]
    sky = dice.near((206, 226, 246), 24)
    pane[:] = sky * (0.85 + 0.15 * up)
    rise = round(len(pane) * dice.between(0.55, 0.9))
    pane[rise:] = dice.near((104, 130, 88), 30)
    for bar in np.linspace(x0, x1, int(dice.rng.integers(2, 4)) + 1)[1:-1].astype(int):
        wall[y0:y1, bar - 1 : bar + 1] = frame
    wall[y1 : y1 + 2, max(0, x0 - 3) : x1 + 3] = frame * np.float32(0.85)
    return wide * WALL_PX_M


def _door(wall: Strip, left: int, dice: Dice) -> float:
    wide, high, colour = dice.between(0.8, 1.0), 2.05, dice.paint(_DOORS, 18)
    x0, y0, x1, _ = _rectangle(wall, left, 0.0, (wide, high), colour * np.float32(0.8))
    wall[y0 + 3 :, x0 + 3 : x1 - 3] = colour
    for low, top in ((0.25, 0.9), (1.15, 1.85)):
        _rectangle(wall, x0 + 7, low, (wide - 0.35, top - low), colour * np.float32(0.9))
    _rectangle(wall, x1 - 8, 1.0, (0.1, 0.05), rgb(190, 190, 186))
    return wide * WALL_PX_M


def _poster(wall: Strip, left: int, dice: Dice) -> float:
    wide, high = dice.between(0.4, 1.2), dice.between(0.4, 1.0)
    x0, y0, x1, y1 = _rectangle(wall, left, dice.between(0.7, 1.4), (wide, high), dice.any_colour())
    for _ in range(int(dice.rng.integers(1, 6))):
        x, y = int(dice.between(x0 + 2, x1 - 4)), int(dice.between(y0 + 2, y1 - 4))
        wide_px, high_px = int(dice.between(2, x1 - x)), int(dice.between(2, y1 - y))
        wall[y : min(y + high_px, y1 - 2), x : min(x + wide_px, x1 - 2)] = dice.any_colour()
    return wide * WALL_PX_M


def _radiator(wall: Strip, left: int, dice: Dice) -> float:
    wide = dice.between(0.6, 1.4)
    white = dice.near((234, 234, 230), 12)
    x0, y0, x1, y1 = _rectangle(wall, left, 0.12, (wide, 0.55), white)
    wall[y0:y1, x0:x1:4] = white * np.float32(0.72)
    return wide * WALL_PX_M


def _cupboard(wall: Strip, left: int, dice: Dice) -> float:
    wide, high = dice.between(0.8, 1.6), dice.between(0.7, 2.1)
    colour = dice.paint(((196, 168, 130), (232, 230, 226), (104, 82, 66)), 20)
    x0, y0, x1, _ = _rectangle(wall, left, 0.0, (wide, high), colour)
    middle = (x0 + x1) // 2
    wall[y0:, middle : middle + 1] = colour * np.float32(0.55)
    wall[y0:, x1 - 2 : x1] = colour * np.float32(0.6)
    wall[y0 : y0 + 2, x0:x1] = np.minimum(colour * 1.15, 250)
    return wide * WALL_PX_M


def _add_texture(strip: Strip, dice: Dice) -> None:
    noise = tile_noise(dice.rng, 512, 4, 5, 0.6)
    repeats = math.ceil(strip.shape[1] / 512)
    strip += 2.5 * np.tile(noise, (1, repeats))[:WALL_ROWS, : strip.shape[1], None]


def _add_edges(strip: Strip, height_px: int, dice: Dice) -> None:
    """Add the ceiling, a skirting board, and the darkness of the corners above and below."""
    top = max(0, WALL_ROWS - height_px)
    strip[:top] = dice.near((236, 235, 230), 14)
    strip[top : top + 2] *= 0.85
    if dice.chance(0.6, at_zero=1.0):
        board = dice.paint(((238, 236, 230), (120, 88, 62), (70, 68, 66)), 15)
        board_px = round(dice.between(0.06, 0.12) * WALL_PX_M)
        strip[-board_px:] = board
        strip[-board_px - 1] *= 0.8
    above_m = (WALL_ROWS - np.arange(WALL_ROWS)) / WALL_PX_M
    dark = 1.0 - 0.22 * np.exp(-above_m / 0.25)
    strip *= dark[:, None, None].astype(np.float32)
    strip[:] = cv2.GaussianBlur(strip, (0, 0), 0.6)
