"""Writes a tub: makes the folder and appends records to a new session in it."""

import math
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from tubs.about import FILE_NAME, TubAbout, read_about, write_about
from tubs.disk import Disk, LocalDisk
from tubs.encoded import EncodedRecord, encode
from tubs.errors import OutputError
from tubs.event import Event
from tubs.mcap.session_writer import SessionWriter
from tubs.record import Record
from tubs.telemetry import Imu, Telemetry


def new_session_name() -> str:
    """A name that sorts by the time when the session began."""
    now = datetime.now(UTC)
    milliseconds = now.microsecond // 1000
    return f"session-{now:%Y%m%dT%H%M%S}{milliseconds:03d}Z-{secrets.token_hex(2)}"


class FileLimits(NamedTuple):
    """When a drive goes on in a new session file, as its index is in memory until it is closed.

    Attributes:
        most_chunks: records, events and measurements; 150 bytes of memory each.
        most_bytes: far from the 4 GiB that a file on a FAT card can have.
        longest_s: by the clock of the drive.
    """

    most_chunks: int = 100_000
    most_bytes: int = 1 << 30
    longest_s: float = 3600.0


class TubWriter:
    """A tub to record one drive in. Leaving the context writes the index."""

    def __init__(
        self,
        folder: Path,
        about: TubAbout | None = None,
        session: str | None = None,
        sync_interval_s: float = 1.0,
        disk: Disk | None = None,
        clock: Callable[[], float] = time.monotonic,
        limits: FileLimits = FileLimits(),  # noqa: B008
    ) -> None:
        """Store what to write and where; nothing is touched before the context is entered.

        Args:
            folder: the tub; made when it is not there.
            about: what the recording is about.
            session: name of the session file without suffix; from date and time when None.
            sync_interval_s: how many seconds of the recording may be lost when the power fails;
                math.inf where that does not matter.
            disk: takes the files; this machine's when None.
            clock: monotonic seconds, for the syncs.
            limits: of a session file.
        """
        self.folder = folder
        self.about = (about or TubAbout()).completed()
        self._name = session or new_session_name()
        self._sync_interval_s = sync_interval_s
        self._disk, self._clock = disk or LocalDisk(), clock
        self._limits = limits
        self._part, self._next = 1, 0
        self._records_before = self._size_before = 0
        self._session = self._new_session("")
        self._made: list[Path] = []

    def _new_session(self, continues: str) -> SessionWriter:
        name = self._name if self._part == 1 else f"{self._name}_{self._part:04d}"
        path = self.folder / f"{name}.mcap"
        interval_s = self._sync_interval_s
        return SessionWriter(path, self.about, interval_s, self._disk, self._clock, continues)

    @property
    def path(self) -> Path:
        """The session file that is written to."""
        return self._session.path

    @property
    def size(self) -> int:
        """Bytes in the session files of this writer."""
        return self._size_before + self._session.size

    @property
    def records(self) -> int:
        """How many records this writer has written."""
        return self._records_before + self._session.records

    def __enter__(self) -> Self:
        """Make the folder, tub.json and the session file.

        Raises:
            OutputError: one of them cannot be written, or a file stands in the way.
            TubError: the folder holds a damaged tub.json.
        """
        self._make_folder()
        if (self.folder / FILE_NAME).exists():
            read_about(self.folder)
        else:
            write_about(self.folder, self.about)
            self._made.insert(0, self.folder / FILE_NAME)
        self._sync_names()
        self._session.open()
        return self

    def _sync_names(self) -> None:
        """See that what was made is found after a failure of the power."""
        if self._sync_interval_s == math.inf:
            return
        try:
            for path in self._made:
                self._disk.sync_folder(path.parent)
        except OSError as error:
            raise OutputError(f"cannot write {self.folder}: {error.strerror or error}") from error

    def _make_folder(self) -> None:
        if self.folder.exists() and not self.folder.is_dir():
            raise OutputError(f"{self.folder} is a file: name a folder for the tub")
        parts = (self.folder, *self.folder.parents)
        self._made += [part for part in parts if not part.exists()]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot make the folder {self.folder}: {error.strerror}") from error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Finish the session, as `close` does."""
        self.close()

    def close(self) -> None:
        """Finish the session; what would be a tub without records is removed again.

        Raises:
            OutputError: the index cannot be written; the records are safe.
        """
        self._session.close()
        if not self.records:
            self._remove_what_was_made()

    def _remove_what_was_made(self) -> None:
        with suppress(OSError):
            if any(self.folder.glob("*.mcap")):
                return
            for path in self._made:
                if path.is_file():
                    path.unlink()
                else:
                    path.rmdir()

    def append(self, record: Record, sequence: int | None = None) -> None:
        """Compress and write one record.

        Args:
            record: what happened.
            sequence: number of the tick in this drive, those that were dropped counted; one more
                than the last record's when None.

        Raises:
            TubError: a value or a picture cannot be recorded; nothing is written.
            OutputError: the disk is full or the folder is gone; earlier records are safe.
        """
        self.append_encoded(encode(record), sequence)

    def append_encoded(self, record: EncodedRecord, sequence: int | None = None) -> None:
        """Write one record whose pictures are compressed already.

        Raises:
            OutputError: the disk is full or the folder is gone; earlier records are safe.
        """
        if self._is_full(record.control.captured_s):
            self._go_on_in_a_new_file()
        number = self._next if sequence is None else sequence
        self._session.append(record, number)
        self._next = number + 1

    def _is_full(self, now_s: float) -> bool:
        session, limits = self._session, self._limits
        if not session.records:
            return False
        is_long = now_s - session.first_s >= limits.longest_s
        return is_long or session.chunks >= limits.most_chunks or session.size >= limits.most_bytes

    def _go_on_in_a_new_file(self) -> None:
        session = self._session
        session.close()
        self._records_before += session.records
        self._size_before += session.size
        self._part += 1
        self._session = self._new_session(session.path.name)
        self._session.open()

    def sync(self) -> None:
        """Wait until the disk has every record.

        Raises:
            OutputError: the disk refuses.
        """
        self._session.sync()

    def see_to_it(self) -> None:
        """Do what is due although nothing was written: sync, see whether the file is there.

        Raises:
            OutputError: the disk refuses, or somebody deleted the file.
        """
        self._session.see_to_it()

    def note(self, event: Event) -> None:
        """Write an event.

        Raises:
            OutputError: the disk is full or the folder is gone; earlier records are safe.
        """
        self._session.note(event)

    def measure(self, measurement: Imu | Telemetry) -> None:
        """Write what a sensor measured.

        Raises:
            TubError: a value is not finite; nothing is written.
            OutputError: the disk is full or the folder is gone; earlier records are safe.
        """
        self._session.measure(measurement)
