"""Draws the ground and what closes the view: colour and class of each pixel."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from car.simulation.casting import LANES, TAPS, Eye, Scratch, cast_row, pose_of
from car.simulation.optics import Rays
from car.simulation.placing import (
    COPY,
    GRAIN,
    HAZE,
    PLACE_X,
    PLACE_Y,
    STEP_X,
    STEP_Y,
    Stage,
    Station,
    place_row,
)
from car.simulation.texels import Texels

_BYTES = 0x00FF00FF
_LOW = 0xFFFF
_STEPS = 64
"""Weights of the four texels of a tap add up to this."""

Bytes = NDArray[np.uint8]
Table = NDArray[np.int64]
Colours = NDArray[np.float32]
Grain = NDArray[np.int8]


@njit(cache=True, fastmath=True, error_model="numpy")  # type: ignore[misc]
def draw_world(
    image: Bytes,
    classes: Bytes,
    rays: Rays,
    eye: Eye,
    stage: Stage,
    flat: Texels,
    table: Table,
    colours: Colours,
    grain: Grain,
    scratch: Scratch,
) -> None:
    """Draw ground and backdrop, row by row as a rolling shutter reads them.

    Args:
        image: uint8 (height, width, 3), drawn into.
        classes: uint8 (height, width), drawn into.
        rays: of the lens, of as many columns as the scratch has.
        eye: where the camera is.
        stage: measures of the world.
        flat: all textures.
        table: where they lie in it.
        colours: float32 (2, 5): the RGB of the air; the strength of the grain by class.
        grain: int8 (256, 256), the finest texture.
        scratch: room for one row of rays.
    """
    rows, columns = classes.shape
    pose = pose_of(eye, rays.focal_px, stage.density_px_m)
    for row in range(rows):
        late_s = ((row + 0.5) / rows - 0.5) * eye.readout_s
        cast_row(scratch, rays, row, pose)
        place_row(scratch, columns, _station(eye, late_s), pose, stage, grain)
        _look_row(image, classes, row, flat, table, colours, scratch)


@njit(cache=True, fastmath=True, error_model="numpy")  # type: ignore[misc]
def _station(eye: Eye, late_s: float) -> Station:
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


@njit(cache=True, fastmath=True, error_model="numpy")  # type: ignore[misc]
def _look_row(
    image: Bytes,
    classes: Bytes,
    row: int,
    flat: Texels,
    table: Table,
    colours: Colours,
    places: Scratch,
) -> None:
    """Look up each pixel of a row: taps along a line, each a blend of four texels.

    Red and blue, green and class are added up in 16-bit lanes of two numbers.
    """
    half, one, most = np.float32(0.5), np.float32(1.0), np.float32(255.0)
    steps = np.float32(_STEPS)
    red_air, green_air, blue_air = colours[0, 0], colours[0, 1], colours[0, 2]
    for column in range(classes.shape[1]):
        k, i = column // LANES, column % LANES
        copy, taps = np.int32(places[k, COPY + i]), np.int32(places[k, TAPS + i])
        start, stride = table[copy, 0], table[copy, 1]
        x, y = places[k, PLACE_X + i], places[k, PLACE_Y + i]
        y = min(max(y, np.float32(0.0)), np.float32(table[copy, 3]) - np.float32(1.01))
        near_x, near_y = np.int32(np.floor(x + half)), np.int32(np.floor(y + half))
        label = flat[start + near_y * stride + near_x] >> 24
        dx, dy = places[k, STEP_X + i], places[k, STEP_Y + i]
        x -= dx * np.float32(taps - 1) * half
        y -= dy * np.float32(taps - 1) * half
        even, odd = np.int64(0), np.int64(0)
        for _ in range(taps):
            left, top = np.floor(x), np.floor(y)
            u, v = np.int32((x - left) * steps), np.int32((y - top) * steps)
            both = (u * v) // _STEPS
            at = start + np.int32(top) * stride + np.int32(left)
            a, b = np.int64(flat[at]), np.int64(flat[at + 1])
            c, d = np.int64(flat[at + stride]), np.int64(flat[at + stride + 1])
            wa, wb, wc = _STEPS - u - v + both, u - both, v - both
            even += (a & _BYTES) * wa + (b & _BYTES) * wb + (c & _BYTES) * wc + (d & _BYTES) * both
            odd += (a >> 8 & _BYTES) * wa + (b >> 8 & _BYTES) * wb
            odd += (c >> 8 & _BYTES) * wc + (d >> 8 & _BYTES) * both
            x, y = x + dx, y + dy
        haze = places[k, HAZE + i]
        gain = (one + places[k, GRAIN + i] * colours[1, label]) * (one - haze)
        gain /= np.float32(taps) * steps
        red = np.float32(np.int32(even & _LOW)) * gain + red_air * haze
        green = np.float32(np.int32(odd & _LOW)) * gain + green_air * haze
        blue = np.float32(np.int32(even >> 16 & _LOW)) * gain + blue_air * haze
        image[row, column, 0] = np.uint8(np.int32(min(red, most)))
        image[row, column, 1] = np.uint8(np.int32(min(green, most)))
        image[row, column, 2] = np.uint8(np.int32(min(blue, most)))
        classes[row, column] = np.uint8(label)
