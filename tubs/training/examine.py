"""Decodes a stretch of a session: which records are good, and what is in them."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tubs.encoded import EncodedRecord
from tubs.errors import TubError
from tubs.images import Image, decode_class_map, decode_jpeg, jpeg_size
from tubs.mcap.session import Session
from tubs.training.rows import fill_rows

UNKNOWN_CLASS = 255
Size = tuple[int, int]
"""Rows and columns."""
NO_SIZE: Size = (0, 0)
_ASKED = 15
"""Records that are asked for the size of a session's images."""


@dataclass(frozen=True, slots=True)
class Examined:
    """A stretch of a session.

    Attributes:
        first: number of its first record.
        rows: ROW (n,), each good or damaged.
        images: uint8 (n, height, width, 3) RGB; black where damaged.
        class_maps: uint8 (n, rows, columns); 255 where there is none.
    """

    first: int
    rows: NDArray[np.void]
    images: Image
    class_maps: Image


def examine(
    session: Session, first: int, rows: NDArray[np.void], size: Size, class_map_size: Size
) -> Examined:
    """Read and decode records; one that is damaged, or of another size, is found so in its row.

    Args:
        session: where they are.
        first: number of the first one.
        rows: their rows as rows.blank_rows made them.
        size: height and width of the session's images.
        class_map_size: rows and columns of the reduced class maps.

    Raises:
        TubError: the disk fails.
    """
    images = np.zeros((len(rows), *size, 3), np.uint8)
    class_maps = np.full((len(rows), *class_map_size), UNKNOWN_CLASS, np.uint8)
    found: dict[int, EncodedRecord] = {}
    for place in range(len(rows)):
        try:
            found[place] = _take(session, first + place, images[place], class_maps[place])
        except TubError:
            images[place] = 0
        except OSError as error:
            raise TubError(f"cannot read {session.path}: {error.strerror}") from error
    rows = rows.copy()
    has_map = [each.class_map_png is not None for each in found.values()]
    fill_rows(rows, list(found), [each.control for each in found.values()], has_map)
    return Examined(first, rows, images, class_maps)


def _take(session: Session, number: int, image: Image, class_map: Image) -> EncodedRecord:
    record = session.read(number)
    decoded = decode_jpeg(record.jpeg, into=image)
    if decoded.shape != image.shape:
        raise TubError(f"its image is {decoded.shape}, not {image.shape}")
    if record.class_map_png is not None:
        labels = decode_class_map(record.class_map_png)
        class_map[:] = reduce_class_map(labels, class_map.shape)
    return record


def usual_size(session: Session) -> Size:
    """Height and width in pixels of most of a session's images; NO_SIZE when none can be read."""
    chosen = np.unique(np.linspace(0, len(session) - 1, min(_ASKED, len(session))).astype(int))
    sizes = _sizes(session, chosen) or _sizes(session, np.arange(len(session)))
    return sizes.most_common(1)[0][0] if sizes else NO_SIZE


def _sizes(session: Session, numbers: NDArray[np.intp]) -> Counter[Size]:
    sizes: Counter[Size] = Counter()
    for number in numbers.tolist():
        try:
            sizes[jpeg_size(session.read(number).jpeg)] += 1
        except TubError:
            continue
    return sizes


def reduce_class_map(class_map: Image, size: tuple[int, ...]) -> Image:
    """Take the pixel nearest to the centre of each cell; uint8 (rows, columns) of `size`.

    Between two pixels, even cells take the first and odd ones the second: the mirror image of a map
    reduces to the mirror image.
    """
    rows, columns = (
        _nearest(count, length) for count, length in zip(size, class_map.shape, strict=True)
    )
    reduced: Image = class_map[rows[:, None], columns]
    return reduced


def _nearest(count: int, length: int) -> NDArray[np.intp]:
    """The pixel of `length` nearest to the centre of each of `count` cells."""
    cell = np.arange(count)
    twice = (2 * cell + 1) * length - count
    between = twice % (2 * count) == count
    place = np.where(between, twice // (2 * count) + cell % 2, np.rint(twice / (2 * count)))
    return np.clip(place, 0, length - 1).astype(np.intp)
