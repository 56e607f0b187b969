"""Finds where in which texture to look for each pixel of a row: ground, sky or wall."""

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from car.simulation import atlas
from car.simulation.casting import (
    DISTANCE,
    GROUND_X,
    GROUND_Y,
    LANES,
    LEAST_SLOPE,
    LEVEL,
    MOST_TAPS,
    RAY_X,
    RAY_Y,
    RAY_Z,
    TAP_X,
    TAP_Y,
    TAPS,
    Pose,
    Scratch,
)
from car.simulation.materials import TILE_PX
from car.simulation.room import WALL_PX_M, WALL_ROWS
from car.simulation.sky import PANORAMA_PX, PER_UNIT_PX, TOP

PLACE_X, PLACE_Y, STEP_X, STEP_Y = GROUND_X, GROUND_Y, TAP_X, TAP_Y
COPY, HAZE, GRAIN = LEVEL, DISTANCE, RAY_X
"""What takes the place of what casting found: texels, steps between taps, row of the atlas' table,
part of the colour that is air, and relative brightness of the grain."""

_CLOSE_M = 1.5
"""The finest grain is seen up to here."""
_RIM_PX = 4.0


class Stage(NamedTuple):
    """The measures of the world.

    Attributes:
        is_room: walls at the rim of the plot, instead of a panorama at infinity.
        density_px_m: of the plot and the tile beyond it.
        wide_m: size of the plot from west to east.
        high_m: size of the plot from south to north.
        haze_per_m: reciprocal of the distance over which things fade into air.
    """

    is_room: bool
    density_px_m: float
    wide_m: float
    high_m: float
    haze_per_m: float


class Station(NamedTuple):
    """Where the camera is while a row is read, in float32, from the corner of the plot."""

    x_m: float
    y_m: float
    cos: float
    sin: float
    heading_rad: float


@njit(cache=True, fastmath=True, error_model="numpy")  # type: ignore[misc]
def place_row(
    row: Scratch, width: int, here: Station, pose: Pose, stage: Stage, grain: NDArray[np.int8]
) -> None:
    """Replace what casting found by where to look."""
    wide, high = np.float32(stage.wide_m), np.float32(stage.high_m)
    haze_per_m, zero = np.float32(stage.haze_per_m), np.float32(0.0)
    for column in range(width):
        k, i = column // LANES, column % LANES
        if row[k, RAY_Z + i] < -np.float32(LEAST_SLOPE):
            gx, gy = row[k, GROUND_X + i], row[k, GROUND_Y + i]
            x = here.x_m + here.cos * gx - here.sin * gy
            y = here.y_m + here.sin * gx + here.cos * gy
            within = zero <= x < wide and zero <= y < high
            if within or not stage.is_room:
                level, distance = np.int32(row[k, LEVEL + i]), row[k, DISTANCE + i]
                scale = pose.density_px_m / np.float32(1 << level)
                row[k, PLACE_X + i] = _ground_place(x * scale, wide * scale, level, within)
                row[k, PLACE_Y + i] = _ground_place(y * scale, high * scale, level, within)
                dx, dy = row[k, TAP_X + i], row[k, TAP_Y + i]
                row[k, STEP_X + i] = (here.cos * dx - here.sin * dy) * scale
                row[k, STEP_Y + i] = (here.sin * dx + here.cos * dy) * scale
                row[k, COPY + i] = level + (atlas.GROUND if within else atlas.BEYOND)
                row[k, GRAIN + i] = zero
                if level == 0 and distance < np.float32(_CLOSE_M):
                    four = np.float32(4.0) * pose.density_px_m
                    value = grain[np.int32(y * four) & 255, np.int32(x * four) & 255]
                    fade = np.float32(1.0) - distance * np.float32(1.0 / _CLOSE_M)
                    row[k, GRAIN + i] = np.float32(value) * fade
                row[k, HAZE + i] = haze_at(distance, haze_per_m)
                continue
        ray_x, ray_y, ray_z = row[k, RAY_X + i], row[k, RAY_Y + i], row[k, RAY_Z + i]
        if stage.is_room:
            level, across, down, smear = _wall_place(ray_x, ray_y, ray_z, here, pose, stage)
        else:
            level, across, down, smear = _sky_place(ray_x, ray_y, ray_z, here, pose)
        taps = min(np.float32(MOST_TAPS), np.floor(smear) + np.float32(1.0))
        row[k, PLACE_X + i], row[k, PLACE_Y + i] = across, down
        row[k, STEP_X + i], row[k, STEP_Y + i] = min(smear, np.float32(8.0)) / taps, zero
        row[k, TAPS + i], row[k, COPY + i] = taps, level + atlas.BACKDROP
        row[k, HAZE + i], row[k, GRAIN + i] = zero, zero


@njit(cache=True, fastmath=True, error_model="numpy")  # type: ignore[misc]
def haze_at(distance_m: float, haze_per_m: float) -> float:
    """Give how much of what is seen is air; close to 1 - exp(-distance x haze)."""
    one = np.float32(1.0)
    thick = distance_m * haze_per_m
    return one - one / (one + thick * (one + thick * np.float32(0.5)))


@njit(cache=True, fastmath=True, error_model="numpy")  # type: ignore[misc]
def _ground_place(at: float, size: float, level: int, within: bool) -> float:
    """Keep a place on the plot away from its rim; beyond the plot repeat the tile."""
    at -= np.float32(0.5)
    if within:
        return min(max(at, np.float32(_RIM_PX)), size - np.float32(_RIM_PX + 2.0))
    tile = np.float32(TILE_PX) / np.float32(1 << level)
    return at - np.floor(at / tile) * tile


@njit(cache=True, fastmath=True, error_model="numpy")  # type: ignore[misc]
def _turn_of(y: float, x: float) -> float:
    """Angle of a direction in turns, -0.5..0.5, true to some 1e-5."""
    wide, high = abs(x), abs(y)
    t = min(wide, high) / max(max(wide, high), np.float32(1e-9))
    q = t * t
    even = (np.float32(-0.0464964749) * q + np.float32(0.15931422)) * q - np.float32(0.327622764)
    angle = (even * q + np.float32(1.0)) * t * np.float32(0.15915494)
    if high > wide:
        angle = np.float32(0.25) - angle
    if x < 0:
        angle = np.float32(0.5) - angle
    return -angle if y < 0 else angle


@njit(cache=True, fastmath=True, error_model="numpy")  # type: ignore[misc]
def _sky_place(
    x: float, y: float, z: float, here: Station, pose: Pose
) -> tuple[int, float, float, float]:
    """Find where a ray meets the panorama: copy, column, row, and smear in columns."""
    turns = -_turn_of(y, x) - here.heading_rad * np.float32(1 / (2 * math.pi))
    turns -= np.floor(turns)
    half = np.float32(0.5)
    slope = z / np.sqrt(x * x + y * y)
    down = (np.float32(TOP) - slope) * np.float32(PER_UNIT_PX) - half
    smear = abs(pose.turned_rad) * np.float32(PANORAMA_PX / (2 * math.pi))
    return 0, turns * np.float32(PANORAMA_PX) - half, down, smear


@njit(cache=True, fastmath=True, error_model="numpy")  # type: ignore[misc]
def _wall_place(
    x: float, y: float, z: float, here: Station, pose: Pose, stage: Stage
) -> tuple[int, float, float, float]:
    """Find where a ray meets the walls: copy, column, row, and smear in columns."""
    wide, high, rim = np.float32(stage.wide_m), np.float32(stage.high_m), np.float32(0.02)
    zero, half = np.float32(0.0), np.float32(0.5)
    to_x = here.cos * x - here.sin * y + np.float32(1e-9)
    to_y = here.sin * x + here.cos * y + np.float32(1e-9)
    at_x, at_y = min(max(here.x_m, rim), wide - rim), min(max(here.y_m, rim), high - rim)
    reach_x = ((wide if to_x > zero else zero) - at_x) / to_x
    reach_y = ((high if to_y > zero else zero) - at_y) / to_y
    if reach_x < reach_y:
        reach, at = reach_x, at_y + reach_x * to_y
        around = at if to_x > zero else high + wide + high - at
    else:
        reach, at = reach_y, at_x + reach_y * to_x
        around = high + wide - at if to_y > zero else high + wide + high + at
    print_px = reach * np.float32(WALL_PX_M) / pose.focal_px
    level = np.int32(print_px > 1.5) + np.int32(print_px > 3.0) + np.int32(print_px > 6.0)
    finer = np.float32(1.0) / np.float32(1 << level)
    scale = np.float32(WALL_PX_M) * finer
    down = np.float32(WALL_ROWS) * finer - (pose.height_m + reach * z) * scale - half
    return level, around * scale - half, down, abs(pose.turned_rad) * reach * scale
