"""The view to the horizon outdoors: sky, clouds, hills, tree lines and houses, all around."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from car.simulation.atlas import PANORAMA_PX, PANORAMA_ROWS, PER_UNIT_PX, TOP
from car.simulation.dice import Colour, Dice, rgb
from car.simulation.look import Look
from car.simulation.noise import Field, ring_noise, tile_noise
from car.simulation.usual_looks import GREENS

_OVER = 2
_WIDE, _HIGH = PANORAMA_PX * _OVER, PANORAMA_ROWS * _OVER
_SLOPE = (TOP - (np.arange(_HIGH) + 0.5) / (PER_UNIT_PX * _OVER)).astype(np.float32)

Panorama = NDArray[np.float32]
"""float32 (PANORAMA_ROWS, PANORAMA_PX, 3) RGB; wraps from the last column to the first."""

_SKIES: dict[str, tuple[tuple[int, int, int], tuple[int, int, int]]] = {
    "clear": ((74, 128, 204), (196, 218, 236)),
    "cloudy": ((84, 134, 200), (208, 220, 230)),
    "overcast": ((168, 172, 178), (204, 206, 208)),
    "dusk": ((86, 96, 148), (242, 186, 138)),
    "fog": ((196, 200, 202), (206, 208, 208)),
}
_COVER = {"clear": -1.6, "cloudy": 0.0, "overcast": 1.5, "dusk": -0.4, "fog": 2.0}


def paint_panorama(look: Look, dice: Dice) -> tuple[Panorama, Colour]:
    """Paint the view all around.

    Returns:
        The panorama and the colour of the air at the horizon, into which far things fade.
    """
    weather = look.weather
    zenith, horizon = (_tone(c, dice) for c in _SKIES[weather.name])
    bright = float(np.clip(weather.lit.mean(), 0.5, 1.1))
    image = _gradient(zenith * bright, horizon * bright)
    _add_sun(image, look, dice)
    image = _add_clouds(image, look, bright, dice)
    air = np.clip(horizon * bright, 0, 250).astype(np.float32)
    for distance in (0.75, 0.5) if dice.chance(0.85, at_zero=0.6) else ():
        if dice.chance(0.7, at_zero=1.0):
            _add_hills(image, air, distance, dice)
    _add_houses(image, air, look, dice)
    for distance in (0.35, 0.12):
        if dice.chance(0.75, at_zero=1.0):
            _add_tree_line(image, air, distance, look, dice)
    small = cv2.resize(image, (PANORAMA_PX, PANORAMA_ROWS), interpolation=cv2.INTER_AREA)
    return np.clip(small, 0.0, 255.0).astype(np.float32), air


def _tone(middle: tuple[int, int, int], dice: Dice) -> Colour:
    return dice.any_colour(60, 230) if dice.is_strange() else dice.near(middle, 22)


def _gradient(zenith: Colour, horizon: Colour) -> Panorama:
    up = np.clip(_SLOPE, 0.0, 1.0)[:, None, None] ** 0.7
    return np.repeat(horizon * (1 - up) + zenith * up, _WIDE, 1).astype(np.float32)


def _add_sun(image: Panorama, look: Look, dice: Dice) -> None:
    """Brighten the sky around the sun; it stands opposite to where shadows point."""
    weather = look.weather
    if weather.name not in ("clear", "cloudy", "dusk"):
        return
    column = (-(weather.sun_rad + math.pi) / (2 * math.pi)) % 1.0 * _WIDE
    away = np.abs((np.arange(_WIDE) - column + _WIDE / 2) % _WIDE - _WIDE / 2) / _WIDE * 6.28
    slope = min(1.0, 1.0 / weather.shadow_length)
    square = away[None] ** 2 + (_SLOPE[:, None] - slope) ** 2
    glow = 70.0 * np.exp(-square / 0.25) + 200.0 * np.exp(-square / 0.006)
    image += glow[..., None].astype(np.float32) * rgb(1.0, 0.95, 0.8)


def _add_clouds(image: Panorama, look: Look, bright: float, dice: Dice) -> Panorama:
    """Lay a flat, endless layer of clouds over the world and look at it in perspective."""
    name = look.weather.name
    noise = tile_noise(dice.rng, 512, 4, 6, 0.62)
    around = np.arange(_WIDE, dtype=np.float32) * np.float32(2 * math.pi / _WIDE)
    far = 100.0 / np.maximum(_SLOPE, 0.02) ** 0.75
    x = (far[:, None] * np.cos(around) + dice.between(0, 512)).astype(np.float32) % 512
    y = (far[:, None] * np.sin(around) + dice.between(0, 512)).astype(np.float32) % 512
    seen = cv2.remap(noise, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    cover = np.clip((seen + _COVER[name] + dice.around(0.0, 0.6)) / 1.4, 0.0, 1.0)
    cover *= np.clip(_SLOPE / 0.08, 0.15, 1.0)[:, None]
    shadow = np.clip(0.5 + 0.25 * seen, 0.0, 1.0)[..., None]
    white = (rgb(248, 226, 212) if name == "dusk" else rgb(248, 249, 250)) * bright
    grey = (rgb(150, 128, 140) if name == "dusk" else rgb(176, 182, 190)) * bright
    cloud = grey * shadow + white * (1 - shadow) if name != "clear" else white
    return np.asarray(image + (cloud - image) * cover[..., None] * 0.92, np.float32)


def _add_hills(image: Panorama, air: Colour, distance: float, dice: Dice) -> None:
    height = 0.03 + 0.1 * (0.4 + distance) * dice.between(0.3, 1.0)
    ridge = height * (1.0 + 0.4 * ring_noise(dice.rng, _WIDE, 24, 0.3))
    colour = dice.paint(((84, 108, 82), (98, 110, 120), (122, 112, 92)), 20)
    texture = tile_noise(dice.rng, 512, 16, 4, 0.8)
    _fill_under(image, ridge, colour, texture, 8.0, air, distance)


def _fill_under(
    image: Panorama,
    ridge: Field,
    colour: Colour,
    texture: Field,
    rough: float,
    air: Colour,
    distance: float,
) -> None:
    """Fill all below a ridge (tangent of elevation by column) with a textured colour."""
    cover = np.clip((ridge[None] - _SLOPE[:, None]) * PER_UNIT_PX * _OVER, 0.0, 1.0)[..., None]
    rows = min(_HIGH, 512)
    tiled = np.tile(texture, (1, _WIDE // 512))[:rows]
    body = (colour + tiled[:_HIGH, :, None] * np.float32(rough)) * (1 - distance) + air * distance
    image += (body - image) * cover


def _add_tree_line(image: Panorama, air: Colour, distance: float, look: Look, dice: Dice) -> None:
    """Paint a line of trees as many shaded crowns, those at the back first."""
    leaves = dice.paint(GREENS, 22) * np.float32(0.62) * look.weather.lit
    height = (0.05 + 0.1 * (0.4 - distance)) * dice.between(0.5, 1.5)
    gaps = ring_noise(dice.rng, _WIDE, 12, 0.7) + (2.0 if distance > 0.2 else dice.around(0.3, 1.0))
    base = np.where(gaps > 0.0, 0.3 * height, 0.008).astype(np.float32)
    texture = tile_noise(dice.rng, 512, 64, 3, 0.8)
    _fill_under(image, base, leaves * np.float32(0.7), texture, 6.0, air, distance)
    scale = PER_UNIT_PX * _OVER
    columns = dice.rng.uniform(0, _WIDE, 900)
    up = dice.rng.uniform(0.1, 1.0, 900) ** 1.3
    for k in np.argsort(-up).tolist():
        column, top = float(columns[k]), float(up[k]) * height
        if gaps[int(column)] < 0.0:
            continue
        shade = np.float32(0.6 + 0.55 * up[k] + dice.between(-0.14, 0.14))
        colour = np.clip(leaves * shade, 3, 250) * (1 - distance) + air * distance
        radius = height * scale * dice.between(0.12, 0.3)
        _disc(image, column, (TOP - top) * scale, radius, colour)


def _disc(image: Panorama, x: float, y: float, radius: float, colour: Colour) -> None:
    axes = (max(1, round(radius)), max(1, round(radius * 0.85)))
    for wrap in (0, -_WIDE if x > _WIDE / 2 else _WIDE):
        if -radius < x + wrap < _WIDE + radius:
            middle = (round(x + wrap), round(y))
            cv2.ellipse(image, middle, axes, 0, 0, 360, colour.tolist(), -1)


def _add_houses(image: Panorama, air: Colour, look: Look, dice: Dice) -> None:
    if not dice.chance(0.8, at_zero=0.5):
        return
    for _ in range(int(dice.rng.integers(1, 7))):
        _house(image, air, look, dice)


def _house(image: Panorama, air: Colour, look: Look, dice: Dice) -> None:
    scale, haze = PER_UNIT_PX * _OVER, dice.between(0.1, 0.45)
    wide, high = dice.between(0.06, 0.3) * scale, dice.between(0.04, 0.11) * scale
    left, bottom = dice.between(0, _WIDE - wide), (TOP + 0.005) * scale
    gain = look.weather.lit * np.float32(1 - haze)

    def hazed(colour: Colour) -> list[float]:
        return list((np.clip(colour * gain, 0, 250) + air * haze).astype(float))

    wall = dice.paint(((222, 214, 198), (188, 130, 100), (160, 164, 168)), 22)
    roof = dice.paint(((142, 74, 58), (84, 82, 86), (110, 88, 70)), 18)
    _box(image, left, bottom - high, left + wide, bottom, hazed(wall))
    top = bottom - high
    ridge = top - high * dice.between(0.25, 0.7)
    eaves = [(left - 4, top), (left + wide * 0.15, ridge), (left + wide * 0.85, ridge)]
    corners = np.array([*eaves, (left + wide + 4, top)]).round().astype(np.int32)
    cv2.fillPoly(image, [corners], hazed(roof))
    for k in range(int(wide / (high * 0.7)) + 1):
        x = left + high * (0.2 + 0.7 * k)
        if x + high * 0.3 < left + wide:
            _box(image, x, top + high * 0.2, x + high * 0.3, top + high * 0.6, hazed(wall * 0.35))


def _box(
    image: Panorama, left: float, top: float, right: float, bottom: float, colour: list[float]
) -> None:
    corner, opposite = (round(left), round(top)), (round(right), round(bottom))
    cv2.rectangle(image, corner, opposite, colour, -1)
