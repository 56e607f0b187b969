"""Textures packed for fast look-up: four bytes a texel, in ever coarser copies of themselves."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from car.frame import RoadClass
from car.simulation.compiled import compiled

Texels = NDArray[np.uint32]
"""Red in the lowest byte, then green and blue; the highest holds a RoadClass or alpha."""

_LINE = int(RoadClass.LINE)


class Pyramid(NamedTuple):
    """A texture and its copies, each half as large as the one before it; or several such.

    Attributes:
        flat: uint32, all copies one after another, row by row.
        table: int64 (copies, 4): where the first texel inside the border of a copy lies, texels
            from one row to the next, and the width and height without the border.
    """

    flat: Texels
    table: NDArray[np.int64]


def pack(rgb: NDArray[np.float32], top: NDArray[np.uint8] | int) -> Texels:
    """Pack colours 0..255 and one more byte into texels of the same rows and columns."""
    whole = np.clip(rgb, 0.0, 255.0).astype(np.uint32)
    high = np.asarray(top, np.uint32) << 24
    return np.asarray(whole[..., 0] | whole[..., 1] << 8 | whole[..., 2] << 16 | high, np.uint32)


def pyramid(
    texels: Texels,
    levels: int,
    border: int = 0,
    is_labelled: bool = True,
    beyond: Literal["wrap", "edge"] = "wrap",
) -> Pyramid:
    """Make the coarser copies of a texture.

    Args:
        texels: uint32 (rows, columns), both divisible by 2**(levels - 1).
        levels: how many copies, the texture itself included.
        border: texels around each copy.
        is_labelled: the highest byte is a class (lines win); otherwise it is averaged as alpha.
        beyond: fill the border from the other side of the copy, or from the edge next to it.
    """
    copies = [texels]
    for _ in range(levels - 1):
        copies.append(_halved(copies[-1], is_labelled))
    wrapped = [np.pad(copy, border, mode=beyond) for copy in copies] if border else copies
    first = np.cumsum([0] + [copy.size for copy in wrapped[:-1]])
    stride = np.array([copy.shape[1] for copy in wrapped])
    size = np.array([copy.shape[::-1] for copy in copies])
    return Pyramid(
        flat=np.concatenate([copy.ravel() for copy in wrapped]),
        table=np.column_stack([first + border * (stride + 1), stride, size]).astype(np.int64),
    )


def join(pyramids: Sequence[Pyramid]) -> Pyramid:
    """Put pyramids into one flat array; the rows of their tables follow each other."""
    before = np.cumsum([0] + [one.flat.size for one in pyramids[:-1]])
    tables = [one.table.copy() for one in pyramids]
    for table, start in zip(tables, before, strict=True):
        table[:, 0] += start
    return Pyramid(np.concatenate([one.flat for one in pyramids]), np.concatenate(tables))


@compiled()
def _halved(texels: Texels, is_labelled: bool) -> Texels:
    rows, columns = texels.shape[0] // 2, texels.shape[1] // 2
    out = np.empty((rows, columns), np.uint32)
    for row in range(rows):
        for column in range(columns):
            a, b = texels[2 * row, 2 * column], texels[2 * row, 2 * column + 1]
            c, d = texels[2 * row + 1, 2 * column], texels[2 * row + 1, 2 * column + 1]
            packed = np.uint32(0)
            for shift in range(0, 24 if is_labelled else 32, 8):
                total = (a >> shift & 255) + (b >> shift & 255)
                total += (c >> shift & 255) + (d >> shift & 255) + 2
                packed |= np.uint32(total >> 2) << shift
            if is_labelled:
                packed |= np.uint32(_class_of_four(a >> 24, b >> 24, c >> 24, d >> 24)) << 24
            out[row, column] = packed
    return out


@compiled()
def _class_of_four(a: int, b: int, c: int, d: int) -> int:
    lines = (a == _LINE) + (b == _LINE) + (c == _LINE) + (d == _LINE)
    if lines >= 2:
        return _LINE
    return d if a == _LINE else a
