"""Pictures of many sessions as one array that is read in any order."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
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


class RecordedClassMaps:
    """Class maps as they were recorded; the session file is opened when the first is asked for."""

    def __init__(self, path: Path, size: Size) -> None:
        """Store where they are.

        Args:
            path: the session file.
            size: rows and columns, those of the camera image.
        """
        self._path = path
        self._size = size

    def __getitem__(self, number: int, /) -> Image:
        """uint8 (height, width), 255 where unknown.

        Raises:
            TubError: the file has changed since it was looked at.
        """
        return self._stored[number]

    @cached_property
    def _stored(self) -> StoredClassMaps:
        return StoredClassMaps(Session(self._path), self._size)


class Pictures:
    """An array of pictures that lies in pieces; nothing is read before it is asked for.

    A number gives one picture, a slice a part that is read later, and an array of numbers (or
    bool) those pictures, copied. What follows a comma is taken of the pictures, copied.

    Attributes:
        shape: (n, height, width, 3), or (n, rows, columns) for class maps.
        dtype: uint8.
        exact: of class maps, the same at the camera's resolution, decoded from the session files
            each time; None of other pictures.
    """

    dtype = np.dtype(np.uint8)

    def __init__(
        self,
        pieces: Sequence[SessionPictures],
        piece: NDArray[np.int32],
        number: NDArray[np.int32],
        shape: tuple[int, ...],
        exact: "Pictures | None" = None,
    ) -> None:
        """Store where the pictures are.

        Args:
            pieces: one a session.
            piece: int (n,), which of the pieces each picture is in.
            number: int (n,), which record of the session it is.
            shape: of one picture.
            exact: the same pictures as they were recorded, when these are not.
        """
        self._pieces = pieces
        self._piece = piece
        self._number = number
        self.shape = (len(number), *shape)
        self.exact = exact

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
            exact = None if self.exact is None else self.exact[rows]
            return Pictures(
                self._pieces, self._piece[rows], self._number[rows], self.shape[1:], exact
            )
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
