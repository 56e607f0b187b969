"""Text on a picture: the TrueType letters of OpenCV 5, or the stroke letters of OpenCV 4."""

from typing import Literal, Protocol

import cv2
import numpy as np

from car.frame import Image

Colour = tuple[int, int, int]
Align = Literal["left", "centre", "right"]


class Letters(Protocol):
    """Something that can measure and write a line of text."""

    def width_px(self, text: str, size_px: int, weight: int) -> int:
        """Say how far a text reaches."""
        ...

    def write(
        self,
        picture: Image,
        text: str,
        at: tuple[int, int],
        size_px: int,
        colour: Colour,
        weight: int,
    ) -> None:
        """Write with the left end of the base line at (x, y)."""
        ...


class TrueTypeLetters:
    """The sans-serif face built into OpenCV 5."""

    def __init__(self) -> None:
        self._face = cv2.FontFace("sans")

    def width_px(self, text: str, size_px: int, weight: int) -> int:
        """Say how far a text reaches."""
        x, _, width, _ = cv2.getTextSize((0, 0), text, (0, 0), self._face, size_px, weight)
        return int(x) + int(width)

    def write(
        self,
        picture: Image,
        text: str,
        at: tuple[int, int],
        size_px: int,
        colour: Colour,
        weight: int,
    ) -> None:
        """Write with the left end of the base line at (x, y)."""
        cv2.putText(picture, text, at, colour, self._face, size_px, weight)


class StrokeLetters:
    """The stroke face of OpenCV 4; what it has no sign for becomes a question mark."""

    _PX_AT_SCALE_1 = 30.0

    def width_px(self, text: str, size_px: int, weight: int) -> int:
        """Say how far a text reaches."""
        scale, thickness = self._pen(size_px, weight)
        (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, scale, thickness)
        return int(width)

    def write(
        self,
        picture: Image,
        text: str,
        at: tuple[int, int],
        size_px: int,
        colour: Colour,
        weight: int,
    ) -> None:
        """Write with the left end of the base line at (x, y)."""
        scale, thickness = self._pen(size_px, weight)
        cv2.putText(
            picture, text, at, cv2.FONT_HERSHEY_DUPLEX, scale, colour, thickness, cv2.LINE_AA
        )

    def _pen(self, size_px: int, weight: int) -> tuple[float, int]:
        return size_px / self._PX_AT_SCALE_1, 2 if weight >= 600 and size_px >= 24 else 1


def available_letters() -> Letters:
    """Choose the best letters that this OpenCV has."""
    return TrueTypeLetters() if hasattr(cv2, "FontFace") else StrokeLetters()


def write_aligned(
    letters: Letters,
    picture: Image,
    text: str,
    at: tuple[float, float],
    size_px: float,
    colour: Colour,
    weight: int = 400,
    align: Align = "left",
) -> int:
    """Write one line with its left end, centre or right end at (x, y) of the base line, in place.

    Returns:
        The x where the text ends, in pixels.
    """
    size = max(round(size_px), 1)
    width = letters.width_px(text, size, weight)
    share = {"left": 0.0, "centre": 0.5, "right": 1.0}[align]
    x = round(at[0] - width * share)
    letters.write(picture, text, (x, round(at[1])), size, colour, weight)
    return x + width


def shade(width_px: int, height_px: int, strength: float, *, dark_below: bool) -> Image:
    """Make a veil uint8 (height, width, 3) that darkens a strip so that text on it can be read.

    Args:
        width_px: of the strip.
        height_px: of the strip.
        strength: 0 darkens nothing, 1 makes the dark edge black.
        dark_below: the dark edge is the lower one.
    """
    ramp = np.linspace(0.0, 1.0, height_px, dtype=np.float32) ** 0.8
    if not dark_below:
        ramp = ramp[::-1]
    column = np.round(255.0 * (1.0 - strength * ramp)).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(column[:, None, None], (height_px, width_px, 3)))
