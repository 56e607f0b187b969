"""One session without a cache: rows in memory, pictures decoded each time they are asked for."""

import numpy as np
from numpy.typing import NDArray

from tubs.mcap.session import Session
from tubs.training.examine import Examined, Size, usual_size
from tubs.training.pictures import StoredClassMaps, StoredImages
from tubs.training.rows import blank_rows


class UncachedSession:
    """Rows of one session, looked at anew in each process.

    Attributes:
        path: the session file.
        rows: ROW (n,).
        size: height and width of the images in pixels.
    """

    def __init__(self, session: Session, class_map_size: Size) -> None:
        self.path = session.path
        self.rows: NDArray[np.void] = blank_rows(session)
        self.size = usual_size(session)
        self.class_map_size = class_map_size
        self._session = session

    def reading(self) -> Session:
        """The session file, opened."""
        return self._session

    def keep(self, examined: Examined) -> None:
        """Nothing is kept but the rows."""

    def images(self) -> StoredImages:
        """Camera images."""
        return StoredImages(self._session, self.size)

    def class_maps(self) -> StoredClassMaps:
        """Class maps."""
        return StoredClassMaps(self._session, self.class_map_size)
