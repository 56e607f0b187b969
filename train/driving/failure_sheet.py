"""One picture of a failure: what the pilot saw in the last seconds, how it steered, and where."""

import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from car.frame import Image
from car.pictures.class_colours import draw_outline, road_outline, tint_classes
from car.pictures.lettering import Align, Colour, available_letters, write_aligned
from car.simulation.world import World
from train.driving.failure_chart import draw_chart
from train.driving.failure_map import draw_map
from train.driving.failures import OFF_ROAD, Failure, Moment
from tubs.atomic import written_whole

BACKGROUND: Colour = (16, 20, 26)
WHITE: Colour = (255, 255, 255)
SOFT: Colour = (170, 180, 194)
PILOT: Colour = (92, 190, 255)
EXPERT: Colour = (255, 196, 64)
ALARM: Colour = (240, 90, 60)
SHOWN_S = (-3.0, -2.2, -1.6, -1.1, -0.7, -0.4, -0.2, 0.0)
"""Moments shown, seconds from the failure: the closer, the denser."""
COLUMNS, TILE_W, TILE_H, GAP, HEAD, FOOT = 4, 320, 240, 8, 64, 300
JPEG_QUALITY = 86


def draw_sheet(
    moments: list[Moment], failure: Failure, world: World, title: str, path: Path
) -> None:
    """Write the picture of a failure as a JPEG.

    Args:
        moments: the last seconds, oldest first; at least one.
        failure: what went wrong at their end.
        world: where.
        title: of the episode.
        path: the file to write.

    Raises:
        OutputError: it cannot be written.
    """
    sheet = compose(moments, failure, world, title)
    _, data = cv2.imencode(
        ".jpg", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    )
    with written_whole(path) as draft:
        draft.write_bytes(data.tobytes())


def compose(moments: Sequence[Moment], failure: Failure, world: World, title: str) -> Image:
    """Draw the picture: uint8 (height, width, 3) RGB."""
    rows = len(SHOWN_S) // COLUMNS
    width = COLUMNS * TILE_W + (COLUMNS + 1) * GAP
    tiles_foot = HEAD + rows * (TILE_H + GAP)
    sheet = np.full((tiles_foot + FOOT + GAP, width, 3), BACKGROUND, np.uint8)
    _head(sheet, failure, title)
    end_s = moments[-1].at_s
    shown = [_nearest(moments, end_s + before_s) for before_s in SHOWN_S]
    for number, moment in enumerate(shown):
        row, column = divmod(number, COLUMNS)
        top, left = HEAD + row * (TILE_H + GAP), GAP + column * (TILE_W + GAP)
        tile = _tile(moment, moment.at_s - end_s, is_last=number == len(shown) - 1)
        sheet[top : top + TILE_H, left : left + TILE_W] = tile
    map_px = FOOT + 80
    sheet[tiles_foot : tiles_foot + FOOT, GAP : GAP + map_px] = draw_map(
        world.track, moments, failure, (map_px, FOOT)
    )
    left = 2 * GAP + map_px
    sheet[tiles_foot : tiles_foot + FOOT, left : width - GAP] = draw_chart(
        moments, world.track.width_m / 2, (width - GAP - left, FOOT)
    )
    return sheet


def _head(sheet: Image, failure: Failure, title: str) -> None:
    what = "left the road" if failure.kind == OFF_ROAD else "stood still and was put back"
    cv2.circle(sheet, (22, 23), 7, ALARM, -1, cv2.LINE_AA)
    end = _write(sheet, f"{what} in lap {failure.lap}", 38, 30, 21, WHITE, 600)
    at = f"at {failure.at_s:.1f} s, {abs(failure.speed_m_s):.1f} m/s"
    _write(sheet, at, end + 14, 30, 17, SOFT)
    _write(sheet, title, 38, 53, 15, SOFT)
    x = sheet.shape[1] - 16
    for name, colour in (("expert would steer", EXPERT), ("pilot steers", PILOT)):
        _write(sheet, name, x, 30, 15, SOFT, 400, "right")
        x -= available_letters().width_px(name, 15, 400) + 14
        cv2.circle(sheet, (x, 25), 6, colour, -1, cv2.LINE_AA)
        x -= 24


def _nearest(moments: Sequence[Moment], at_s: float) -> Moment:
    return min(moments, key=lambda moment: abs(moment.at_s - at_s))


def _tile(moment: Moment, before_s: float, *, is_last: bool) -> Image:
    """What the pilot saw, with its own road, and both steerings below."""
    tinted = moment.image
    if moment.class_map is not None:
        tinted = tint_classes(moment.image, moment.class_map)
    size = (TILE_W, TILE_H)
    tile = np.asarray(cv2.resize(tinted, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    if moment.class_map is not None:
        draw_outline(tile, road_outline(moment.class_map, *size), WHITE, 1)
    tile[:30] = (tile[:30] * 0.45).astype(np.uint8)
    tile[-34:] = (tile[-34:] * 0.35).astype(np.uint8)
    _write(tile, "now" if before_s > -0.025 else f"{before_s:+.1f} s", 10, 21, 15, WHITE, 600)
    side = "left" if moment.cross_track_m >= 0 else "right"
    place = f"{100 * abs(moment.cross_track_m):.0f} cm {side}, {moment.speed_m_s:.1f} m/s"
    _write(tile, place, TILE_W - 10, 21, 14, WHITE, 400, "right")
    _steering(tile, moment)
    if is_last:
        cv2.rectangle(tile, (1, 1), (TILE_W - 2, TILE_H - 2), ALARM, 3)
    return tile


def _steering(tile: Image, moment: Moment) -> None:
    """A scale from full left to full right; the pilot's bar, and a mark for the expert's."""
    middle, half, y = TILE_W / 2, TILE_W / 2 - 20, TILE_H - 17
    cv2.line(tile, (20, y), (TILE_W - 20, y), (96, 106, 120), 2, cv2.LINE_AA)
    if math.isfinite(moment.steering_std):
        low, high = (
            round(middle + half * max(-1.0, min(1.0, moment.sent.steering + side)))
            for side in (-moment.steering_std, moment.steering_std)
        )
        cv2.line(tile, (low, y), (high, y), (50, 96, 136), 10)
    pilot, expert = (
        round(middle + half * command.steering) for command in (moment.sent, moment.expert)
    )
    cv2.line(tile, (round(middle), y), (pilot, y), PILOT, 4)
    cv2.line(tile, (round(middle), y - 6), (round(middle), y + 6), SOFT, 1)
    cv2.line(tile, (pilot, y - 9), (pilot, y + 9), PILOT, 4, cv2.LINE_AA)
    corners = [[expert, y - 3], [expert - 7, y - 15], [expert + 7, y - 15]]
    triangle: NDArray[np.int32] = np.array(corners, np.int32)
    cv2.fillConvexPoly(tile, triangle, EXPERT, cv2.LINE_AA)


def _write(
    picture: Image,
    text: str,
    x: float,
    y: float,
    size: float,
    colour: Colour,
    weight: int = 400,
    align: Align = "left",
) -> int:
    letters = available_letters()
    return write_aligned(letters, picture, text, (x, y), size, colour, weight, align)
