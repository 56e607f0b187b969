"""Draws upright things as pictures that always face the camera, the far ones first."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from car.frame import RoadClass
from car.simulation import atlas
from car.simulation.compiled import compiled
from car.simulation.eye import Eye
from car.simulation.ground_rays import haze_at
from car.simulation.optics import Rays
from car.simulation.shading import Bytes, Colours, Table
from car.simulation.texels import Texels

_OBSTACLE = np.uint8(RoadClass.OBSTACLE)
_BYTES = 0x00FF00FF
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


@compiled()
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


@compiled()
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


@compiled()
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


@compiled()
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
    haze: np.float32,
) -> None:
    """Draw one thing; `skew` is how far it moves sideways while the image is read out."""
    rows, columns = classes.shape
    foot, top = corners[1], corners[3]
    high = foot - top
    wide = high * slimness
    level, per_pixel = 0, atlas.SPRITE_PX / min(high, wide)
    while per_pixel > 1.45 and level < atlas.SPRITE_LEVELS - 1:
        per_pixel *= 0.5
        level += 1
    size = np.float32(atlas.SPRITE_PX >> level)
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


@compiled()
def _put(
    image: Bytes,
    classes: Bytes,
    row: int,
    column: int,
    flat: Texels,
    start: int,
    stride: int,
    x: np.float32,
    y: np.float32,
    colours: Colours,
    haze: np.float32,
) -> None:
    """Lay one pixel of a sprite over the image."""
    i, j = np.int64(np.int32(x)), np.int64(np.int32(y))
    at = start + j * stride + i
    a, b = np.int64(flat[at]), np.int64(flat[at + 1])
    c, d = np.int64(flat[at + stride]), np.int64(flat[at + stride + 1])
    if (a | b | c | d) >> 24 == 0:
        return
    u = np.int64(np.int32((x - np.float32(np.int32(i))) * np.float32(256.0)))
    v = np.int64(np.int32((y - np.float32(np.int32(j))) * np.float32(256.0)))
    both = (u * v) >> 8
    wa, wb, wc = 256 - u - v + both, u - both, v - both
    even = (a & _BYTES) * wa + (b & _BYTES) * wb + (c & _BYTES) * wc + (d & _BYTES) * both
    odd = (a >> 8 & _BYTES) * wa + (b >> 8 & _BYTES) * wb
    odd += (c >> 8 & _BYTES) * wc + (d >> 8 & _BYTES) * both
    alpha = odd >> 24
    air = np.float32(np.int32(alpha)) * np.float32(1.0 / 255.0) * haze
    rest, clear = 255 - alpha, np.float32(1.0 / 256.0) * (np.float32(1.0) - haze)
    for channel in range(3):
        sums = odd if channel == 1 else even >> (8 * channel)
        value = np.float32(np.int32(sums & 0xFFFF)) * clear + colours[0, channel] * air
        behind = np.int32(image[row, column, channel] * rest)
        value += np.float32(behind) * np.float32(1.0 / 255.0)
        image[row, column, channel] = np.uint8(np.int32(min(value, np.float32(255.0))))
    if alpha > 127:
        classes[row, column] = _OBSTACLE
