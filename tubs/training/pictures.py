"""Pictures of many sessions as one array that is read in any order."""

from collections.abc import Sequence
from typing import Any, Protocol, overload

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tubs.errors import TubError
from tubs.images import Image, decode_class_map, decode_jpeg
from tubs.mcap.session import Session
from tubs.training.examine import UNKNOWN_CLASS, Size, reduce_class_map

Rows = NDArray[np.integer] | NDArray[np.bool_] | Sequence[int]


class SessionPictures(Protocol):
    """Pictures of one session by number of the record; an array will do."""

    def __getitem__(self, number: int, /) -> Image:
        """One picture; not to be written to."""
        ...


class StoredImages:
    """Camera images decoded from the session file each time."""

    def __init__(self, session: Session, size: Size) -> None:
        self._session = session
        self._shape = (*size, 3)

    def __getitem__(self, number: int, /) -> Image:
        """uint8 (height, width, 3) RGB.

        Raises:
            TubError: the file has changed since it was looked at.
        """
        image = decode_jpeg(self._session.read(number).jpeg)
        if image.shape != self._shape:
            raise TubError(f"record {number} of {self._session.path} has changed: {image.shape}")
        return image


class StoredClassMaps:
    """Class maps decoded from the session file, and reduced, each time."""

    def __init__(self, session: Session, size: Size) -> None:
        self._session = session
        self._size = size

    def __getitem__(self, number: int, /) -> Image:
        """uint8 (rows, columns), 255 where unknown.

        Raises:
            TubError: the file has changed since it was looked at.
        """
        png = self._session.read(number).class_map_png
        if png is None:
            return np.full(self._size, UNKNOWN_CLASS, np.uint8)
        return reduce_class_map(decode_class_map(png), self._size)


class Pictures:
    """An array of pictures that lies in pieces; nothing is read before it is asked for.

    A number gives one picture, a slice a part that is read later, and an array of numbers (or
    bool) those pictures, copied. What follows a comma is taken of the pictures, copied.

    Attributes:
        shape: (n, height, width, 3), or (n, rows, columns) for class maps.
        dtype: uint8.
    """

    dtype = np.dtype(np.uint8)

    def __init__(
        self,
        pieces: Sequence[SessionPictures],
        piece: NDArray[np.int32],
        number: NDArray[np.int32],
        shape: tuple[int, ...],
    ) -> None:
        """Store where the pictures are.

        Args:
            pieces: one a session.
            piece: int (n,), which of the pieces each picture is in.
            number: int (n,), which record of the session it is.
            shape: of one picture.
        """
        self._pieces = pieces
        self._piece = piece
        self._number = number
        self.shape = (len(number), *shape)

    def __len__(self) -> int:
        return self.shape[0]

    @overload
    def __getitem__(self, rows: int | np.integer) -> Image: ...
    @overload
    def __getitem__(self, rows: slice) -> "Pictures": ...
    @overload
    def __getitem__(self, rows: Rows) -> Image: ...
    @overload
    def __getitem__(self, rows: tuple[Any, ...]) -> Image: ...
    def __getitem__(self, rows: Any) -> "Image | Pictures":
        """Read pictures, or say which to read later.

        Raises:
            IndexError: there is no such picture.
            TubError: a session file has changed since it was looked at.
        """
        if isinstance(rows, tuple):
            first, *inside = rows
            chosen = np.asarray(self[first])
            return chosen[
                tuple(inside) if chosen.ndim < len(self.shape) else (slice(None), *inside)
            ]
        if isinstance(rows, slice):
            return Pictures(self._pieces, self._piece[rows], self._number[rows], self.shape[1:])
        if isinstance(rows, int | np.integer):
            return self._pieces[self._piece[rows]][int(self._number[rows])]
        places = np.asarray(rows) if len(rows) else np.zeros(0, np.intp)
        return self._gathered(self._piece[places], self._number[places])

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """All of them, copied; mind the memory."""
        return self._gathered(self._piece, self._number).astype(dtype or self.dtype, copy=False)

    def _gathered(self, piece: NDArray[np.int32], number: NDArray[np.int32]) -> Image:
        gathered = np.empty((len(number), *self.shape[1:]), np.uint8)
        where = zip(piece.tolist(), number.tolist(), strict=True)
        for place, (part, row) in enumerate(where):
            gathered[place] = self._pieces[part][row]
        return gathered
