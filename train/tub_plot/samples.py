"""Pictures taken from along a drive: eight to look at, and the brightness of some hundred."""

from typing import NamedTuple

import cv2
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from car.frame import Image
from train.page.sheet import GRID, MUTED, PANEL_WIDTH_IN
from train.tub_plot.course import Course
from tubs.errors import TubError
from tubs.images import decode_jpeg
from tubs.reader import Tub

THUMBNAILS = 8
MEASURED = 300
_WIDTH_IN = 1.58
_FULL_LOCK_RAD = 0.9
_POINTER_IN = 0.42
_WIDEST_PX = 320


class Samples(NamedTuple):
    """Pictures from along the time axis.

    Attributes:
        rows: of the course, one a thumbnail.
        pictures: uint8 (height, width, 3) RGB, one a thumbnail; None where it is damaged.
        at_s: (k,) places on the axis of the measured pictures.
        levels: (k,) their mean brightness, 0 to 255.
    """

    rows: list[int]
    pictures: list[Image | None]
    at_s: NDArray[np.float64]
    levels: NDArray[np.float64]

    @property
    def height_in(self) -> float:
        """Of the row of thumbnails."""
        shapes = [picture.shape for picture in self.pictures if picture is not None]
        height, width = shapes[0][:2] if shapes else (3, 4)
        return min(_WIDTH_IN * height / width, 1.8)


def take_samples(tub: Tub, course: Course) -> Samples:
    """Decode the pictures; damaged ones are passed over."""
    places_s = (np.arange(THUMBNAILS) + 0.5) * course.span_s / THUMBNAILS
    last = len(course.axis_s) - 1
    rows = np.clip(np.searchsorted(course.axis_s, places_s), 0, last).tolist()
    measured = np.unique(np.linspace(0, last, min(last + 1, MEASURED)).astype(np.int64))
    pictures = [_picture(tub, int(course.numbers[row])) for row in measured.tolist()]
    levels = [np.nan if picture is None else float(picture.mean()) for picture in pictures]
    thumbnails = [_small(_picture(tub, int(course.numbers[row]))) for row in rows]
    return Samples(rows, thumbnails, course.axis_s[measured], np.array(levels))


def _picture(tub: Tub, number: int) -> Image | None:
    try:
        return decode_jpeg(tub.encoded(number).jpeg)
    except TubError:
        return None


def _small(picture: Image | None) -> Image | None:
    if picture is None or picture.shape[1] <= _WIDEST_PX:
        return picture
    size = (_WIDEST_PX, max(1, round(picture.shape[0] * _WIDEST_PX / picture.shape[1])))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def thumbnails(axes: Axes, course: Course, samples: Samples) -> None:
    """Draw each thumbnail over its place in time, with a pointer to where the car steered."""
    height_in = samples.height_in
    axes.set(xlim=(0, PANEL_WIDTH_IN), ylim=(0, height_in), xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.grid(visible=False)
    for place, (row, picture) in enumerate(zip(samples.rows, samples.pictures, strict=True)):
        middle = (place + 0.5) * PANEL_WIDTH_IN / THUMBNAILS
        _thumbnail(axes, middle, height_in, picture)
        if picture is not None:
            _pointer(axes, middle, float(course.values["steering"][row]))
        text = f"record {int(course.numbers[row]):,}"
        axes.annotate(
            text, (middle, 0), xytext=(0, -5), textcoords="offset points", ha="center", va="top",
            fontsize=8.5, color=MUTED, annotation_clip=False,
        )  # fmt: skip


def _thumbnail(axes: Axes, middle: float, height_in: float, picture: Image | None) -> None:
    if picture is None:
        axes.text(middle, height_in / 2, "damaged", ha="center", va="center", color=MUTED)
        axes.broken_barh(
            [(middle - _WIDTH_IN / 2, _WIDTH_IN)], (0, height_in), color=GRID, alpha=0.5
        )
        return
    width_in = min(_WIDTH_IN, height_in * picture.shape[1] / picture.shape[0])
    extent = (middle - width_in / 2, middle + width_in / 2, 0.0, height_in)
    axes.imshow(picture, extent=extent, aspect="auto", interpolation="bicubic", zorder=2)


def _pointer(axes: Axes, middle: float, steering: float) -> None:
    angle_rad = steering * _FULL_LOCK_RAD
    tip = (middle + _POINTER_IN * np.sin(angle_rad), _POINTER_IN * np.cos(angle_rad))
    for colour, width in (("#00000080", 4.5), ("white", 2.4)):
        axes.plot(
            [middle, tip[0]],
            [0.0, tip[1]],
            color=colour,
            linewidth=width,
            solid_capstyle="butt",
            zorder=3,
        )
