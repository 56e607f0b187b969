"""Paints the ground: road, lines, what lies beside it, the light on it, and exact classes."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from car.frame import RoadClass
from car.simulation.atlas import COARSE, TILE_PX, UNTOUCHED
from car.simulation.blemishes import Blemishes
from car.simulation.clutter import Road
from car.simulation.compiled import compiled
from car.simulation.dice import Dice
from car.simulation.light import Shade
from car.simulation.look import Look
from car.simulation.materials import Texture
from car.simulation.noise import Field, field_noise, tile_noise
from car.simulation.plot import Plot
from car.simulation.stripes import Stripe
from car.simulation.texels import Texels

_ROAD, _LINE, _GROUND = int(RoadClass.ROAD), int(RoadClass.LINE), int(RoadClass.GROUND)
_MASK = TILE_PX - 1
_FAR = -1


class Course(NamedTuple):
    """A centre line as the painter needs it.

    Attributes:
        centre: float64 (n, 2), in texels from the corner of the plot.
        tangent: float64 (n, 2), unit vectors along it.
        spacing: from one point to the next, in texels.
        half_width: of the road, in texels.
        is_crossing: uint8 (n,), 1 inside a crossing, where no middle line is drawn.
    """

    centre: NDArray[np.float64]
    tangent: NDArray[np.float64]
    spacing: float
    half_width: float
    is_crossing: NDArray[np.uint8]


class Ink(NamedTuple):
    """Textures and tones that the painter mixes.

    Attributes:
        ground: tile of what lies beside the road.
        road: tile of the road.
        wear: float32 (TILE_PX, TILE_PX) noise by which lines wear off and edges stray.
        tint: float32 (TILE_PX, TILE_PX, ...) slow change of brightness, in coarse cells.
        shade: coarse cells, 0 lit to 1 shaded.
        blemishes: full size, 128 is untouched.
        lit: RGB gain where shade is 0.
        shaded: RGB gain where shade is 1.
        edge: width of the fading edge, in texels.
        wobble: how far the edge strays, in texels.
        rut: difference in brightness of the wheel tracks.
    """

    ground: Texture
    road: Texture
    wear: Field
    tint: Field
    shade: Shade
    blemishes: Blemishes
    lit: NDArray[np.float32]
    shaded: NDArray[np.float32]
    edge: float
    wobble: float
    rut: float


def paint_ground(
    plot: Plot, road: Road, look: Look, shade: Shade, blemishes: Blemishes, dice: Dice
) -> tuple[Texels, Texture]:
    """Paint a plot.

    Returns:
        Texels uint32 (rows, columns) with classes, and the tile that goes on beyond the plot.
    """
    ground = look.ground(dice, look.ground_colour, plot.density_px_m)
    course = _course(plot, road)
    ink = Ink(
        ground=ground,
        road=ground if look.one_floor else look.road(dice, look.road_colour, plot.density_px_m),
        wear=tile_noise(dice.rng, TILE_PX, 32, 4, 0.75),
        tint=_tint(plot, look, dice),
        shade=shade * look.weather.shadow if look.indoors else shade,
        blemishes=blemishes,
        lit=look.weather.lit,
        shaded=look.weather.shaded,
        edge=max(1.0, look.edge_m * plot.density_px_m),
        wobble=look.wobble_m * plot.density_px_m,
        rut=look.rut,
    )
    reach = course.half_width + ink.edge + 4 * ink.wobble + COARSE * 2.0
    nearest = _nearest_points(course.centre, reach, *plot.coarse_shape)
    texels = np.empty((plot.rows, plot.columns), np.uint32)
    stripes = _stripe_table(look.stripes, road.length_m, plot.density_px_m)
    _compose(texels, nearest, course, stripes, ink)
    return texels, ground * look.weather.lit


def _course(plot: Plot, road: Road) -> Course:
    return Course(
        centre=(road.centre_m - [plot.left_m, plot.bottom_m]) * plot.density_px_m,
        tangent=np.ascontiguousarray(road.tangent),
        spacing=road.spacing_m * plot.density_px_m,
        half_width=road.width_m / 2 * plot.density_px_m,
        is_crossing=_crossings(road),
    )


def _crossings(road: Road) -> NDArray[np.uint8]:
    """Find the points of the centre line that lie on another branch of the road."""
    points, count = road.centre_m, len(road.centre_m)
    number = np.arange(count)
    apart = np.abs(number[:, None] - number)
    apart = np.minimum(apart, count - apart) * road.spacing_m
    distance = np.hypot(*(points[:, None] - points).transpose(2, 0, 1))
    inside = (distance < road.width_m / 2) & (apart > 1.5 * road.width_m)
    return inside.any(1).astype(np.uint8)


def _tint(plot: Plot, look: Look, dice: Dice) -> Field:
    """Vary the ground slowly; not at the rim, so that it goes on beyond it without a seam."""
    rows, columns = plot.coarse_shape
    metre = plot.density_px_m / COARSE
    tint = field_noise(dice.rng, (rows, columns), 2.2 * metre, 4)
    tint *= (0.02 if look.indoors else 0.07) * (0.5 + dice.level)
    rim = np.minimum(np.arange(rows), np.arange(rows)[::-1])[:, None]
    rim = np.minimum(rim, np.minimum(np.arange(columns), np.arange(columns)[::-1])[None])
    return np.asarray(tint * np.clip(rim / metre, 0.0, 1.0), np.float32)


def _stripe_table(
    stripes: tuple[Stripe, ...], length_m: float, density_px_m: float
) -> NDArray[np.float32]:
    """Lay stripes out in rows: offset, half width, period, dash (texels), wear, edge, R, G, B."""
    table = np.zeros((len(stripes), 9), np.float32)
    for row, stripe in zip(table, stripes, strict=True):
        period_m = length_m / max(1, round(length_m / stripe.period_m))
        is_solid = stripe.dash_m >= stripe.period_m
        row[:4] = stripe.offset_m, stripe.width_m / 2, period_m, stripe.dash_m
        row[:4] *= density_px_m
        row[3] = 1e9 if is_solid else row[3]
        row[4:6] = stripe.wear, stripe.is_edge
        row[6:] = stripe.colour
    return table


@compiled()
def _nearest_points(
    centre: NDArray[np.float64], reach: float, rows: int, columns: int
) -> NDArray[np.int32]:
    """For each coarse cell the centre line point nearest to it; -1 where all are out of reach."""
    nearest = np.full((rows, columns), _FAR, np.int32)
    best = np.full((rows, columns), np.float32(reach * reach), np.float32)
    for i in range(len(centre)):
        x, y = centre[i, 0] / COARSE - 0.5, centre[i, 1] / COARSE - 0.5
        away = reach / COARSE
        for row in range(max(0, int(y - away)), min(rows, int(y + away) + 2)):
            for column in range(max(0, int(x - away)), min(columns, int(x + away) + 2)):
                square = ((x - column) ** 2 + (y - row) ** 2) * (COARSE * COARSE)
                if square < best[row, column]:
                    best[row, column] = square
                    nearest[row, column] = i
    return nearest


@compiled()
def _compose(
    texels: Texels,
    nearest: NDArray[np.int32],
    course: Course,
    stripes: NDArray[np.float32],
    ink: Ink,
) -> None:
    rgb = np.empty(3, np.float32)
    for row in range(texels.shape[0]):
        for column in range(texels.shape[1]):
            for c in range(3):
                rgb[c] = ink.ground[row & _MASK, column & _MASK, c]
            label = _GROUND
            point = nearest[row // COARSE, column // COARSE]
            if point >= 0:
                label = _lay_road(rgb, row, column, point, course, stripes, ink)
            texels[row, column] = _lit_texel(rgb, row, column, label, ink)


@compiled()
def _lay_road(
    rgb: NDArray[np.float32],
    row: int,
    column: int,
    point: int,
    course: Course,
    stripes: NDArray[np.float32],
    ink: Ink,
) -> int:
    """Put road and lines over the ground of one texel and say its class."""
    along, aside, point = _on_course(column + 0.5, row + 0.5, point, course)
    worn = ink.wear[row & _MASK, column & _MASK]
    cover = (course.half_width + ink.wobble * worn - abs(aside)) / ink.edge + 0.5
    if cover <= 0.0:
        return _GROUND
    cover = min(cover, 1.0)
    track = (abs(aside) / course.half_width - 0.42) / 0.16
    tone = (1.0 + ink.rut / (1.0 + track * track * track * track)) * ink.blemishes[row, column]
    for c in range(3):
        road = ink.road[row & _MASK, column & _MASK, c] * tone * (1.0 / UNTOUCHED)
        rgb[c] += (road - rgb[c]) * cover
    label = _ROAD if cover > 0.5 else _GROUND
    for k in range(len(stripes)):
        if stripes[k, 5] == 0.0 and course.is_crossing[point]:
            continue
        ink_cover = _stripe_cover(along, aside, stripes[k])
        if ink_cover <= 0.0:
            continue
        kept = min(1.0, max(0.0, 1.15 - stripes[k, 4] * (0.75 + 0.8 * worn)))
        for c in range(3):
            rgb[c] += (stripes[k, 6 + c] - rgb[c]) * ink_cover * kept
        if ink_cover * kept > 0.4:
            label = _LINE
    return label


@compiled()
def _on_course(x: float, y: float, point: int, course: Course) -> tuple[float, float, int]:
    """Find a place (texels) along and aside of the centre line, starting from a point near it."""
    count = len(course.centre)
    best = _square(x, y, course.centre, point)
    for step in (1, -1):
        after = (point + step) % count
        square = _square(x, y, course.centre, after)
        while square < best:
            best, point = square, after
            after = (point + step) % count
            square = _square(x, y, course.centre, after)
    dx, dy = x - course.centre[point, 0], y - course.centre[point, 1]
    tx, ty = course.tangent[point, 0], course.tangent[point, 1]
    return point * course.spacing + dx * tx + dy * ty, dy * tx - dx * ty, point


@compiled()
def _square(x: float, y: float, centre: NDArray[np.float64], i: int) -> float:
    return (x - centre[i, 0]) ** 2 + (y - centre[i, 1]) ** 2


@compiled()
def _stripe_cover(along: float, aside: float, stripe: NDArray[np.float32]) -> float:
    """Give how much of a texel a stripe covers, 0..1."""
    cover = stripe[1] + 0.5 - abs(aside - stripe[0])
    if stripe[3] < 1e8:
        into = along - math.floor(along / stripe[2]) * stripe[2]
        cover = min(cover, stripe[3] / 2 + 0.5 - abs(into - stripe[3] / 2))
    return min(1.0, max(0.0, cover))


@compiled()
def _lit_texel(rgb: NDArray[np.float32], row: int, column: int, label: int, ink: Ink) -> np.uint32:
    """Put light on a colour and pack it with its class."""
    shade, tint = _between_cells(row, column, ink)
    packed = np.uint32(label) << 24
    for c in range(3):
        gain = (ink.lit[c] + (ink.shaded[c] - ink.lit[c]) * shade) * (1.0 + tint)
        value = min(255.0, max(0.0, rgb[c] * gain + 0.5))
        packed |= np.uint32(value) << np.uint32(8 * c)
    return packed


@compiled()
def _between_cells(row: int, column: int, ink: Ink) -> tuple[float, float]:
    """Shade and tint of a texel, smoothly between coarse cells."""
    rows, columns = ink.shade.shape
    y = min(max((row + 0.5) / COARSE - 0.5, 0.0), rows - 1.001)
    x = min(max((column + 0.5) / COARSE - 0.5, 0.0), columns - 1.001)
    i, j = int(y), int(x)
    v, u = y - i, x - j
    a, b, c, d = (1 - v) * (1 - u), (1 - v) * u, v * (1 - u), v * u
    s, t = ink.shade, ink.tint
    shade = a * s[i, j] + b * s[i, j + 1] + c * s[i + 1, j] + d * s[i + 1, j + 1]
    return shade, a * t[i, j] + b * t[i, j + 1] + c * t[i + 1, j] + d * t[i + 1, j + 1]
