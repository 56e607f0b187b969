"""Follows the rays of a row of pixels to the ground, several at once."""

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from car.simulation.optics import Rays

LEAST_SLOPE = 0.002
"""Rays that go down less than this meet the horizon."""
MOST_TAPS = 4

LANES = 32
GROUND_X, GROUND_Y, TAP_X, TAP_Y, TAPS, LEVEL, DISTANCE, RAY_X, RAY_Y, RAY_Z = range(
    0, 10 * LANES, LANES
)
SLOTS = 10 * LANES

Scratch = NDArray[np.float32]
"""float32 (chunks, SLOTS): ten values for each pixel of a row, LANES pixels to a chunk."""


class Eye(NamedTuple):
    """The camera at the moment when the middle row is read.

    Attributes:
        x_m: of the car's reference point, from the western edge of the plot.
        y_m: of the car's reference point, from the southern edge of the plot.
        heading_rad: counter-clockwise from east.
        pitch_rad: looking down is positive.
        roll_rad: leaning right is positive.
        speed_m_s: along the car.
        yaw_rate_rad_s: counter-clockwise.
        height_m: above the ground.
        forward_m: ahead of the reference point.
        readout_s: from the first row to the last.
        exposure_s: for which light is gathered.
    """

    x_m: float
    y_m: float
    heading_rad: float
    pitch_rad: float
    roll_rad: float
    speed_m_s: float
    yaw_rate_rad_s: float
    height_m: float
    forward_m: float
    readout_s: float
    exposure_s: float


class Pose(NamedTuple):
    """What is the same for all rays of an image, in float32.

    Attributes:
        cos_pitch: of the camera.
        sin_pitch: of the camera.
        cos_roll: of the camera.
        sin_roll: of the camera.
        height_m: of the camera.
        texel_rad: texels a metre times the angle of a pixel.
        density_px_m: texels a metre.
        moved_m: how far the car moves during the exposure.
        turned_rad: how far it turns.
        focal_px: of the lens.
    """

    cos_pitch: float
    sin_pitch: float
    cos_roll: float
    sin_roll: float
    height_m: float
    texel_rad: float
    density_px_m: float
    moved_m: float
    turned_rad: float
    focal_px: float


@njit(cache=True, fastmath=True, error_model="numpy")  # type: ignore[misc]
def pose_of(eye: Eye, focal_px: float, density_px_m: float) -> Pose:
    """Work out what is the same for all rays."""
    return Pose(
        np.float32(math.cos(eye.pitch_rad)),
        np.float32(math.sin(eye.pitch_rad)),
        np.float32(math.cos(eye.roll_rad)),
        np.float32(math.sin(eye.roll_rad)),
        np.float32(eye.height_m),
        np.float32(density_px_m / focal_px),
        np.float32(density_px_m),
        np.float32(eye.speed_m_s * eye.exposure_s),
        np.float32(eye.yaw_rate_rad_s * eye.exposure_s),
        np.float32(focal_px),
    )


@njit(cache=True, fastmath=True, error_model="numpy")  # type: ignore[misc]
def cast_row(out: Scratch, rays: Rays, row: int, pose: Pose) -> None:
    """Find where rays meet the ground, and how finely and how far to sample there.

    Places are in metres ahead and to the left of the camera. The footprint of a pixel is covered
    by taps along its longer side; the car's movement during the exposure makes it longer.
    The constant number of lanes is what lets the compiler do several rays at once.
    """
    zero, half, one = np.float32(0.0), np.float32(0.5), np.float32(1.0)
    for chunk in range(out.shape[0]):
        for i in range(LANES):
            aside, above = rays.left[row, chunk * LANES + i], rays.up[row, chunk * LANES + i]
            tilted = aside * pose.sin_roll + above * pose.cos_roll
            y = aside * pose.cos_roll - above * pose.sin_roll
            x = pose.cos_pitch + tilted * pose.sin_pitch
            z = tilted * pose.cos_pitch - pose.sin_pitch
            reach = pose.height_m / max(-z, np.float32(LEAST_SLOPE))
            gx, gy = reach * x, reach * y
            distance = np.sqrt(gx * gx + gy * gy) + np.float32(1e-6)
            slant = np.sqrt(distance * distance + pose.height_m * pose.height_m)
            across = slant * pose.texel_rad
            stretch = across * slant / (pose.height_m * distance * pose.density_px_m)
            tap_x, tap_y = gx * stretch, gy * stretch
            drift_x, drift_y = pose.moved_m - pose.turned_rad * gy, pose.turned_rad * gx
            sign = one if tap_x * drift_x + tap_y * drift_y > zero else -one
            tap_x, tap_y = tap_x + sign * drift_x, tap_y + sign * drift_y
            length = np.sqrt(tap_x * tap_x + tap_y * tap_y) * pose.density_px_m
            wanted = np.floor(length / max(across, one) + half)
            taps = min(max(wanted, one), np.float32(MOST_TAPS))
            print_px = max(across, length / taps)
            level = one if print_px > np.float32(1.5) else zero
            level += one if print_px > np.float32(3.0) else zero
            level += one if print_px > np.float32(6.0) else zero
            level += one if print_px > np.float32(12.0) else zero
            level += one if print_px > np.float32(24.0) else zero
            out[chunk, GROUND_X + i], out[chunk, GROUND_Y + i] = gx, gy
            out[chunk, TAP_X + i], out[chunk, TAP_Y + i] = tap_x / taps, tap_y / taps
            out[chunk, TAPS + i], out[chunk, LEVEL + i] = taps, level
            out[chunk, DISTANCE + i] = distance
            out[chunk, RAY_X + i], out[chunk, RAY_Y + i], out[chunk, RAY_Z + i] = x, y, z
