"""Decoded pictures of one shape in a file without a head, written in any order."""

import os
from pathlib import Path

import numpy as np

from tubs.images import Image


class PictureFile:
    """A file of uint8 pictures, one after another.

    Attributes:
        path: the file.
        shape: (n, ...).
    """

    def __init__(self, path: Path, shape: tuple[int, ...]) -> None:
        self.path = path
        self.shape = shape
        self._bytes_each = int(np.prod(shape[1:]))

    @property
    def size_bytes(self) -> int:
        """How long it is."""
        return self.shape[0] * self._bytes_each

    def make(self) -> None:
        """Make it with no picture in it; it takes room on the disk as pictures are written.

        Raises:
            OSError: it cannot be made.
        """
        with self.path.open("xb") as file:
            file.truncate(self.size_bytes)

    def write(self, first: int, pictures: Image) -> None:
        """Write pictures from a number on; through a descriptor, so that a full disk is an error
        where a mapped page would be a signal.

        Raises:
            OSError: the disk is full or fails.
        """  # noqa: D205
        if not pictures.size:
            return
        data, offset = pictures.data.cast("B"), first * self._bytes_each
        descriptor = os.open(self.path, os.O_WRONLY)
        try:
            while data:
                written = os.pwrite(descriptor, data, offset)
                data, offset = data[written:], offset + written
        finally:
            os.close(descriptor)

    def sync(self) -> None:
        """Wait until what was written is on the disk.

        Raises:
            OSError: the disk fails.
        """
        descriptor = os.open(self.path, os.O_WRONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def open(self) -> Image:
        """The pictures, uint8 of `shape`; read when they are looked at.

        Raises:
            OSError: it is not there.
        """
        if not self.size_bytes:
            return np.zeros(self.shape, np.uint8)
        return np.asarray(np.memmap(self.path, np.uint8, "r", shape=self.shape))
