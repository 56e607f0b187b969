"""Compiled look-ups: from the ray of each pixel to the colour and class of what it meets."""

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from car.simulation.optics import Rays
from car.simulation.room import WALL_PX_M, WALL_ROWS
from car.simulation.sky import PANORAMA_PX, PER_UNIT_PX, TOP
from car.simulation.texels import Pyramid

_SKY = np.uint8(3)
_MOST_TAPS = 4
_LEAST_SLOPE = 0.002
"""Rays that go down less than this meet the horizon."""
_TILE = 512.0
_BYTES = np.uint64(0x00FF00FF)
_LOW = np.uint64(0xFFFF)

Scratch = NDArray[np.float32]
"""One row of rays: ground x and y, tap x and y, taps, level, distance, direction x, y, z."""
SCRATCH_ROWS = 10


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
    """The world, as the look-ups need it.

    Attributes:
        ground: the plot.
        beyond: the tile around it.
        backdrop: panorama or walls.
        is_room: walls at the rim of the plot.
        density_px_m: of the plot and the tile.
        wide_m: size of the plot from west to east.
        high_m: size of the plot from south to north.
        air: float32 RGB.
        haze_per_m: reciprocal of the distance over which things fade into air.
        grain: int8 (256, 256).
        roughness: float32 (5,), strength of the grain by class.
    """

    ground: Pyramid
    beyond: Pyramid
    backdrop: Pyramid
    is_room: bool
    density_px_m: float
    wide_m: float
    high_m: float
    air: NDArray[np.float32]
    haze_per_m: float
    grain: NDArray[np.int8]
    roughness: NDArray[np.float32]


@njit(cache=True, fastmath=True)  # type: ignore[misc]
def draw_world(
    image: NDArray[np.uint8],
    classes: NDArray[np.uint8],
    rays: Rays,
    eye: Eye,
    stage: Stage,
    scratch: Scratch,
) -> None:
    """Draw ground and backdrop, row by row as a rolling shutter reads them."""
    rows = image.shape[0]
    for row in range(rows):
        late_s = ((row + 0.5) / rows - 0.5) * eye.readout_s
        heading = eye.heading_rad + eye.yaw_rate_rad_s * late_s
        c, s = np.float32(math.cos(heading)), np.float32(math.sin(heading))
        ahead = eye.forward_m + eye.speed_m_s * late_s
        x, y = np.float32(eye.x_m + ahead * c), np.float32(eye.y_m + ahead * s)
        _cast_row(scratch, rays.left[row], rays.up[row], eye, rays.focal_px, stage.density_px_m)
        for column in range(image.shape[1]):
            if scratch[9, column] < -_LEAST_SLOPE:
                gx, gy = scratch[0, column], scratch[1, column]
                to_x, to_y = x + c * gx - s * gy, y + s * gx + c * gy
                within = 0 <= to_x < stage.wide_m and 0 <= to_y < stage.high_m
                if within or not stage.is_room:
                    _shade_ground(
                        image, classes, row, column, to_x, to_y, c, s, within, stage, scratch
                    )
                    continue
            if stage.is_room:
                _shade_wall(image, classes, row, column, x, y, c, s, eye, rays, stage, scratch)
            else:
                _shade_sky(image, classes, row, column, heading, eye, stage, scratch)


@njit(cache=True, fastmath=True)  # type: ignore[misc]
def _cast_row(
    out: Scratch,
    left: NDArray[np.float32],
    up: NDArray[np.float32],
    eye: Eye,
    focal_px: float,
    density_px_m: float,
) -> None:
    """Follow a row of rays to the ground, and say how finely and how far to sample there."""
    one = np.float32(1.0)
    cp, sp = np.float32(math.cos(eye.pitch_rad)), np.float32(math.sin(eye.pitch_rad))
    cr, sr = np.float32(math.cos(eye.roll_rad)), np.float32(math.sin(eye.roll_rad))
    h, density = np.float32(eye.height_m), np.float32(density_px_m)
    angle = density / np.float32(focal_px)
    moved = np.float32(eye.speed_m_s * eye.exposure_s)
    turned = np.float32(eye.yaw_rate_rad_s * eye.exposure_s)
    for i in range(left.shape[0]):
        tilted = left[i] * sr + up[i] * cr
        y = left[i] * cr - up[i] * sr
        x, z = cp + tilted * sp, tilted * cp - sp
        reach = h / max(-z, np.float32(_LEAST_SLOPE))
        gx, gy = reach * x, reach * y
        distance = math.sqrt(gx * gx + gy * gy) + np.float32(1e-6)
        slant = math.sqrt(distance * distance + h * h)
        across = slant * angle
        stretch = across * slant / (h * distance * density)
        tap_x, tap_y = gx * stretch, gy * stretch
        drift_x, drift_y = moved - turned * gy, turned * gx
        sign = one if tap_x * drift_x + tap_y * drift_y > 0 else -one
        tap_x, tap_y = tap_x + sign * drift_x, tap_y + sign * drift_y
        length = math.sqrt(tap_x * tap_x + tap_y * tap_y) * density
        wanted = length / max(across, one) + np.float32(0.5)
        taps = np.float32(int(min(max(wanted, one), np.float32(_MOST_TAPS))))
        print_px = max(across, length / taps)
        level = (print_px > 1.5) + (print_px > 3.0) + (print_px > 6.0)
        level += (print_px > 12.0) + (print_px > 24.0)
        out[0, i], out[1, i] = gx, gy
        out[2, i], out[3, i] = tap_x / taps, tap_y / taps
        out[4, i], out[5, i] = taps, np.float32(level)
        out[6, i], out[7, i], out[8, i], out[9, i] = distance, x, y, z


@njit(cache=True, fastmath=True, inline="always")  # type: ignore[misc]
def _add_tap(
    flat: NDArray[np.uint32], start: int, stride: int, x: float, y: float
) -> tuple[np.uint64, np.uint64]:
    """Blend four neighbouring texels; weights add up to 64.

    Returns:
        Red and blue, green and the highest byte: each times 64, in 16-bit lanes.
    """
    i, j = int(math.floor(x)), int(math.floor(y))
    u, v = np.uint64((x - i) * 64.0), np.uint64((y - j) * 64.0)
    uv = (u * v) >> np.uint64(6)
    at = start + j * stride + i
    a, b = np.uint64(flat[at]), np.uint64(flat[at + 1])
    c, d = np.uint64(flat[at + stride]), np.uint64(flat[at + stride + 1])
    wa, wb, wc = np.uint64(64) - u - v + uv, u - uv, v - uv
    eight = np.uint64(8)
    even = (a & _BYTES) * wa + (b & _BYTES) * wb + (c & _BYTES) * wc + (d & _BYTES) * uv
    odd = ((a >> eight) & _BYTES) * wa + ((b >> eight) & _BYTES) * wb
    odd += ((c >> eight) & _BYTES) * wc + ((d >> eight) & _BYTES) * uv
    return even, odd


@njit(cache=True, fastmath=True, inline="always")  # type: ignore[misc]
def _blend_line(
    texture: Pyramid, level: int, x: float, y: float, dx: float, dy: float, taps: int
) -> tuple[np.uint64, np.uint64]:
    """Add up taps along a line through a place of one copy of a texture."""
    even, odd = np.uint64(0), np.uint64(0)
    start, stride = texture.start[level], texture.stride[level]
    x -= dx * (taps - 1) * np.float32(0.5)
    y -= dy * (taps - 1) * np.float32(0.5)
    for _ in range(taps):
        more_even, more_odd = _add_tap(texture.flat, start, stride, x, y)
        even += more_even
        odd += more_odd
        x += dx
        y += dy
    return even, odd


@njit(cache=True, fastmath=True, inline="always")  # type: ignore[misc]
def _write(
    image: NDArray[np.uint8],
    row: int,
    column: int,
    even: np.uint64,
    odd: np.uint64,
    gain: float,
    haze: float,
    air: NDArray[np.float32],
) -> None:
    """Scale sums of taps to a colour, fade it into the air and write it."""
    clear = gain * (np.float32(1.0) - haze)
    red = np.float32(np.int32(even & _LOW)) * clear + air[0] * haze
    green = np.float32(np.int32(odd & _LOW)) * clear + air[1] * haze
    blue = np.float32(np.int32((even >> np.uint64(16)) & _LOW)) * clear + air[2] * haze
    most = np.float32(255.0)
    image[row, column, 0] = np.uint8(np.int32(min(red, most)))
    image[row, column, 1] = np.uint8(np.int32(min(green, most)))
    image[row, column, 2] = np.uint8(np.int32(min(blue, most)))


@njit(cache=True, fastmath=True, inline="always")  # type: ignore[misc]
def haze_at(distance_m: float, haze_per_m: float) -> float:
    """Give how much of what is seen is air; close to 1 - exp(-distance x haze)."""
    thick = distance_m * haze_per_m
    return np.float32(1.0) - np.float32(1.0) / (1.0 + thick * (1.0 + thick * 0.5))


@njit(cache=True, fastmath=True, inline="always")  # type: ignore[misc]
def _shade_ground(
    image: NDArray[np.uint8],
    classes: NDArray[np.uint8],
    row: int,
    column: int,
    x_m: float,
    y_m: float,
    c: float,
    s: float,
    within: bool,
    stage: Stage,
    ray: Scratch,
) -> None:
    level, taps = int(ray[5, column]), int(ray[4, column])
    scale = np.float32(stage.density_px_m) / np.float32(1 << level)
    dx = (c * ray[2, column] - s * ray[3, column]) * scale
    dy = (s * ray[2, column] + c * ray[3, column]) * scale
    half = np.float32(0.5)
    x, y = x_m * scale - half, y_m * scale - half
    if within:
        wide, high = stage.ground.width[level], stage.ground.height[level]
        x = min(max(x, np.float32(4.0)), np.float32(wide - 6))
        y = min(max(y, np.float32(4.0)), np.float32(high - 6))
        texture = stage.ground
    else:
        size = np.float32(_TILE / (1 << level))
        x -= math.floor(x / size) * size
        y -= math.floor(y / size) * size
        texture = stage.beyond
    even, odd = _blend_line(texture, level, x, y, dx, dy, taps)
    at = texture.start[level] + int(y + half) * texture.stride[level] + int(x + half)
    label = texture.flat[at] >> 24
    classes[row, column] = np.uint8(label)
    gain = np.float32(1.0 / 64.0) / taps
    if level == 0 and ray[6, column] < 1.5:
        gain *= _close_up(x_m, y_m, ray[6, column], label, stage)
    _write(image, row, column, even, odd, gain, haze_at(ray[6, column], stage.haze_per_m), stage.air)


@njit(cache=True, fastmath=True, inline="always")  # type: ignore[misc]
def _close_up(x_m: float, y_m: float, distance_m: float, label: int, stage: Stage) -> float:
    """Brighten or darken by grain that is finer than the painted ground; it fades with distance."""
    four = np.float32(4.0) * np.float32(stage.density_px_m)
    value = stage.grain[int(y_m * four) & 255, int(x_m * four) & 255]
    fade = max(np.float32(0.0), np.float32(1.0) - distance_m * np.float32(0.65))
    return np.float32(1.0) + np.float32(value) * stage.roughness[label] * fade * np.float32(0.0035)


@njit(cache=True, fastmath=True, inline="always")  # type: ignore[misc]
def _turn_of(y: float, x: float) -> float:
    """Angle of a direction in turns, -0.5..0.5, true to some 1e-5."""
    wide, high = abs(x), abs(y)
    t = min(wide, high) / max(max(wide, high), np.float32(1e-9))
    q = t * t
    angle = (((-0.0464964749 * q + 0.15931422) * q - 0.327622764) * q + 1.0) * t * 0.15915494
    if high > wide:
        angle = 0.25 - angle
    if x < 0:
        angle = 0.5 - angle
    return np.float32(-angle if y < 0 else angle)


@njit(cache=True, fastmath=True, inline="always")  # type: ignore[misc]
def _shade_sky(
    image: NDArray[np.uint8],
    classes: NDArray[np.uint8],
    row: int,
    column: int,
    heading: float,
    eye: Eye,
    stage: Stage,
    ray: Scratch,
) -> None:
    x, y, z = ray[7, column], ray[8, column], ray[9, column]
    turns = -_turn_of(y, x) - np.float32(heading / (2 * math.pi))
    turns -= math.floor(turns)
    across = turns * PANORAMA_PX - np.float32(0.5)
    slope = z / math.sqrt(x * x + y * y)
    last = stage.backdrop.height[0] - 1.01
    down = min(max((TOP - slope) * PER_UNIT_PX - 0.5, 0.0), last)
    blur = abs(eye.yaw_rate_rad_s * eye.exposure_s) * (PANORAMA_PX / (2 * math.pi))
    taps = min(_MOST_TAPS, 1 + int(blur))
    even, odd = _blend_line(
        stage.backdrop, 0, across, np.float32(down), np.float32(blur / taps), np.float32(0.0), taps
    )
    _write(image, row, column, even, odd, np.float32(1.0 / 64.0) / taps, np.float32(0.0), stage.air)
    classes[row, column] = _SKY


@njit(cache=True, fastmath=True, inline="always")  # type: ignore[misc]
def _shade_wall(
    image: NDArray[np.uint8],
    classes: NDArray[np.uint8],
    row: int,
    column: int,
    eye_x: float,
    eye_y: float,
    c: float,
    s: float,
    eye: Eye,
    rays: Rays,
    stage: Stage,
    ray: Scratch,
) -> None:
    wide, high = np.float32(stage.wide_m), np.float32(stage.high_m)
    to_x = c * ray[7, column] - s * ray[8, column]
    to_y = s * ray[7, column] + c * ray[8, column]
    eye_x = min(max(eye_x, np.float32(0.02)), wide - np.float32(0.02))
    eye_y = min(max(eye_y, np.float32(0.02)), high - np.float32(0.02))
    reach_x = ((wide if to_x > 0 else np.float32(0.0)) - eye_x) / (to_x + np.float32(1e-9))
    reach_y = ((high if to_y > 0 else np.float32(0.0)) - eye_y) / (to_y + np.float32(1e-9))
    if reach_x < reach_y:
        reach, at = reach_x, eye_y + reach_x * to_y
        around = at if to_x > 0 else 2 * high + wide - at
    else:
        reach, at = reach_y, eye_x + reach_y * to_x
        around = high + wide - at if to_y > 0 else 2 * high + wide + at
    above = max(np.float32(eye.height_m) + reach * ray[9, column], np.float32(0.0))
    print_px = reach * np.float32(WALL_PX_M / rays.focal_px)
    level = int(print_px > 1.5) + int(print_px > 3.0) + int(print_px > 6.0)
    scale = np.float32(1.0 / (1 << level))
    across = around * np.float32(WALL_PX_M) * scale - np.float32(0.5)
    last = np.float32(stage.backdrop.height[level]) - np.float32(1.01)
    down = (np.float32(WALL_ROWS) - above * np.float32(WALL_PX_M)) * scale - np.float32(0.5)
    down = min(max(down, np.float32(0.0)), last)
    blur = abs(eye.yaw_rate_rad_s * eye.exposure_s) * reach * WALL_PX_M * scale
    taps = min(_MOST_TAPS, 1 + int(blur))
    even, odd = _blend_line(
        stage.backdrop, level, across, down, np.float32(blur / taps), np.float32(0.0), taps
    )
    _write(image, row, column, even, odd, np.float32(1.0 / 64.0) / taps, np.float32(0.0), stage.air)
    classes[row, column] = _SKY
