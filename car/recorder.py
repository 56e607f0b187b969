"""Records a drive without ever making the drive loop wait for a disk."""

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self

from car.backlog import Backlog
from car.clock import Clock
from car.drive_recorder import DriveRecorder as DriveRecorder
from car.drive_recorder import NoRecorder as NoRecorder
from tubs.errors import OutputError, TubError
from tubs.event import DROPPED, Event
from tubs.record import Record

if TYPE_CHECKING:
    from car.card_space import CardSpace
    from tubs.encoded import EncodedRecord
    from tubs.writer import TubWriter

_LOG = logging.getLogger(__name__)
_END = None
_Raw = tuple[Record, int, int]
"""A record that is to be compressed, its number, and how many bytes it counts for."""
OBJECT_BYTES = 1024
"""What a record costs beside its pictures."""
STALLED_S = 2.0
"""So long a disk may take nothing before the driver is told."""
LOOK_EVERY_S = 2.0
"""Between two looks at the room on the card."""
IDLE_S = 0.2
"""How long the disk thread waits for a record before it sees to what else is due."""
UNEXPECTED = "the recorder failed in a way that nobody expected: see the log"
STOOD_S = 0.5
"""Records further apart than this were not recorded in one go."""


class _Packed(NamedTuple):
    """A record that is to be written."""

    record: "EncodedRecord"
    number: int
    size: int


class Recorder:
    """Compresses in one thread and writes in another, behind a queue that is bounded in bytes.

    So a disk that stalls holds up neither the drive nor the compressing: what waits for it is
    small. A record that finds no room is dropped and counted: those that wait are older, and stay
    together. Numbers go on meanwhile, so that the gap in the tub tells of it, and once there is
    room again an event does in words.

    The queues are SimpleQueues: waking the thread costs the drive loop 14 us, by Queue 50.

    A write error ends the recording and not the drive: it is logged once and kept in `fault`.
    """

    def __init__(
        self,
        writer: "TubWriter",
        backlog: Backlog | None = None,
        space: "CardSpace | None" = None,
        wait_s: float = 0.0,
        drain_s: float = 10.0,
        clock: Clock = time.monotonic,
        keep: Callable[[Record], bool] = lambda record: True,
    ) -> None:
        """Store where to record; the tub is made when the context is entered.

        Args:
            writer: not yet entered.
            backlog: bounds what may wait for the disk; 16 MB when None.
            space: watches the room on the card; nobody does when None.
            wait_s: how long `append` may wait for room. 0 in a real drive; a drive in virtual
                time passes some seconds and loses nothing.
            drain_s: how long leaving may wait for the disk.
            clock: in which disks are slow, also when the drive is simulated.
            keep: chooses what is worth recording; the rest does not count as dropped.
        """
        self._writer, self._space = writer, space
        self._backlog = backlog or Backlog()
        self._wait_s, self._drain_s = wait_s, drain_s
        self._clock, self._keep = clock, keep
        self._raw: SimpleQueue[_Raw | Event | None] = SimpleQueue()
        self._packed: SimpleQueue[_Packed | Event | None] = SimpleQueue()
        self._room = threading.Event()
        self._packer = threading.Thread(target=self._pack_until_end, name="packer", daemon=True)
        self._scribe = threading.Thread(target=self._write_until_end, name="scribe", daemon=True)
        self._fault: str | None = None
        self._is_broken = False
        self._number = self._gap = self._skipped = self._record_bytes = 0
        self._refused = self._unusable = self._lost = 0
        self._progress_s = self._looked_s = clock()
        self._last_s = 0.0
        self._recorded_s = 0.0

    @property
    def recorded(self) -> int:
        """How many records are in the tub."""
        return self._writer.records

    @property
    def dropped(self) -> int:
        """How many records were refused because the queue was full, or lost to a fault."""
        return self._refused + self._unusable + self._lost

    @property
    def fault(self) -> str | None:
        """Why nothing is recorded any more; None while all is well."""
        return self._fault

    @property
    def warning(self) -> str | None:
        """What the driver should know while the recording goes on; None while all is well."""
        if self._fault is not None:
            return None
        if self._gap:
            return "records are being dropped: the disk is too slow"
        if self._backlog.waiting_bytes and self._clock() - self._progress_s > STALLED_S:
            return "the disk takes nothing: records wait in memory"
        return self._space.warning if self._space is not None else None

    def last_words(self) -> str:
        """What became of the recording, in one line."""
        minutes, seconds = divmod(round(self._recorded_s), 60)
        lasted = f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
        words = f"recorded {self.recorded} records ({lasted}) in {self._writer.folder}"
        return words + (f"; {self.dropped} were not recorded" if self.dropped else "")

    def __enter__(self) -> Self:
        """Make the tub and start writing.

        Raises:
            OutputError: the tub cannot be made, or there is no room for it.
        """
        if self._space is not None:
            self._space.check_before()
        self._writer.__enter__()
        self._packer.start()
        self._scribe.start()
        return self

    def append(self, record: Record) -> None:
        """Take one record; its pictures must not be written to afterwards. Never raises.

        When there is no room for `wait_s` the record is dropped and counted.
        """
        number = self._number
        self._number = number + 1
        size = self._record_bytes or self._measure(record)
        if self._fault is None and (self._backlog.takes(size) or self._gets_room(size)):
            if self._gap:
                self._tell_gap(record.captured_s)
            self._raw.put((record, number, size))
        else:
            self._refused += 1
            self._gap += self._fault is None

    def _measure(self, record: Record) -> int:
        """See how many bytes a record of this drive counts for: pictures are all of one size."""
        size = OBJECT_BYTES + record.image.nbytes
        if record.class_map is not None:
            size += record.class_map.nbytes
        self._record_bytes = size
        return size

    def note(self, event: Event) -> None:
        """Take an event; never raises. It gets in even when records are dropped."""
        if self._fault is None and self._backlog.takes_event(OBJECT_BYTES):
            self._raw.put(event)

    def _tell_gap(self, at_s: float) -> None:
        dropped, self._gap = self._gap, 0
        plural = "s were" if dropped > 1 else " was"
        self.note(Event(at_s, DROPPED, f"{dropped} record{plural} dropped: the disk is too slow"))

    def _gets_room(self, size: int) -> bool:
        """Wait for room when that is allowed, and take it."""
        give_up_s = self._clock() + self._wait_s
        while (left_s := give_up_s - self._clock()) > 0 and self._fault is None:
            self._room.clear()
            if self._backlog.takes(size):
                return True
            self._room.wait(left_s)
        return False

    def _pack_until_end(self) -> None:
        """Compress until the end; an error that nobody expected must not look like a busy disk."""
        try:
            while (item := self._raw.get()) is not _END:
                self._pack(item)
        finally:
            if item is not _END:
                self._unusable += 1 + self._raw.qsize()
                self._fail(UNEXPECTED)
            self._packed.put(_END)

    def _pack(self, item: _Raw | Event) -> None:
        from tubs.encoded import encode  # OpenCV, which who only drives need not wait for

        if isinstance(item, Event):
            self._packed.put(item)
            return
        record, number, size = item
        if not self._keep(record):
            self._skipped += 1
            self._backlog.becomes(size, 0)
            return
        try:
            encoded = encode(record)
        except TubError as error:
            self._unusable += 1
            self._backlog.becomes(size, 0)
            _LOG.error("a record was left out: %s", error)
            return
        packed = OBJECT_BYTES + len(encoded.jpeg) + len(encoded.class_map_png or b"")
        self._backlog.becomes(size, packed)
        self._packed.put(_Packed(encoded, number - self._skipped, packed))

    def _write_until_end(self) -> None:
        finished = False
        try:
            self._write_all()
            finished = True
        finally:
            if not finished:
                self._lost += 1 + self._packed.qsize()
                self._break(UNEXPECTED)

    def _write_all(self) -> None:
        while True:
            try:
                item = self._packed.get(timeout=IDLE_S)
            except Empty:
                self._see_to_the_rest(is_idle=True)
                continue
            if item is _END:
                break
            self._write(item)
            self._see_to_the_rest(is_idle=False)
        self._attempt(self._writer.close)

    def _write(self, item: _Packed | Event) -> None:
        """Write one thing, or count it as lost."""
        if isinstance(item, Event):
            if item.kind == DROPPED:
                _LOG.warning("recording: %s", item.text)
            self._attempt(partial(self._writer.note, item))
            self._backlog.leaves(OBJECT_BYTES)
            return
        if self._attempt(partial(self._writer.append_encoded, item.record, item.number)):
            self._note_time(item.record.control.captured_s)
        else:
            self._lost += 1
        self._backlog.leaves(item.size)
        if not self._room.is_set():
            self._room.set()

    def _note_time(self, captured_s: float) -> None:
        passed_s, self._last_s = captured_s - self._last_s, captured_s
        self._recorded_s += passed_s if 0.0 < passed_s < STOOD_S else 0.0

    def _see_to_the_rest(self, is_idle: bool) -> None:
        """Sync what nobody came after, and look at the card now and then."""
        self._progress_s = now_s = self._clock()
        if is_idle and self._fault is None:
            self._attempt(self._writer.see_to_it)
        elif is_idle:
            self._attempt(self._writer.close)
        if self._space is None or now_s - self._looked_s < LOOK_EVERY_S:
            return
        self._looked_s = now_s
        self._space.look(self._writer.size, self._recorded_s)
        if self._space.is_spent:
            left = self._space.free_bytes / 1e6
            self._fail(f"the card is nearly full ({left:.0f} MB left): the recording was ended")

    def _attempt(self, write: Callable[[], None]) -> bool:
        """Whether it went well; after one failure nothing is tried again."""
        if self._is_broken:
            return False
        try:
            write()
        except OutputError as error:
            self._break(str(error))
            return False
        return True

    def _break(self, reason: str) -> None:
        self._is_broken = True
        self._fail(reason)

    def _fail(self, reason: str) -> None:
        if self._fault is None:
            self._fault = reason
            self._room.set()
            _LOG.error("recording stopped: %s", reason)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Write what waits, for about `drain_s` at most, and finish the session."""
        if self._gap:
            self._tell_gap(self._last_s)
        self._raw.put(_END)
        self._scribe.join(self._drain_s)
        if self._scribe.is_alive():
            waiting = self._raw.qsize() + self._packed.qsize()
            self._lost += waiting
            self._fail(f"the disk did not take the last {waiting} records in {self._drain_s} s")
