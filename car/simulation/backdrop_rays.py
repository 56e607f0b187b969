"""Follows the rays that miss the ground: to the panorama outdoors, to the walls indoors."""

import math

import numpy as np

from car.simulation import atlas
from car.simulation.compiled import compiled
from car.simulation.eye import (
    CLOSE,
    COPY,
    HAZE,
    LANES,
    LEAST_SLOPE,
    MOST_TAPS,
    PLACE_X,
    PLACE_Y,
    RAY_X,
    RAY_Y,
    RAY_Z,
    STEP_X,
    STEP_Y,
    TAPS,
    Pose,
    Scratch,
    Single,
    Stage,
    Station,
)
from car.simulation.ground_rays import copy_for

_MOST_SMEAR_PX = 8.0


@compiled()
def sky_row(out: Scratch, pose: Pose, here: Station) -> None:
    """Send rays that miss the ground to the panorama; its upper edge goes on to the zenith."""
    half, one, zero = np.float32(0.5), np.float32(1.0), np.float32(0.0)
    round_px = np.float32(atlas.PANORAMA_PX)
    lowest = np.float32(atlas.PANORAMA_ROWS - 1.01)
    start = here.heading_rad * np.float32(1 / (2 * math.pi))
    smear = abs(pose.turned_rad) * np.float32(atlas.PANORAMA_PX / (2 * math.pi))
    taps = min(np.float32(MOST_TAPS), np.floor(smear) + one)
    step = min(smear, np.float32(_MOST_SMEAR_PX)) / taps
    for k in range(out.shape[0]):
        for i in range(LANES):
            x, y, z = out[k, RAY_X + i], out[k, RAY_Y + i], out[k, RAY_Z + i]
            is_sky = z >= -LEAST_SLOPE
            turns = -_turn_of(y, x) - start
            across = (turns - np.floor(turns)) * round_px - half
            down = (np.float32(atlas.TOP) - z / np.sqrt(x * x + y * y)) * np.float32(
                atlas.PER_UNIT_PX
            ) - half
            down = min(max(down, zero), lowest)
            out[k, PLACE_X + i] = across if is_sky else out[k, PLACE_X + i]
            out[k, PLACE_Y + i] = down if is_sky else out[k, PLACE_Y + i]
            out[k, STEP_X + i] = step if is_sky else out[k, STEP_X + i]
            out[k, STEP_Y + i] = zero if is_sky else out[k, STEP_Y + i]
            out[k, TAPS + i] = taps if is_sky else out[k, TAPS + i]
            out[k, COPY + i] = np.float32(atlas.BACKDROP) if is_sky else out[k, COPY + i]
            out[k, HAZE + i] = zero if is_sky else out[k, HAZE + i]
            out[k, CLOSE + i] = zero if is_sky else out[k, CLOSE + i]


@compiled(inline="always")
def _turn_of(y: Single, x: Single) -> Single:
    """Angle of a direction in turns, -0.5..0.5, true to some 1e-4."""
    wide, high = abs(x), abs(y)
    t = min(wide, high) / max(max(wide, high), np.float32(1e-9))
    q = t * t
    even = (np.float32(-0.0464964749) * q + np.float32(0.15931422)) * q - np.float32(0.327622764)
    angle = (even * q + np.float32(1.0)) * t * np.float32(0.15915494)
    angle = np.float32(0.25) - angle if high > wide else angle
    angle = np.float32(0.5) - angle if x < np.float32(0.0) else angle
    return -angle if y < np.float32(0.0) else angle


@compiled()
def wall_row(out: Scratch, pose: Pose, here: Station, stage: Stage) -> None:
    """Send rays that do not meet the floor of the room to its walls."""
    one, zero = np.float32(1.0), np.float32(0.0)
    turned = abs(pose.turned_rad)
    for k in range(out.shape[0]):
        for i in range(LANES):
            z = out[k, RAY_Z + i]
            reach, around = _wall_at(out[k, RAY_X + i], out[k, RAY_Y + i], here, stage)
            above = pose.height_m + reach * z
            print_px = min(reach * np.float32(atlas.WALL_PX_M) / pose.focal_px, np.float32(11.0))
            level, finer = copy_for(print_px)
            scale = np.float32(atlas.WALL_PX_M) * finer
            smear = min(turned * reach * scale, np.float32(_MOST_SMEAR_PX))
            taps = min(np.float32(MOST_TAPS), np.floor(smear) + one)
            across = around * scale - np.float32(0.5)
            down = np.float32(atlas.WALL_ROWS) * finer - above * scale - np.float32(0.5)
            down = min(max(down, zero), np.float32(atlas.WALL_ROWS) * finer - np.float32(1.01))
            is_wall = above > zero
            out[k, PLACE_X + i] = across if is_wall else out[k, PLACE_X + i]
            out[k, PLACE_Y + i] = down if is_wall else out[k, PLACE_Y + i]
            out[k, STEP_X + i] = smear / taps if is_wall else out[k, STEP_X + i]
            out[k, STEP_Y + i] = zero if is_wall else out[k, STEP_Y + i]
            out[k, TAPS + i] = taps if is_wall else out[k, TAPS + i]
            copy = level + np.float32(atlas.BACKDROP)
            out[k, COPY + i] = copy if is_wall else out[k, COPY + i]
            out[k, HAZE + i] = zero if is_wall else out[k, HAZE + i]
            out[k, CLOSE + i] = zero if is_wall else out[k, CLOSE + i]


@compiled(inline="always")
def _wall_at(x: Single, y: Single, here: Station, stage: Stage) -> tuple[Single, Single]:
    """Follow a ray to the walls: how far, in its own lengths, and where on their strip (m)."""
    wide, high, rim = np.float32(stage.wide_m), np.float32(stage.high_m), np.float32(0.02)
    zero = np.float32(0.0)
    to_x = here.cos * x - here.sin * y + np.float32(1e-9)
    to_y = here.sin * x + here.cos * y + np.float32(1e-9)
    at_x, at_y = min(max(here.x_m, rim), wide - rim), min(max(here.y_m, rim), high - rim)
    reach_x = ((wide if to_x > zero else zero) - at_x) / to_x
    reach_y = ((high if to_y > zero else zero) - at_y) / to_y
    north = at_y + reach_x * to_y
    east = at_x + reach_y * to_x
    on_side = north if to_x > zero else high + wide + high - north
    on_end = high + wide - east if to_y > zero else high + wide + high + east
    return min(reach_x, reach_y), on_side if reach_x < reach_y else on_end
