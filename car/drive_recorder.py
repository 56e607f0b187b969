"""The seam between the drive loop and what records it."""

from types import TracebackType
from typing import Protocol, Self

from tubs.event import Event
from tubs.record import Record


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

    @property
    def warning(self) -> str | None:
        """What the driver should know while the recording goes on; None while all is well."""
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

    def note(self, event: Event) -> None:
        """Take an event; never raises."""
        ...

    def last_words(self) -> str:
        """What became of the recording, in one line; empty when there is none."""
        ...


class NoRecorder:
    """Records nothing; stands where a recorder would."""

    recorded = 0
    dropped = 0
    fault = None
    warning = None

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

    def note(self, event: Event) -> None:
        """Forget the event."""

    def last_words(self) -> str:
        """Nothing to say."""
        return ""
