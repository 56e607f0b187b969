"""Follows the rays of a row to the ground: where on which copy of which texture each one ends.

The constant number of lanes, and choices instead of branches, are what lets the compiler follow
eight rays at once.
"""

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

_TAP_PX = 1.35
"""Texels from one tap to the next; a tap blends over about as many."""
_LONGEST_STEP_PX = 4.0
"""Between two taps, in texels of the copy, however fast the car turns; the border allows for it."""
_CLOSE_M = 1.5
"""The finest grain is seen up to here."""


@compiled()
def ground_row(out: Scratch, pose: Pose, here: Station, stage: Stage) -> None:
    """Find where rays meet the ground."""
    one, zero, half = np.float32(1.0), np.float32(0.0), np.float32(0.5)
    wide, high = np.float32(stage.wide_m), np.float32(stage.high_m)
    haze_per_m = np.float32(stage.haze_per_m)
    for k in range(out.shape[0]):
        for i in range(LANES):
            z = out[k, RAY_Z + i]
            reach = pose.height_m / max(-z, LEAST_SLOPE)
            gx, gy = reach * out[k, RAY_X + i], reach * out[k, RAY_Y + i]
            distance = np.sqrt(gx * gx + gy * gy) + np.float32(1e-6)
            tap_x, tap_y, taps, level, finer = _footprint(gx, gy, distance, pose)
            x = here.x_m + here.cos * gx - here.sin * gy
            y = here.y_m + here.sin * gx + here.cos * gy
            within = one if (x >= zero) & (x < wide) & (y >= zero) & (y < high) else zero
            scale = pose.density_px_m * finer
            out[k, PLACE_X + i] = _ground_place(x * scale - half, wide * scale, finer, within)
            out[k, PLACE_Y + i] = _ground_place(y * scale - half, high * scale, finer, within)
            out[k, STEP_X + i] = (here.cos * tap_x - here.sin * tap_y) * scale
            out[k, STEP_Y + i] = (here.sin * tap_x + here.cos * tap_y) * scale
            out[k, TAPS + i] = taps
            out[k, COPY + i] = level + (one - within) * np.float32(atlas.BEYOND - atlas.GROUND)
            out[k, HAZE + i] = haze_at(distance, haze_per_m)
            close = max(zero, one - distance * np.float32(1.0 / _CLOSE_M))
            out[k, CLOSE + i] = close if level == zero else zero


@compiled(inline="always")
def _footprint(
    gx: Single, gy: Single, distance: Single, pose: Pose
) -> tuple[Single, Single, Single, Single, Single]:
    """Cover what a pixel sees of the ground by taps along its longer side.

    The car's movement during the exposure makes that side longer.

    Args:
        gx: metres ahead of the camera.
        gy: metres to the left.
        distance: metres along the ground.
        pose: of the camera.

    Returns:
        Metres from tap to tap ahead and to the left, number of taps, copy of the texture, and the
        size of that copy against the finest.
    """
    one, zero, half = np.float32(1.0), np.float32(0.0), np.float32(0.5)
    slant = np.sqrt(distance * distance + pose.height_m * pose.height_m)
    across = slant * pose.texel_rad
    stretch = across * slant / (pose.height_m * distance * pose.density_px_m)
    x, y = gx * stretch, gy * stretch
    drift_x, drift_y = pose.moved_m - pose.turned_rad * gy, pose.turned_rad * gx
    sign = one if x * drift_x + y * drift_y > zero else -one
    x, y = x + sign * drift_x, y + sign * drift_y
    length = np.sqrt(x * x + y * y) * pose.density_px_m + np.float32(1e-6)
    wanted = np.floor(length / max(across, one) * np.float32(1.0 / _TAP_PX) + half)
    taps = min(max(wanted, one), np.float32(MOST_TAPS))
    each = one / taps
    print_px = max(across, length * each * np.float32(1.0 / _TAP_PX))
    level, finer = copy_for(print_px)
    longest = np.float32(_LONGEST_STEP_PX) / (length * each * finer)
    each *= min(one, longest)
    return x * each, y * each, taps, level, finer


@compiled(inline="always")
def copy_for(print_px: Single) -> tuple[Single, Single]:
    """Choose the copy of a texture for a footprint in texels; give its size against the finest."""
    one, zero, half = np.float32(1.0), np.float32(0.0), np.float32(0.5)
    level = one if print_px > np.float32(1.5) else zero
    level += one if print_px > np.float32(3.0) else zero
    level += one if print_px > np.float32(6.0) else zero
    level += one if print_px > np.float32(12.0) else zero
    level += one if print_px > np.float32(24.0) else zero
    level += one if print_px > np.float32(48.0) else zero
    finer = half if print_px > np.float32(1.5) else one
    finer *= half if print_px > np.float32(3.0) else one
    finer *= half if print_px > np.float32(6.0) else one
    finer *= half if print_px > np.float32(12.0) else one
    finer *= half if print_px > np.float32(24.0) else one
    finer *= half if print_px > np.float32(48.0) else one
    return level, finer


@compiled(inline="always")
def _ground_place(at: Single, size: Single, finer: Single, within: Single) -> Single:
    """Keep a place within the plot; beyond the plot repeat the tile."""
    kept = min(max(at, np.float32(-0.5)), size - np.float32(0.5))
    tile = np.float32(atlas.TILE_PX) * finer
    repeated = at - np.floor(at / tile) * tile
    return kept if within > np.float32(0.5) else repeated


@compiled(inline="always")
def haze_at(distance_m: Single, haze_per_m: Single) -> Single:
    """Give how much of what is seen is air; close to 1 - exp(-distance x haze)."""
    one = np.float32(1.0)
    thick = distance_m * haze_per_m
    return one - one / (one + thick * (one + thick * np.float32(0.5)))
