"""Draws the ground and what closes the view: colour and class of each pixel."""

import numpy as np
from numpy.typing import NDArray

from car.simulation.backdrop_rays import sky_row, wall_row
from car.simulation.compiled import compiled
from car.simulation.eye import (
    CLOSE,
    COPY,
    HAZE,
    LANES,
    LEAST_SLOPE,
    PLACE_X,
    PLACE_Y,
    RAY_X,
    RAY_Y,
    RAY_Z,
    STEP_X,
    STEP_Y,
    TAPS,
    Eye,
    Pose,
    Scratch,
    Single,
    Stage,
    Station,
    pose_of,
    station_at,
)
from car.simulation.ground_rays import ground_row
from car.simulation.optics import Rays
from car.simulation.texels import Texels

_BYTES = 0x00FF00FF
_LOW = 0xFFFF
_STEPS = 64
"""Weights of the four texels of a tap add up to this; 2 to the 6."""

RED, GREEN, BLUE = PLACE_X, PLACE_Y, STEP_X

Bytes = NDArray[np.uint8]
Table = NDArray[np.int64]
Colours = NDArray[np.float32]
Grain = NDArray[np.int8]


@compiled()
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
    rows = classes.shape[0]
    pose = pose_of(eye, rays.focal_px, stage.density_px_m)
    for row in range(rows):
        late_s = ((row + 0.5) / rows - 0.5) * eye.readout_s
        _cast_row(scratch, rays, row, pose, station_at(eye, late_s), stage)
        _look_row(classes, row, flat, table, colours, grain, scratch)
        _write_row(image, row, colours, scratch)


@compiled()
def _cast_row(out: Scratch, rays: Rays, row: int, pose: Pose, here: Station, stage: Stage) -> None:
    """Find where the rays of a row end."""
    _turn_row(out, rays, row, pose)
    lowest, highest = _extremes(out)
    if lowest < -LEAST_SLOPE:
        ground_row(out, pose, here, stage)
    if stage.is_room:
        wall_row(out, pose, here, stage)
    elif highest >= -LEAST_SLOPE:
        sky_row(out, pose, here)


@compiled()
def _extremes(out: Scratch) -> tuple[Single, Single]:
    """Find how far down the lowest ray goes and how far up the highest."""
    lowest = highest = out[0, RAY_Z]
    for k in range(out.shape[0]):
        for i in range(LANES):
            lowest, highest = min(lowest, out[k, RAY_Z + i]), max(highest, out[k, RAY_Z + i])
    return lowest, highest


@compiled()
def _turn_row(out: Scratch, rays: Rays, row: int, pose: Pose) -> None:
    """Turn rays from the camera's axes to those of the level car."""
    for k in range(out.shape[0]):
        for i in range(LANES):
            aside, above = rays.left[row, k * LANES + i], rays.up[row, k * LANES + i]
            tilted = aside * pose.sin_roll + above * pose.cos_roll
            out[k, RAY_X + i] = pose.cos_pitch + tilted * pose.sin_pitch
            out[k, RAY_Y + i] = aside * pose.cos_roll - above * pose.sin_roll
            out[k, RAY_Z + i] = tilted * pose.cos_pitch - pose.sin_pitch


@compiled()
def _look_row(
    classes: Bytes,
    row: int,
    flat: Texels,
    table: Table,
    colours: Colours,
    grain: Grain,
    places: Scratch,
) -> None:
    """Look up each pixel of a row: taps along a line, each a blend of four texels.

    Red and blue, green and class are added up in 16-bit lanes of two numbers. The colours take the
    slots of places and steps, which are not needed any more.
    """
    half, one, four = np.float32(0.5), np.float32(1.0), np.float32(4.0)
    steps = np.float32(_STEPS)
    columns = classes.shape[1]
    for k in range(places.shape[0]):
        for i in range(min(LANES, columns - k * LANES)):
            copy, taps = np.uint32(np.int32(places[k, COPY + i])), places[k, TAPS + i]
            start, stride = table[copy, 0], table[copy, 1]
            x, y = places[k, PLACE_X + i], places[k, PLACE_Y + i]
            at = start + np.int32(y + half) * stride + np.int32(x + half)
            label = np.uint32(flat[np.uint64(at)] >> np.uint32(24))
            classes[row, k * LANES + i] = np.uint8(label)
            gain, close = one / (taps * steps), places[k, CLOSE + i]
            if close > np.float32(0.0):
                across, down = np.int32(x * four + half) & 255, np.int32(y * four + half) & 255
                gain *= one + np.float32(grain[down, across]) * close * colours[1, label]
            dx, dy = places[k, STEP_X + i], places[k, STEP_Y + i]
            x -= dx * (taps - one) * half
            y -= dy * (taps - one) * half
            even, odd = np.int64(0), np.int64(0)
            while taps > half:
                left, top = np.floor(x), np.floor(y)
                u, v = np.int64(np.int32((x - left) * steps)), np.int64(np.int32((y - top) * steps))
                both = (u * v) >> 6
                at = start + np.int32(top) * stride + np.int32(left)
                a, b = np.int64(flat[np.uint64(at)]), np.int64(flat[np.uint64(at + 1)])
                c = np.int64(flat[np.uint64(at + stride)])
                d = np.int64(flat[np.uint64(at + stride + 1)])
                wa, wb, wc = _STEPS - u - v + both, u - both, v - both
                even += (a & _BYTES) * wa + (b & _BYTES) * wb
                even += (c & _BYTES) * wc + (d & _BYTES) * both
                odd += (a >> 8 & _BYTES) * wa + (b >> 8 & _BYTES) * wb
                odd += (c >> 8 & _BYTES) * wc + (d >> 8 & _BYTES) * both
                x, y, taps = x + dx, y + dy, taps - one
            places[k, RED + i] = np.float32(np.int32(even & _LOW)) * gain
            places[k, GREEN + i] = np.float32(np.int32(odd & _LOW)) * gain
            places[k, BLUE + i] = np.float32(np.int32(even >> 16 & _LOW)) * gain


@compiled()
def _write_row(image: Bytes, row: int, colours: Colours, places: Scratch) -> None:
    """Fade the colours of a row into the air and write them."""
    columns = image.shape[1]
    red_air, green_air, blue_air = colours[0, 0], colours[0, 1], colours[0, 2]
    one, most = np.float32(1.0), np.float32(255.0)
    for k in range(places.shape[0]):
        for i in range(min(LANES, columns - k * LANES)):
            haze = places[k, HAZE + i]
            clear, column = one - haze, k * LANES + i
            red = min(places[k, RED + i] * clear + red_air * haze, most)
            green = min(places[k, GREEN + i] * clear + green_air * haze, most)
            blue = min(places[k, BLUE + i] * clear + blue_air * haze, most)
            image[row, column, 0] = np.uint8(np.int32(red))
            image[row, column, 1] = np.uint8(np.int32(green))
            image[row, column, 2] = np.uint8(np.int32(blue))
