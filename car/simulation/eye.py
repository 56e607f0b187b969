"""Where the simulated camera is, how it moves, and what its rays leave behind for the look-up."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from car.simulation.compiled import compiled

Single = np.float32
"""Compiled code counts in these; a plain float would make it twice as slow."""

MOST_TAPS = 4
LEAST_SLOPE = np.float32(0.002)
"""Rays that go down less than this meet the horizon."""

LANES = 32
PLACE_X, PLACE_Y, STEP_X, STEP_Y, TAPS, COPY, HAZE, CLOSE, RAY_X, RAY_Y, RAY_Z = range(
    0, 11 * LANES, LANES
)
SLOTS = 11 * LANES

Scratch = NDArray[np.float32]
"""float32 (chunks, SLOTS): eleven values for each pixel of a row, LANES pixels to a chunk: place
on a texture and step from tap to tap in texels, number of taps, row of the table of textures, how
much of the colour is air, how close it is (1 at the camera, 0 where no grain is seen), and the ray
itself, ahead, left and up."""


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

    cos_pitch: Single
    sin_pitch: Single
    cos_roll: Single
    sin_roll: Single
    height_m: Single
    texel_rad: Single
    density_px_m: Single
    moved_m: Single
    turned_rad: Single
    focal_px: Single


@compiled()
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


class Station(NamedTuple):
    """Where the camera is while a row is read, in float32, from the corner of the plot."""

    x_m: Single
    y_m: Single
    cos: Single
    sin: Single
    heading_rad: Single


@compiled()
def station_at(eye: Eye, late_s: float) -> Station:
    """Say where the camera is so many seconds after the middle row."""
    heading = eye.heading_rad + eye.yaw_rate_rad_s * late_s
    c, s = math.cos(heading), math.sin(heading)
    ahead = eye.forward_m + eye.speed_m_s * late_s
    return Station(
        np.float32(eye.x_m + ahead * c),
        np.float32(eye.y_m + ahead * s),
        np.float32(c),
        np.float32(s),
        np.float32(heading),
    )
