"""A short card that says which session of a tub comes next in a film."""

import numpy as np

from car.frame import Image
from car.pictures.lettering import available_letters, write_aligned

_GROUND = (20, 25, 31)
_INK = (231, 235, 239)
_MUTED = (159, 171, 183)
_LONGEST_SHARE = 0.9


def title_card(width_px: int, height_px: int, title: str, *lines: str) -> Image:
    """Draw a card, uint8 (height, width, 3) RGB: a title with smaller lines under it.

    Text that is wider than the card is written smaller.
    """
    picture = np.full((height_px, width_px, 3), _GROUND, np.uint8)
    unit = height_px / 480.0
    _centred(picture, title, 0.46 * height_px, 30 * unit, _INK, 600)
    for place, line in enumerate(lines):
        y = 0.46 * height_px + (44 + 28 * place) * unit
        _centred(picture, line, y, 17 * unit, _MUTED, 400)
    return picture


def _centred(
    picture: Image, text: str, y: float, size_px: float, colour: tuple[int, int, int], weight: int
) -> None:
    letters = available_letters()
    width = letters.width_px(text, max(round(size_px), 1), weight)
    most = _LONGEST_SHARE * picture.shape[1]
    fitting = size_px * min(1.0, most / max(width, 1))
    write_aligned(
        letters, picture, text, (picture.shape[1] / 2, y), fitting, colour, weight, "centre"
    )
