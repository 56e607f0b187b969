"""Draws upright things as pictures that always face the camera, the far ones first."""

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from car.frame import RoadClass
from car.simulation import atlas
from car.simulation.casting import Eye
from car.simulation.optics import Rays
from car.simulation.placing import haze_at
from car.simulation.props import SPRITE_PX
from car.simulation.shading import Bytes, Colours, Table
from car.simulation.texels import Texels

_OBSTACLE = np.uint8(RoadClass.OBSTACLE)
_NEAREST_M = 0.12
_FARTHEST_M = 40.0


class Cards(NamedTuple):
    """All things of a scene.

    Attributes:
        places: float64 (n, 4): x and y of the foot from the corner of the plot, width, height; m.
        pictures: int64 (n,), which sprite.
    """

    places: NDArray[np.float64]
    pictures: NDArray[np.int64]


@njit(cache=True, fastmath=True, error_model="numpy")  # type: ignore[misc]
def draw_cards(
    image: Bytes,
    classes: Bytes,
    rays: Rays,
    eye: Eye,
    cards: Cards,
    flat: Texels,
    table: Table,
    colours: Colours,
    haze_per_m: float,
    depth: NDArray[np.float64],
    order: NDArray[np.int64],
) -> None:
    """Draw the things in front of the camera.

    Args:
        image: uint8 (height, width, 3), drawn into.
        classes: uint8 (height, width), drawn into.
        rays: of the lens.
        eye: where the camera is.
        cards: the things.
        flat: all textures.
        table: where they lie in it.
        colours: float32 (2, 5), first row the RGB of the air.
        haze_per_m: thickness of haze.
        depth: float64 (n,), room for the distance ahead of each thing.
        order: int64 (n,), room for the order of drawing.
    """
    places, pictures = cards.places, cards.pictures
    count = _sort(eye, places, depth, order)
    corners = np.empty(4)
    for k in range(count):
        card = order[k]
        if _project(eye, rays, places[card], image.shape, corners):
            slimness = places[card, 2] / places[card, 3]
            haze = haze_at(np.float32(depth[card]), np.float32(haze_per_m))
            skew = eye.yaw_rate_rad_s * eye.readout_s * rays.focal_px
            first = atlas.SPRITES + pictures[card] * atlas.SPRITE_LEVELS
            _draw(image, classes, corners, slimness, skew, first, flat, table, colours, haze)


@njit(cache=True, fastmath=True, error_model="numpy")  # type: ignore[misc]
def _sort(
    eye: Eye,
    places: NDArray[np.float64],
    depth: NDArray[np.float64],
    order: NDArray[np.int64],
) -> int:
    """Order what lies ahead from far to near and say how many there are."""
    c, s = math.cos(eye.heading_rad), math.sin(eye.heading_rad)
    count = 0
    for i in range(len(places)):
        ahead = (places[i, 0] - eye.x_m) * c + (places[i, 1] - eye.y_m) * s - eye.forward_m
        depth[i] = ahead
        if ahead < _NEAREST_M or ahead > _FARTHEST_M:
            continue
        k = count
        while k > 0 and depth[order[k - 1]] < ahead:
            order[k] = order[k - 1]
            k -= 1
        order[k] = i
        count += 1
    return count


@njit(cache=True, fastmath=True, error_model="numpy")  # type: ignore[misc]
def _project(
    eye: Eye,
    rays: Rays,
    place: NDArray[np.float64],
    shape: tuple[int, int, int],
    corners: NDArray[np.float64],
) -> bool:
    """Find the pixels of the foot and top of a thing: foot x and y, top x and y."""
    c, s = math.cos(eye.heading_rad), math.sin(eye.heading_rad)
    x, y = place[0] - eye.x_m, place[1] - eye.y_m
    ahead, left = x * c + y * s - eye.forward_m, y * c - x * s
    cp, sp = math.cos(eye.pitch_rad), math.sin(eye.pitch_rad)
    cr, sr = math.cos(eye.roll_rad), math.sin(eye.roll_rad)
    for end in range(2):
        z = place[3] * end - eye.height_m
        deep, up = ahead * cp - z * sp, ahead * sp + z * cp
        if deep < 0.05:
            return False
        across, above = (left * cr + up * sr) / deep, (up * cr - left * sr) / deep
        square = min(across * across + above * above, 9.0)
        spread = 2.0 / (1.0 + math.sqrt(max(1e-6, 1.0 - 4.0 * rays.distortion * square)))
        corners[2 * end] = shape[1] / 2 - across * spread * rays.focal_px
        corners[2 * end + 1] = shape[0] / 2 - above * spread * rays.focal_px
    return corners[1] - corners[3] > 0.5


@njit(cache=True, fastmath=True, error_model="numpy")  # type: ignore[misc]
def _draw(
    image: Bytes,
    classes: Bytes,
    corners: NDArray[np.float64],
    slimness: float,
    skew: float,
    first: int,
    flat: Texels,
    table: Table,
    colours: Colours,
    haze: float,
) -> None:
    """Draw one thing; `skew` is how far it moves sideways while the image is read out."""
    rows, columns = classes.shape
    foot, top = corners[1], corners[3]
    high = foot - top
    wide = high * slimness
    level, per_pixel = 0, SPRITE_PX / min(high, wide)
    while per_pixel > 1.45 and level < atlas.SPRITE_LEVELS - 1:
        per_pixel *= 0.5
        level += 1
    size = np.float32(SPRITE_PX >> level)
    start, stride = table[first + level, 0], table[first + level, 1]
    half, last = np.float32(0.5), size - np.float32(1.001)
    for row in range(max(0, int(top)), min(rows, int(foot) + 1)):
        down = (row + 0.5 - top) / high
        if down <= 0.0 or down >= 1.0:
            continue
        middle = corners[2] + (corners[0] - corners[2]) * down
        left = middle - wide / 2 + ((row + 0.5) / rows - 0.5) * skew
        y = min(max(np.float32(down) * size - half, np.float32(0.0)), last)
        for column in range(max(0, int(left)), min(columns, int(left + wide) + 1)):
            across = np.float32((column + 0.5 - left) / wide)
            if 0.0 < across < 1.0:
                x = min(max(across * size - half, np.float32(0.0)), last)
                _put(image, classes, row, column, flat, start, stride, x, y, colours, haze)


@njit(cache=True, fastmath=True, error_model="numpy")  # type: ignore[misc]
def _put(
    image: Bytes,
    classes: Bytes,
    row: int,
    column: int,
    flat: Texels,
    start: int,
    stride: int,
    x: float,
    y: float,
    colours: Colours,
    haze: float,
) -> None:
    """Lay one pixel of a sprite over the image."""
    i, j = int(x), int(y)
    u, v = np.float32(x - i), np.float32(y - j)
    at = start + j * stride + i
    a, b, c, d = flat[at], flat[at + 1], flat[at + stride], flat[at + stride + 1]
    one = np.float32(1.0)
    wa, wb, wc, wd = (one - u) * (one - v), u * (one - v), (one - u) * v, u * v
    alpha = np.float32(a >> 24) * wa + np.float32(b >> 24) * wb
    alpha += np.float32(c >> 24) * wc + np.float32(d >> 24) * wd
    if alpha < 4.0:
        return
    cover = alpha * np.float32(1.0 / 255.0)
    for channel in range(3):
        shift = 8 * channel
        value = np.float32(a >> shift & 255) * wa + np.float32(b >> shift & 255) * wb
        value += np.float32(c >> shift & 255) * wc + np.float32(d >> shift & 255) * wd
        value += (colours[0, channel] * cover - value) * haze
        value += np.float32(image[row, column, channel]) * (one - cover)
        value = min(max(value, np.float32(0.0)), np.float32(255.0))
        image[row, column, channel] = np.uint8(np.int32(value))
    if alpha > 127.0:
        classes[row, column] = _OBSTACLE
