"""The colour at a spot of a picture, and a sheet of pictures that shows what that colour finds."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from car.config import CarConfig
from car.errors import PilotError
from car.frame import Image
from car.pilots.curves import COUNT, Curve, trace
from car.pilots.line_follower import LineEye, Sighting
from car.pilots.road_view import sampled

COLUMNS = 3
SCALE = 2
WAY_COLOUR, LINE_COLOUR = (222, 94, 16), (38, 128, 214)
REACH = 14.0
"""In units of Lab: what differs by no more from the spot belongs to the same line."""
SPOT_PX = 2


def colour_at(image: Image, x_px: int, y_px: int) -> str:
    """Colour of what is at a spot, #RRGGBB: the median of all around it that looks the same.

    Args:
        image: uint8 (height, width, 3) RGB.
        x_px: from the left.
        y_px: from the top.

    Raises:
        PilotError: the spot is outside of the picture.
    """
    height_px, width_px = image.shape[:2]
    if not (0 <= x_px < width_px and 0 <= y_px < height_px):
        raise PilotError(
            f"--at {x_px},{y_px} is outside of the picture: x is 0 to {width_px - 1} from the "
            f"left, y is 0 to {height_px - 1} from the top"
        )
    top, left = max(0, y_px - 12), max(0, x_px - 12)
    around = image[top : y_px + 13, left : x_px + 13]
    lab = cv2.cvtColor(around, cv2.COLOR_RGB2LAB).astype(np.float32)
    alike = np.linalg.norm(lab - lab[y_px - top, x_px - left], axis=2) <= REACH
    _, parts = cv2.connectedComponents(alike.astype(np.uint8), connectivity=4)
    spot = around[parts == parts[y_px - top, x_px - left]]
    red, green, blue = (round(float(value)) for value in np.median(spot, axis=0))
    return f"#{red:02x}{green:02x}{blue:02x}"


def sheet(images: Sequence[Image], titles: Sequence[str], config: CarConfig) -> tuple[Image, int]:
    """Draw what the follower finds in pictures of the car's camera.

    Where it sees line the picture is blue, where it would drive orange.

    Returns:
        The sheet, uint8 (height, width, 3) RGB, and in how many pictures there is a line.

    Raises:
        PilotError: a picture has another size than car.toml says.
    """
    eye = LineEye(config)
    sightings = [eye.look(image, Curve()) for image in images]
    tiles = [
        _tile(image, title, eye, sighting)
        for image, title, sighting in zip(images, titles, sightings, strict=True)
    ]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % COLUMNS)
    rows = [np.hstack(tiles[k : k + COLUMNS]) for k in range(0, len(tiles), COLUMNS)]
    return np.vstack(rows), sum(sighting.is_line for sighting in sightings)


def _tile(image: Image, title: str, eye: LineEye, sighting: Sighting) -> Image:
    height_px, width_px = image.shape[:2]
    tile = cv2.resize(image, None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_CUBIC)
    line = _in_picture(eye, sighting, image)
    tile[line > 0.5] = LINE_COLOUR
    if sighting.is_line:
        points, _ = trace(np.array([sighting.found.curve]))
        way = SCALE * (eye.view.pixels(points[0, :COUNT], height_px, width_px) + 0.5)
        cv2.polylines(tile, [np.round(way).astype(np.int32)], False, WAY_COLOUR, 2, cv2.LINE_AA)
    words = f"{title}" if sighting.is_line else f"{title}: no line"
    cv2.putText(tile, words, (6, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 3, cv2.LINE_AA)
    white = (255, 255, 255)
    cv2.putText(tile, words, (6, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, white, 1, cv2.LINE_AA)
    return np.asarray(tile, np.uint8)


def _in_picture(eye: LineEye, sighting: Sighting, image: Image) -> NDArray[np.float32]:
    """How sure each pixel of an enlarged picture is to be line."""
    height_px, width_px = SCALE * image.shape[0], SCALE * image.shape[1]
    cells = eye.view.cells_of_pixels(height_px, width_px)
    return sampled(sighting.likeness, cells, cv2.BORDER_CONSTANT)
