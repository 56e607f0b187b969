"""Close-up textures of what floors, roads and fields are made of: tiles that repeat seamlessly."""

import math
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from car.simulation.atlas import TILE_PX
from car.simulation.dice import Colour, Dice, rgb
from car.simulation.noise import Field, tile_noise

Texture = NDArray[np.float32]
Material = Callable[[Dice, Colour, float], Texture]
"""Makes a float32 (TILE_PX, TILE_PX, 3) RGB tile from a colour and texels a metre."""


def toned(
    colour: Colour, tone: Field, tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
) -> Texture:
    """Spread a colour by a field of tone, in units of 0..255, weighted per channel."""
    return np.asarray(colour + tone[..., None] * rgb(*tint), np.float32)


def grain(dice: Dice) -> Field:
    """White noise, one value a texel."""
    return dice.rng.standard_normal((TILE_PX, TILE_PX), np.float32)


def asphalt(dice: Dice, colour: Colour, density_px_m: float) -> Texture:
    """Bitumen with stones in it: grainy, some of it light, some dark."""
    stones = grain(dice)
    tone = 7.0 * stones + 4.0 * tile_noise(dice.rng, TILE_PX, 64, 2)
    tone += 16.0 * (stones > 2.2) - 12.0 * (stones < -2.2)
    return toned(colour, tone * np.float32(dice.around(1.0, 0.6)))


def concrete(dice: Dice, colour: Colour, density_px_m: float) -> Texture:
    """Screed: soft clouds, fine grain, a few pores."""
    pores = grain(dice)
    tone = 5.0 * tile_noise(dice.rng, TILE_PX, 4, 5, 0.65) + 2.0 * pores - 18.0 * (pores > 3.2)
    return toned(colour, tone * np.float32(dice.around(1.0, 0.6)))


def carpet(dice: Dice, colour: Colour, density_px_m: float) -> Texture:
    """Short pile: strong grain with woven rows."""
    rows = np.sin(np.arange(TILE_PX) * (2 * math.pi * 64 / TILE_PX)).astype(np.float32)
    tone = 9.0 * grain(dice) + 3.0 * rows[:, None] + 3.0 * tile_noise(dice.rng, TILE_PX, 16, 3)
    return toned(colour, tone * np.float32(dice.around(1.0, 0.5)))


def tiles(dice: Dice, colour: Colour, density_px_m: float) -> Texture:
    """Square tiles with dark joints, each of its own shade."""
    count = max(2, round(TILE_PX / (dice.around(0.4, 0.2) * density_px_m)))
    place = np.arange(TILE_PX) * count / TILE_PX
    number = place.astype(int)
    shade = dice.rng.normal(0.0, 3.0 + 4.0 * dice.level, (count, count))
    checked = dice.chance(0.3) * dice.between(10.0, 60.0)
    shade += checked * ((np.arange(count)[:, None] + np.arange(count)) % 2)
    tone = shade.astype(np.float32)[number[:, None], number[None]]
    tone += 2.0 * tile_noise(dice.rng, TILE_PX, 8, 4) + 1.2 * grain(dice)
    image = toned(colour, tone)
    from_joint = np.abs(place - np.round(place)) * TILE_PX / count / density_px_m
    joint = np.clip(1.6 - from_joint / 0.004, 0.0, 1.0).astype(np.float32)
    joint = np.maximum(joint[:, None], joint[None])[..., None]
    return image * (1 - joint) + joint * colour * np.float32(dice.around(0.62, 0.25))


def planks(dice: Dice, colour: Colour, density_px_m: float) -> Texture:
    """Floor boards: rows of long planks with grain along them and dark gaps."""
    rows = 2 * max(2, round(TILE_PX / (dice.around(0.13, 0.05) * density_px_m) / 2))
    row = (np.arange(TILE_PX) * rows / TILE_PX).astype(int)
    shift = dice.rng.integers(0, TILE_PX, rows)
    along = (np.arange(TILE_PX)[None] + shift[row][:, None]) % TILE_PX
    per_row = max(2, round(TILE_PX / (dice.around(1.3, 0.4) * density_px_m)))
    plank = (along * per_row // TILE_PX).astype(int)
    shade = dice.rng.normal(0.0, 9.0, (rows, per_row)).astype(np.float32)[row[:, None], plank]
    streaks = tile_noise(dice.rng, TILE_PX, (128, 4), 3, 0.7)
    knots = np.minimum(tile_noise(dice.rng, TILE_PX, (32, 8), 2) + 2.2, 0.0) * 14.0
    image = toned(colour, shade + 6.0 * streaks + knots + 1.5 * grain(dice), (1.0, 0.95, 0.8))
    height = TILE_PX / rows
    gap = np.minimum(np.arange(TILE_PX) % height, height - np.arange(TILE_PX) % height)
    end = along % (TILE_PX / per_row)
    dark = np.maximum((gap < 0.8)[:, None], end < 1.0) * np.float32(0.4)
    return image * (1 - dark[..., None])


def grass(dice: Dice, colour: Colour, density_px_m: float) -> Texture:
    """A meadow: blades, tufts, and some dry straw."""
    blades = cv2.GaussianBlur(grain(dice), (0, 0), 0.7) * 2.2
    tufts = tile_noise(dice.rng, TILE_PX, 32, 3, 0.8)
    image = toned(colour, 13.0 * blades + 9.0 * tufts, (0.75, 1.0, 0.5))
    dry = np.clip(tile_noise(dice.rng, TILE_PX, 4, 5, 0.7) - 0.7, 0.0, 1.0)[..., None]
    straw = toned(rgb(168, 152, 92), 13.0 * blades)
    return image * (1 - 0.7 * dry) + 0.7 * dry * straw


def soil(dice: Dice, colour: Colour, density_px_m: float) -> Texture:
    """Trodden earth with clods and pebbles."""
    pebbles = cv2.GaussianBlur(grain(dice), (0, 0), 0.8) * 2.4
    tone = 7.0 * pebbles + 7.0 * tile_noise(dice.rng, TILE_PX, 16, 5, 0.7)
    tone += 22.0 * (pebbles > 2.3) - 16.0 * (pebbles < -2.4)
    return toned(colour, tone * np.float32(dice.around(1.0, 0.4)), (1.0, 0.95, 0.85))


def paving(dice: Dice, colour: Colour, density_px_m: float) -> Texture:
    """Bricks laid in staggered rows with sandy joints."""
    rows = 2 * max(2, round(TILE_PX / (0.11 * density_px_m) / 2))
    columns = rows // 2
    row = np.arange(TILE_PX) * rows / TILE_PX
    stagger = (row.astype(int) % 2)[:, None] * 0.5
    column = (np.arange(TILE_PX)[None] * columns / TILE_PX + stagger) % columns
    shade = dice.rng.normal(0.0, 9.0, (rows, columns)).astype(np.float32)
    tone = shade[row.astype(int)[:, None], column.astype(int) % columns] + np.float32(5.0) * grain(
        dice
    )
    joint = np.maximum((row % 1 < 0.12)[:, None], column % 1 < 0.06) * np.float32(0.28)
    return toned(colour, tone) * (1 - joint[..., None])
