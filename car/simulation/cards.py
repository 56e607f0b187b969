"""Draws upright things as pictures that always face the camera, the far ones first."""

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from car.frame import RoadClass
from car.simulation.optics import Rays
from car.simulation.props import SPRITE_PX
from car.simulation.shading import Eye, haze_at

_OBSTACLE = np.uint8(RoadClass.OBSTACLE)
_NEAREST_M = 0.12
_FARTHEST_M = 40.0


class Cards(NamedTuple):
    """All things of a scene.

    Attributes:
        places: float64 (n, 4): x and y of the foot from the corner of the plot, width, height; m.
        pictures: int64 (n,), which sprite.
        flat: uint32 (sprites, texels), pyramids of premultiplied colour and alpha.
        start: int64 (levels,), of each copy of a sprite.
        stride: int64 (levels,), of each copy of a sprite.
    """

    places: NDArray[np.float64]
    pictures: NDArray[np.int64]
    flat: NDArray[np.uint32]
    start: NDArray[np.int64]
    stride: NDArray[np.int64]


@njit(cache=True, fastmath=True)  # type: ignore[misc]
def draw_cards(
    image: NDArray[np.uint8],
    classes: NDArray[np.uint8],
    rays: Rays,
    eye: Eye,
    cards: Cards,
    air: NDArray[np.float32],
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
        air: colour of haze.
        haze_per_m: thickness of haze.
        depth: float64 (n,), room for the distance ahead of each thing.
        order: int64 (n,), room for the order of drawing.
    """
    count = _sort(eye, cards.places, depth, order)
    corners = np.empty(4)
    for k in range(count):
        card = order[k]
        if _project(eye, rays, cards.places[card], image.shape, corners):
            _draw(image, classes, rays, eye, cards, card, corners, air, depth[card] * haze_per_m)


@njit(cache=True, fastmath=True)  # type: ignore[misc]
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


@njit(cache=True, fastmath=True)  # type: ignore[misc]
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


@njit(cache=True, fastmath=True)  # type: ignore[misc]
def _draw(
    image: NDArray[np.uint8],
    classes: NDArray[np.uint8],
    rays: Rays,
    eye: Eye,
    cards: Cards,
    card: int,
    corners: NDArray[np.float64],
    air: NDArray[np.float32],
    thick: float,
) -> None:
    rows, columns = classes.shape
    foot, top = corners[1], corners[3]
    high = foot - top
    wide = high * cards.places[card, 2] / cards.places[card, 3]
    level, per_pixel = 0, SPRITE_PX / min(high, wide)
    while per_pixel > 1.45 and level < len(cards.start) - 1:
        per_pixel *= 0.5
        level += 1
    size = float(SPRITE_PX >> level)
    haze = haze_at(np.float32(thick), np.float32(1.0))
    texels, start, stride = cards.flat[cards.pictures[card]], cards.start[level], cards.stride[level]
    for row in range(max(0, int(top)), min(rows, int(foot) + 1)):
        down = (row + 0.5 - top) / high
        late_s = ((row + 0.5) / rows - 0.5) * eye.readout_s
        middle = corners[2] + (corners[0] - corners[2]) * down
        left = middle - wide / 2 + eye.yaw_rate_rad_s * late_s * rays.focal_px
        y = min(max(down * size - 0.5, 0.0), size - 1.001)
        if down <= 0.0 or down >= 1.0:
            continue
        for column in range(max(0, int(left)), min(columns, int(left + wide) + 1)):
            across = (column + 0.5 - left) / wide
            if 0.0 < across < 1.0:
                x = min(max(across * size - 0.5, 0.0), size - 1.001)
                _put(image, classes, row, column, texels, start, stride, x, y, air, haze)


@njit(cache=True, fastmath=True, inline="always")  # type: ignore[misc]
def _put(
    image: NDArray[np.uint8],
    classes: NDArray[np.uint8],
    row: int,
    column: int,
    texels: NDArray[np.uint32],
    start: int,
    stride: int,
    x: float,
    y: float,
    air: NDArray[np.float32],
    haze: float,
) -> None:
    """Lay one pixel of a sprite over the image."""
    i, j = int(x), int(y)
    u, v = np.float32(x - i), np.float32(y - j)
    at = start + j * stride + i
    a, b, c, d = texels[at], texels[at + 1], texels[at + stride], texels[at + stride + 1]
    one = np.float32(1.0)
    wa, wb, wc, wd = (one - u) * (one - v), u * (one - v), (one - u) * v, u * v
    alpha = (a >> 24) * wa + (b >> 24) * wb + (c >> 24) * wc + (d >> 24) * wd
    if alpha < 4.0:
        return
    cover = np.float32(alpha) * np.float32(1.0 / 255.0)
    for channel in range(3):
        shift = 8 * channel
        value = (a >> shift & 255) * wa + (b >> shift & 255) * wb
        value += (c >> shift & 255) * wc + (d >> shift & 255) * wd
        value += (air[channel] * cover - value) * haze
        value += image[row, column, channel] * (one - cover)
        image[row, column, channel] = np.uint8(min(max(value, 0.0), 255.0))
    if alpha > 127.0:
        classes[row, column] = _OBSTACLE
