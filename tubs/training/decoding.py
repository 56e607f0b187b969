"""Looks at every record of sessions in threads, a stretch at a time, and goes on where it was."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from tubs.in_threads import in_threads
from tubs.mcap.session import Session
from tubs.training.examine import Examined, Size, examine
from tubs.training.rows import NOT_LOOKED_AT

STRETCH = 64
"""Records that one thread decodes at a time."""

Progress = Callable[[int, int], None]
"""Called with records done and records in all."""


class Unfinished(Protocol):
    """A session some of whose rows nobody has looked at.

    Attributes:
        rows: ROW (n,).
        size: height and width of the images in pixels.
        class_map_size: rows and columns of the class maps.
    """

    rows: NDArray[np.void]

    @property
    def size(self) -> Size:
        """Height and width of the images in pixels."""
        ...

    @property
    def class_map_size(self) -> Size:
        """Rows and columns of the class maps."""
        ...

    def reading(self) -> Session:
        """The session file, opened."""
        ...

    def keep(self, examined: Examined) -> None:
        """Put the pictures of a stretch away; called in several threads."""
        ...


Each = TypeVar("Each", bound=Unfinished)


@dataclass(frozen=True, slots=True)
class _Stretch(Generic[Each]):
    """Some records of a session in a row."""

    of: Each
    session: Session
    first: int
    rows: NDArray[np.void]


def decode_all(
    unfinished: Sequence[Each],
    progress: Progress,
    done: Callable[[Each, int, NDArray[np.void]], None],
) -> None:
    """Look at all records that nobody has looked at.

    Args:
        unfinished: their rows are filled in.
        progress: told how far it is.
        done: called, in this thread, for each stretch that was put away, with the number of its
            first record and its rows.

    Raises:
        TubError: a disk fails to read.
        OSError: a disk fails to write.
    """
    total = sum(len(each.rows) for each in unfinished)
    missing = sum(int((each.rows["state"] == NOT_LOOKED_AT).sum()) for each in unfinished)
    for stretch, examined in in_threads(_look_at, _stretches(unfinished)):
        end = examined.first + len(examined.rows)
        missing -= int((stretch.rows["state"] == NOT_LOOKED_AT).sum())
        stretch.of.rows[examined.first : end] = examined.rows
        done(stretch.of, examined.first, examined.rows)
        progress(total - missing, total)


def _look_at(stretch: _Stretch[Each]) -> tuple[_Stretch[Each], Examined]:
    of = stretch.of
    examined = examine(stretch.session, stretch.first, stretch.rows, of.size, of.class_map_size)
    of.keep(examined)
    return stretch, examined


def _stretches(unfinished: Sequence[Each]) -> Iterator[_Stretch[Each]]:
    for each in unfinished:
        if (each.rows["state"] != NOT_LOOKED_AT).all():
            continue
        session = each.reading()
        for first in range(0, len(each.rows), STRETCH):
            rows = each.rows[first : first + STRETCH]
            if (rows["state"] == NOT_LOOKED_AT).any():
                yield _Stretch(each, session, first, rows)
