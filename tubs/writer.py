"""Writes a tub: makes the folder and appends records to a new session in it."""

import secrets
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from tubs.about import FILE_NAME, TubAbout, read_about, write_about
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


class TubWriter:
    """A tub to record in: one session a writer. Leaving the context writes the index."""

    def __init__(
        self,
        folder: Path,
        about: TubAbout | None = None,
        session: str | None = None,
        sync_interval_s: float = 1.0,
    ) -> None:
        """Store what to write and where; nothing is touched before the context is entered.

        Args:
            folder: the tub; made when it is not there.
            about: what the recording is about.
            session: name of the session file without suffix; from date and time when None.
            sync_interval_s: how many seconds of the recording may be lost when the power fails;
                math.inf where that does not matter.
        """
        self.folder = folder
        self.about = (about or TubAbout()).completed()
        path = folder / f"{session or new_session_name()}.mcap"
        self._session = SessionWriter(path, self.about, sync_interval_s)
        self._made: list[Path] = []

    @property
    def path(self) -> Path:
        """The session file."""
        return self._session.path

    @property
    def records(self) -> int:
        """How many records this writer has written."""
        return self._session.records

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
        self._session.open()
        return self

    def _make_folder(self) -> None:
        if self.folder.exists() and not self.folder.is_dir():
            raise OutputError(f"{self.folder} is a file: name a folder for the tub")
        if not self.folder.exists():
            self._made.append(self.folder)
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
        if not self._session.records:
            self._remove_what_was_made()

    def _remove_what_was_made(self) -> None:
        if any(self.folder.glob("*.mcap")):
            return
        for path in self._made:
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()
            elif path.is_file():
                path.unlink()

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
        self._session.append(record, sequence)

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
