"""One session in the cache: a folder of flat arrays that is filled in any order, and resumed."""

import os
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from tubs.draft_folder import folder_written_whole
from tubs.errors import OutputError
from tubs.mcap.session import Session
from tubs.training.examine import Examined, Size
from tubs.training.picture_file import PictureFile
from tubs.training.pictures import SessionPictures, StoredClassMaps, StoredImages
from tubs.training.rows import NOT_LOOKED_AT, ROW, blank_rows

ABOUT = "everlap-cache.json"
VERSION = 3
_ROWS = "rows.bin"


class About(msgspec.Struct, frozen=True):
    """What a folder of the cache holds.

    Attributes:
        version: of the layout.
        session: the file's name when it was made, for a person to read.
        records: how many.
        size: height and width of the images in pixels.
        class_map_size: rows and columns of the class maps.
        with_pictures: whether the decoded pictures are here, or only the rows.
    """

    version: int
    session: str
    records: int
    size: Size
    class_map_size: Size
    with_pictures: bool

    @property
    def size_bytes(self) -> int:
        """What the folder takes on the disk when it is whole."""
        height, width = self.size
        rows, columns = self.class_map_size
        picture = height * width * 3 + rows * columns if self.with_pictures else 0
        return self.records * (picture + ROW.itemsize)


class CachedSession:
    """Rows and pictures of one session.

    Pictures go to the disk first and rows after them, so that a row that says good or damaged
    vouches for its pictures, whatever was killed or unplugged.

    Attributes:
        folder: where it is.
        path: the session file.
        about: what is in it.
        rows: ROW (n,), as far as is known in this process.
    """

    def __init__(self, folder: Path, path: Path, about: About, rows: NDArray[np.void]) -> None:
        self.folder = folder
        self.path = path
        self.about = about
        self.rows = rows
        count = about.records
        self._images = PictureFile(folder / "images.u8", (count, *about.size, 3))
        self._class_maps = PictureFile(folder / "class_maps.u8", (count, *about.class_map_size))

    @property
    def _files(self) -> tuple[PictureFile, ...]:
        return (self._images, self._class_maps) if self.about.with_pictures else ()

    @property
    def size(self) -> Size:
        """Height and width of the images in pixels."""
        return self.about.size

    @property
    def class_map_size(self) -> Size:
        """Rows and columns of the class maps."""
        return self.about.class_map_size

    def reading(self) -> Session:
        """The session file, opened."""
        return Session(self.path)

    @property
    def is_whole(self) -> bool:
        """Whether every record has been looked at."""
        return bool((self.rows["state"] != NOT_LOOKED_AT).all())

    def keep(self, examined: Examined) -> None:
        """Write the pictures of a stretch; its rows wait for `sync` and `write_rows`.

        Raises:
            OSError: the disk is full or fails.
        """
        for file, pictures in zip(
            self._files, (examined.images, examined.class_maps), strict=False
        ):
            file.write(examined.first, pictures)

    def sync(self) -> None:
        """Wait until all pictures that were kept are on the disk.

        Raises:
            OSError: the disk fails.
        """
        for file in self._files:
            file.sync()

    def write_rows(self, first: int, rows: NDArray[np.void]) -> None:
        """Vouch for a stretch whose pictures are on the disk.

        Raises:
            OSError: the disk is full or fails.
        """
        descriptor = os.open(self.folder / _ROWS, os.O_WRONLY)
        try:
            os.pwrite(descriptor, rows.tobytes(), first * ROW.itemsize)
        finally:
            os.close(descriptor)

    def images(self) -> SessionPictures:
        """Camera images, mapped, or decoded from the session file each time."""
        if self.about.with_pictures:
            return self._images.open()
        return StoredImages(Session(self.path), self.about.size)

    def class_maps(self) -> SessionPictures:
        """Class maps, likewise."""
        if self.about.with_pictures:
            return self._class_maps.open()
        return StoredClassMaps(Session(self.path), self.about.class_map_size)

    def used_now(self) -> None:
        """Note that somebody reads it, for whoever looks for room.

        Raises:
            OSError: the cache can only be read.
        """
        os.utime(self.folder / ABOUT)


def open_cached(folder: Path, path: Path) -> CachedSession | None:
    """Open what there is, whole or not; None when there is nothing that can be used."""
    try:
        about = msgspec.json.decode((folder / ABOUT).read_bytes(), type=About)
        rows = np.fromfile(folder / _ROWS, ROW)
    except (OSError, msgspec.DecodeError):
        return None
    session = CachedSession(folder, path, about, rows)
    fits = about.version == VERSION and len(rows) == about.records
    return session if fits and all(_fits(file) for file in session._files) else None


def _fits(file: PictureFile) -> bool:
    return file.path.is_file() and file.path.stat().st_size == file.size_bytes


def make_cached(folder: Path, session: Session, about: About) -> CachedSession:
    """Make a folder in which no record has been looked at yet.

    Raises:
        OutputError: it cannot be made.
    """
    rows = blank_rows(session)
    with folder_written_whole(folder) as draft:
        made = CachedSession(draft, session.path, about, rows)
        for file in made._files:
            file.make()
        (draft / ABOUT).write_bytes(msgspec.json.encode(about))
        rows.tofile(draft / _ROWS)
    opened = open_cached(folder, session.path)
    if opened is None:
        raise OutputError(f"cannot read back what was written to {folder}: check the disk")
    return opened
