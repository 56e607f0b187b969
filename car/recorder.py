"""Records a drive without ever making the drive loop wait for a disk."""

import logging
import threading
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from tubs.errors import EverlapError
from tubs.record import Record

if TYPE_CHECKING:
    from tubs.writer import TubWriter

_LOG = logging.getLogger(__name__)
_END = None


class DriveRecorder(Protocol):
    """What the drive loop hands its records to."""

    @property
    def recorded(self) -> int:
        """How many records are in the tub."""
        ...

    @property
    def dropped(self) -> int:
        """How many are not, because the disk was too slow or is full."""
        ...

    @property
    def fault(self) -> str | None:
        """Why nothing is recorded any more; None while all is well."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def append(self, record: Record) -> None:
        """Take one record; never raises."""
        ...


class Recorder:
    """Compresses and writes records in a thread of its own, behind a bounded queue.

    The queue is a SimpleQueue: waking the writer costs the drive loop 14 us, by Queue 50.

    A write error ends the recording and not the drive: it is logged once and kept in `fault`.
    """

    def __init__(
        self,
        writer: "TubWriter",
        queue_length: int = 64,
        wait_s: float = 0.0,
        drain_s: float = 5.0,
    ) -> None:
        """Store where to record; the tub is made when the context is entered.

        Args:
            writer: not yet entered.
            queue_length: how many records may wait for the disk; 64 are 3 s at 20 Hz and 4 MB.
            wait_s: how long `append` may wait for room. 0 in a real drive; a drive in virtual
                time passes some seconds and loses nothing.
            drain_s: how long leaving may wait for the disk.
        """
        self._writer = writer
        self._wait_s = wait_s
        self._drain_s = drain_s
        self._queue_length = queue_length
        self._queue: SimpleQueue[Record | None] = SimpleQueue()
        self._room = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._fault: str | None = None
        self._refused = 0
        self._lost = 0

    @property
    def recorded(self) -> int:
        """How many records are in the tub."""
        return self._writer.records

    @property
    def dropped(self) -> int:
        """How many records were refused because the queue was full, or lost to a fault."""
        return self._refused + self._lost

    @property
    def fault(self) -> str | None:
        """Why nothing is recorded any more; None while all is well."""
        return self._fault

    def __enter__(self) -> Self:
        """Make the tub and start writing.

        Raises:
            OutputError: the tub cannot be made.
        """
        self._writer.__enter__()
        self._thread.start()
        return self

    def append(self, record: Record) -> None:
        """Take one record; its pictures must not be written to afterwards. Never raises.

        When the queue stays full for `wait_s` the record is dropped and counted.
        """
        if self._fault is None and self._has_room():
            self._queue.put(record)
        else:
            self._refused += 1

    def _has_room(self) -> bool:
        """Whether the queue is not full, waiting for it when allowed to."""
        if self._queue.qsize() < self._queue_length:
            return True
        if not self._wait_s:
            return False
        self._room.clear()
        return self._queue.qsize() < self._queue_length or self._room.wait(self._wait_s)

    def _run(self) -> None:
        """Write until the end; an error that nobody expected must not look like a busy disk."""
        finished = False
        try:
            self._write_all()
            finished = True
        finally:
            if not finished:
                self._lost += 1 + self._queue.qsize()
                self._fail("the recorder failed in a way that nobody expected: see the log")

    def _write_all(self) -> None:
        while (record := self._queue.get()) is not _END:
            self._room.set()
            if self._fault is None:
                self._attempt(partial(self._writer.append, record))
            if self._fault is not None:
                self._lost += 1
        self._attempt(self._writer.close)

    def _attempt(self, write: Callable[[], None]) -> None:
        try:
            write()
        except EverlapError as error:
            self._fail(str(error))

    def _fail(self, reason: str) -> None:
        if self._fault is None:
            self._fault = reason
            _LOG.error("recording stopped: %s", reason)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Write what waits, for about `drain_s` at most, and finish the session."""
        self._queue.put(_END)
        self._thread.join(self._drain_s)
        if self._thread.is_alive():
            waiting = self._queue.qsize()
            self._lost += waiting
            self._fail(f"the disk did not take the last {waiting} records in {self._drain_s} s")


class NoRecorder:
    """Records nothing; stands where a recorder would."""

    recorded = 0
    dropped = 0
    fault = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Nothing to finish."""

    def append(self, record: Record) -> None:
        """Forget the record."""
