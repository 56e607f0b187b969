"""Sees decoded pictures onto the disk behind the decoding, and vouches for them then."""

import logging
from collections.abc import Callable
from queue import Empty, Queue
from threading import Thread
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tubs.training.cached_session import CachedSession

_LOG = logging.getLogger(__name__)
_BEHIND = 128
"""Stretches that may wait for the disk; more of them, and decoding waits too."""
_Stretch = tuple[CachedSession, int, NDArray[np.void]]


class Settler:
    """A thread that syncs. Decoding, and then training, need not wait for the disk.

    Leaving the context lets the thread end by itself when it has caught up. A process that ends
    waits for it; one that is killed does the last few stretches again at its next start.
    """

    def __init__(self, caught_up: Callable[[], None]) -> None:
        """Store what to do at the end.

        Args:
            caught_up: called in the thread when everything is on the disk, or the disk failed.
        """
        self._waiting: Queue[_Stretch | None] = Queue(_BEHIND)
        self._caught_up = caught_up
        self._thread = Thread(target=self._run, name="cache-settler")

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let the thread end when it has caught up."""
        self._waiting.put(None)

    def settle(self, session: CachedSession, first: int, rows: NDArray[np.void]) -> None:
        """Hand over a stretch whose pictures were written; waits when the disk is far behind."""
        self._waiting.put((session, first, rows))

    def join(self) -> None:
        """Wait until the thread has caught up."""
        self._thread.join()

    def _run(self) -> None:
        more = True
        try:
            while more:
                stretches, more = self._next()
                for session in {id(each[0]): each[0] for each in stretches}.values():
                    session.sync()
                for session, first, rows in stretches:
                    session.write_rows(first, rows)
        except OSError as error:
            _LOG.warning("what was decoded is not kept: %s", error)
            while more:
                more = self._next()[1]
        finally:
            self._caught_up()

    def _next(self) -> tuple[list[_Stretch], bool]:
        """Wait for a stretch and take what else is there; say whether more will come."""
        stretches = []
        try:
            each = self._waiting.get()
            while each is not None:
                stretches.append(each)
                each = self._waiting.get_nowait()
        except Empty:
            return stretches, True
        return stretches, False
