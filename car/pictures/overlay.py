"""What the pilot saw and did, drawn over the camera image: classes, steering, throttle, lap."""

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from car.frame import Image
from car.pictures.class_colours import draw_outline, road_outline, tint_classes
from car.pictures.dial import Dial
from car.pictures.lettering import Align, Colour, Letters, available_letters, shade, write_aligned
from car.pictures.track_map import TrackMap

WHITE: Colour = (255, 255, 255)
SOFT: Colour = (186, 196, 208)
TRACK: Colour = (112, 122, 136)
AHEAD: Colour = (92, 190, 255)
BAND: Colour = (64, 124, 176)
REFERENCE: Colour = (255, 196, 64)
REVERSE: Colour = (240, 110, 40)
_MODE_COLOURS: dict[str, Colour] = {
    "pilot": (60, 200, 140),
    "assisted": (92, 190, 255),
    "human": (255, 196, 64),
    "stopped": (240, 90, 60),
}


@dataclass(frozen=True, slots=True)
class Pointer:
    """What somebody else wished or would do, shown beside what was done.

    Attributes:
        name: who that is.
        steering: in [-1, +1]; beyond is shown at the edge.
        throttle: likewise; None when unknown.
        colour: RGB.
    """

    name: str
    steering: float
    throttle: float | None = None
    colour: Colour = REFERENCE


@dataclass(frozen=True, slots=True)
class Hud:
    """What the instruments show; None and nan leave an instrument out.

    Attributes:
        steering: in [-1, +1], +1 is right.
        throttle: in [-1, +1], +1 is ahead.
        steering_std: the pilot's own uncertainty, in units of steering.
        reference_steering: what an expert or a human steered there.
        reference_name: who that was.
        speed_m_s: along the car.
        lap: the lap being driven, from 1.
        laps: how many are asked for.
        time_s: since the start.
        mode: stopped, human, assisted or pilot.
        cross_track_m: positive is left of the centre line.
        caption: one line more, such as the name of the track.
        pointers: what others wished; the first is next to the dial.
        notice: something that has just happened, in the middle of the picture.
        notice_colour: of the mark before it.
        position_m: x and y on the map.
        trail_m: (n, 2) where the car was, oldest first.
    """

    steering: float
    throttle: float
    steering_std: float = math.nan
    reference_steering: float | None = None
    reference_name: str = "expert"
    speed_m_s: float | None = None
    lap: int | None = None
    laps: int | None = None
    time_s: float | None = None
    mode: str = ""
    cross_track_m: float | None = None
    caption: str = ""
    pointers: tuple[Pointer, ...] = ()
    notice: str = ""
    notice_colour: Colour = REFERENCE
    position_m: tuple[float, float] | None = None
    trail_m: NDArray[np.floating] | None = None


def draw_overlay(
    image: Image,
    class_map: Image | None,
    hud: Hud,
    track_map: TrackMap | None = None,
    scale: int = 4,
) -> Image:
    """Enlarge a camera image and draw what the pilot saw and did over it.

    Args:
        image: uint8 (height, width, 3) RGB; it is not changed.
        class_map: uint8 (rows, columns) of RoadClass of any size, or None.
        hud: what the instruments show.
        track_map: put at the top right when `hud` has a position.
        scale: how many times larger the result is.

    Returns:
        uint8 (height * scale, width * scale, 3) RGB.

    Raises:
        CarError: the class map is none.
    """
    height_px, width_px = image.shape[0] * scale, image.shape[1] * scale
    tinted = image if class_map is None else tint_classes(image, class_map)
    picture = np.asarray(
        cv2.resize(tinted, (width_px, height_px), interpolation=cv2.INTER_CUBIC), np.uint8
    )
    if class_map is not None:
        draw_outline(picture, road_outline(class_map, width_px, height_px), WHITE)
    _Instruments(picture).draw(hud, track_map)
    return picture


class _Instruments:
    """The instruments on one picture; lengths are given for a picture 480 pixels high."""

    def __init__(self, picture: Image) -> None:
        self._picture = picture
        self._height, self._width = picture.shape[:2]
        self._unit: float = self._height / 480.0

    def draw(self, hud: Hud, track_map: TrackMap | None) -> None:
        self._darken()
        self._status(hud)
        self._speed(hud)
        self._steering(hud)
        self._throttle(hud)
        self._notice(hud)
        if track_map is not None and hud.position_m is not None:
            self._map(track_map.picture(hud.position_m, hud.trail_m))

    def _darken(self) -> None:
        top, bottom = round(84 * self._unit), round(140 * self._unit)
        for rows, below in ((slice(0, top), False), (slice(self._height - bottom, None), True)):
            strip = self._picture[rows]
            veil = _veil(self._width, strip.shape[0], below)
            cv2.multiply(strip, veil, dst=strip, scale=1.0 / 255.0)

    def _write(
        self,
        text: str,
        x: float,
        y: float,
        size: float,
        colour: Colour = WHITE,
        weight: int = 400,
        align: Align = "left",
    ) -> int:
        at = (x, y)
        unit = self._unit
        return write_aligned(
            _letters(), self._picture, text, at, size * unit, colour, weight, align
        )

    def _status(self, hud: Hud) -> None:
        unit = self._unit
        x, y = 20.0 * unit, 33.0 * unit
        if hud.mode:
            dot = (round(x + 5 * unit), round(y - 6 * unit))
            colour = _MODE_COLOURS.get(hud.mode, SOFT)
            cv2.circle(self._picture, dot, round(6 * unit), colour, -1, cv2.LINE_AA)
            x = self._write(hud.mode.capitalize(), x + 20 * unit, y, 18, WHITE, 600) + 22 * unit
        for text in _status_texts(hud):
            x = self._write(text, x, y, 18, SOFT) + 22 * unit
        if hud.caption:
            self._write(hud.caption, 20 * unit, y + 22 * unit, 13, SOFT)

    def _speed(self, hud: Hud) -> None:
        if hud.speed_m_s is None:
            return
        unit, x, y = self._unit, 20 * self._unit, self._height - 22 * self._unit
        self._write("SPEED", x, y - 38 * unit, 12, SOFT, 500)
        end = self._write(f"{hud.speed_m_s:.2f}", x, y, 34, WHITE, 500)
        self._write("m/s", end + 6 * unit, y, 16, SOFT)

    def _throttle(self, hud: Hud) -> None:
        unit, y = self._unit, self._height - 22 * self._unit
        ahead = hud.throttle >= 0.0
        colour = AHEAD if ahead else REVERSE
        right = self._width - 20 * unit
        self._write("THROTTLE" if ahead else "REVERSE", right - 24 * unit, y - 38 * unit, 12,
                    SOFT, 500, "right")  # fmt: skip
        self._write(f"{abs(hud.throttle):.2f}", right - 24 * unit, y, 34, WHITE, 500, "right")
        bar_px = 62 * unit
        self._bar(right - 6 * unit, y, bar_px, TRACK)
        filled_px = bar_px * min(abs(hud.throttle), 1.0)
        if filled_px >= 1.0:
            self._bar(right - 6 * unit, y, filled_px, colour)
        for pointer in _pointers(hud):
            if pointer.throttle is not None:
                share = min(max(pointer.throttle if ahead else -pointer.throttle, 0.0), 1.0)
                self._bar_pointer(right + 2 * unit, y - bar_px * share, pointer.colour)

    def _bar_pointer(self, x: float, y: float, colour: Colour) -> None:
        unit = self._unit
        corners = np.array([[x, y], [x + 11 * unit, y - 5 * unit], [x + 11 * unit, y + 5 * unit]])
        fixed = np.asarray(corners * 16.0, np.int32)
        cv2.fillConvexPoly(self._picture, fixed, colour, cv2.LINE_AA, 4)

    def _bar(self, x: float, foot_y: float, length_px: float, colour: Colour) -> None:
        foot, head = (round(x), round(foot_y)), (round(x), round(foot_y - length_px))
        cv2.line(self._picture, foot, head, colour, max(round(9 * self._unit), 1), cv2.LINE_AA)

    def _steering(self, hud: Hud) -> None:
        unit, middle, y = self._unit, self._width / 2, self._height - 22 * self._unit
        dial = Dial(self._picture)
        dial.arc(-1.0, 1.0, TRACK, 6)
        if math.isfinite(hud.steering_std):
            low, high = hud.steering - hud.steering_std, hud.steering + hud.steering_std
            dial.arc(low, high, BAND, 18)
        dial.arc(0.0, hud.steering, AHEAD, 6)
        dial.tick(0.0, 112, 128, SOFT, 2)
        dial.tick(hud.steering, 107, 133, WHITE, 5)
        self._write(f"{hud.steering:+.2f}", middle, y - 5 * unit, 26, WHITE, 500, "centre")
        pointers = _pointers(hud)
        for place, pointer in enumerate(pointers):
            dial.pointer(pointer.steering, 130.0 + 15.0 * place, pointer.colour)
        if pointers:
            self._name_pointers(pointers, middle, y + 12 * unit)
        else:
            self._write("STEERING", middle, y + 12 * unit, 12, SOFT, 500, "centre")

    def _name_pointers(self, pointers: tuple[Pointer, ...], middle: float, y: float) -> None:
        """Write what each pointer says, side by side."""
        size, gap = round(13 * self._unit), 16 * self._unit
        texts = [f"{pointer.name} {pointer.steering:+.2f}" for pointer in pointers]
        widths = [_letters().width_px(text, size, 500) for text in texts]
        x = middle - (sum(widths) + gap * (len(texts) - 1)) / 2
        for text, width, pointer in zip(texts, widths, pointers, strict=True):
            self._write(text, x, y, 13, pointer.colour, 500)
            x += width + gap

    def _notice(self, hud: Hud) -> None:
        """Write what has just happened on a dark strip across the picture."""
        if not hud.notice:
            return
        unit, middle = self._unit, self._width / 2
        top, bottom = round(112 * unit), round(152 * unit)
        strip = self._picture[top:bottom]
        cv2.convertScaleAbs(strip, dst=strip, alpha=0.28)
        half = _letters().width_px(hud.notice, round(18 * unit), 600) / 2
        dot = (round(middle - half - 14 * unit), round(132 * unit))
        cv2.circle(self._picture, dot, round(6 * unit), hud.notice_colour, -1, cv2.LINE_AA)
        self._write(hud.notice, middle, 138 * unit, 18, WHITE, 600, "centre")

    def _map(self, picture: Image) -> None:
        margin = round(14 * self._unit)
        height, width = picture.shape[:2]
        if height + margin > self._height or width + margin > self._width:
            return
        place = self._picture[margin : margin + height, -margin - width : self._width - margin]
        cv2.addWeighted(picture, 0.78, place, 0.22, 0.0, dst=place)


def _pointers(hud: Hud) -> tuple[Pointer, ...]:
    if hud.reference_steering is None:
        return hud.pointers
    return (Pointer(hud.reference_name, hud.reference_steering), *hud.pointers)


def _status_texts(hud: Hud) -> list[str]:
    texts = []
    if hud.lap is not None:
        texts.append(f"Lap {hud.lap}" if hud.laps is None else f"Lap {hud.lap} of {hud.laps}")
    if hud.time_s is not None:
        minutes, seconds = divmod(max(hud.time_s, 0.0), 60.0)
        texts.append(f"{int(minutes)}:{seconds:04.1f}")
    if hud.cross_track_m is not None:
        side = "left" if hud.cross_track_m >= 0 else "right"
        texts.append(f"{abs(hud.cross_track_m) * 100:.0f} cm {side}")
    return texts


@lru_cache(maxsize=1)
def _letters() -> Letters:
    return available_letters()


@lru_cache(maxsize=8)
def _veil(width_px: int, height_px: int, dark_below: bool) -> Image:
    strength = 0.88 if dark_below else 0.78
    return shade(width_px, height_px, strength, dark_below=dark_below)
