"""The colours of the road classes, and how a class map is laid over a picture."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from car.errors import CarError
from car.frame import Image, RoadClass

COLOURS: dict[RoadClass, tuple[int, int, int]] = {
    RoadClass.ROAD: (38, 128, 214),
    RoadClass.LINE: (247, 226, 74),
    RoadClass.GROUND: (0, 138, 100),
    RoadClass.SKY: (203, 216, 230),
    RoadClass.OBSTACLE: (222, 94, 16),
}
"""RGB; after Okabe and Ito, and ordered in lightness too, so that colour blindness loses little."""

_OPACITY: dict[RoadClass, float] = {
    RoadClass.ROAD: 0.36,
    RoadClass.LINE: 0.60,
    RoadClass.GROUND: 0.30,
    RoadClass.SKY: 0.16,
    RoadClass.OBSTACLE: 0.50,
}
_SOLID: Image = np.array([COLOURS[kind] for kind in RoadClass], np.uint8)
_SHARES = np.array([[_OPACITY[kind]] * 3 for kind in RoadClass])
_COLOUR_SHARE: Image = np.round(_SOLID * _SHARES).astype(np.uint8)
_CLEAR_SHARE: Image = np.round(255.0 * (1.0 - _SHARES)).astype(np.uint8)
_OUTLINE_SHIFT_BITS = 3
_OUTLINE_ROWS = 160
_MARGIN = 6
_SMOOTH_OVER = 4


def check_class_map(class_map: Image) -> Image:
    """Let a class map through when it is one.

    Raises:
        CarError: it is not uint8 (rows, columns), or holds a number that is no RoadClass.
    """
    if class_map.ndim != 2 or class_map.dtype != np.uint8 or class_map.size == 0:
        raise CarError(
            f"a class map is uint8 (rows, columns), not {class_map.dtype} {class_map.shape}"
        )
    if int(class_map.max()) >= len(RoadClass):
        raise CarError(
            f"a class map holds 0 to {len(RoadClass) - 1}, not {int(class_map.max())}: "
            "was it made by another version?"
        )
    return class_map


def paint_classes(class_map: Image) -> Image:
    """Turn uint8 (rows, columns) of RoadClass into its plain RGB colours, same size.

    Raises:
        CarError: it is not a class map.
    """
    return _SOLID[check_class_map(class_map)]


def tint_classes(image: Image, class_map: Image) -> Image:
    """Lay the colours of the classes over an RGB image, which shows through.

    Args:
        image: uint8 (height, width, 3) RGB.
        class_map: uint8 (rows, columns) of RoadClass; any size, it is stretched over the image.

    Raises:
        CarError: it is not a class map.
    """
    height_px, width_px = image.shape[:2]
    check_class_map(class_map)
    size_px = (width_px, height_px)
    colour = cv2.resize(_COLOUR_SHARE[class_map], size_px, interpolation=cv2.INTER_LINEAR)
    clear = cv2.resize(_CLEAR_SHARE[class_map], size_px, interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.add(cv2.multiply(image, clear, scale=1.0 / 255.0), colour), np.uint8)


def road_outline(class_map: Image, width_px: int, height_px: int) -> list[NDArray[np.int32]]:
    """Find the edge of what can be driven on (road and its lines), as smooth closed curves.

    Where the road runs out of the picture, so does its edge.

    Returns:
        Curves int32 (n, 1, 2) of x and y in eighths of a pixel of a picture of the size asked for.
    """
    shrink = max(height_px // _OUTLINE_ROWS, 1)
    small_px = max(width_px // shrink, 1), max(height_px // shrink, 1)
    drivable = np.where(class_map <= RoadClass.LINE, np.uint8(255), np.uint8(0))
    soft = cv2.resize(drivable, small_px, interpolation=cv2.INTER_LINEAR)
    cell_px = round(small_px[0] / class_map.shape[1]) // 2 * 2 + 3
    soft = cv2.blur(soft, (cell_px, cell_px), borderType=cv2.BORDER_REPLICATE)
    soft = cv2.copyMakeBorder(soft, _MARGIN, _MARGIN, _MARGIN, _MARGIN, cv2.BORDER_REPLICATE)
    _, mask = cv2.threshold(soft, 127, 255, cv2.THRESH_BINARY)
    curves, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return [
        _smoothed(np.asarray(curve) - (_MARGIN - 0.5), shrink)
        for curve in curves
        if cv2.contourArea(curve) >= mask.size / 400
    ]


def draw_outline(
    picture: Image,
    outline: Sequence[NDArray[np.int32]],
    colour: tuple[int, int, int],
    thickness_px: int = 2,
) -> None:
    """Draw what `road_outline` found, in place."""
    shift_bits = _OUTLINE_SHIFT_BITS
    cv2.polylines(picture, outline, True, colour, thickness_px, cv2.LINE_AA, shift_bits)


def _smoothed(curve_px: NDArray[np.floating], scale: int) -> NDArray[np.int32]:
    """Average a closed curve (n, 1, 2) over its neighbours; thin it out; enlarge it."""
    closed = np.concatenate([curve_px[-_SMOOTH_OVER:], curve_px, curve_px[:_SMOOTH_OVER]])
    mean = cv2.blur(closed, (1, 2 * _SMOOTH_OVER + 1))[_SMOOTH_OVER:-_SMOOTH_OVER]
    thinned = np.asarray(mean[::3])
    return np.round(thinned * (scale << _OUTLINE_SHIFT_BITS)).astype(np.int32)
