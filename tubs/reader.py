"""Reads a tub: its records in the order in which they were recorded, or any one of them."""

from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tubs.about import NewerFormatError, TubAbout, read_about
from tubs.cleaning.marks import Marks, TimeRange
from tubs.control import Control
from tubs.encoded import EncodedRecord, decode
from tubs.errors import TubError
from tubs.event import TubEvent
from tubs.images import decode_jpeg
from tubs.mcap.recorded_file import UnreadableFileError
from tubs.mcap.session import Session
from tubs.measured import imu_samples, newest_values, telemetry_of
from tubs.record import Record
from tubs.telemetry import ImuSamples, TubTelemetry
from tubs.tub_folder import check_is_tub

OLDEST_S = 0.2
"""An older measurement says little about a record."""
NUMBERS = (
    "captured_s",
    "applied_s",
    "steering",
    "throttle",
    "human_steering",
    "human_throttle",
    "pilot_steering",
    "pilot_throttle",
    "speed_m_s",
)
CONTROLS = np.dtype(
    [("session", "i4"), ("readable", "?"), ("mode", "U8"), *((name, "f8") for name in NUMBERS)]
)
"""A row of `Tub.controls`: number of the session, whether the record can be read, mode, and the
fields of Record; nan unknown."""


class Tub:
    """A recording. Records are read when they are asked for; none is kept.

    Attributes:
        folder: where it is.
        about: its tub.json.
        sessions: its session files in order of time.
    """

    def __init__(self, folder: Path) -> None:
        """Find all records; what is damaged or foreign is left out, and told in `warnings`.

        Raises:
            TubError: there is no such folder, it is not a tub, no record is in it, or a session
                must not be read.
        """
        self.folder = folder
        check_is_tub(folder)
        self._foreign: dict[Path, TubError] = {}
        self.sessions = self._open_sessions([])
        self.about, self._about_warning = _about_of(folder, self.sessions)
        self._count()
        if not len(self):
            raise self._empty()

    def _open_sessions(self, opened: list[Session]) -> list[Session]:
        """All sessions in order of time: those open already, and what else is in the folder."""
        sessions = {session.path: session for session in opened}
        for path in self.folder.glob("*.mcap"):
            if path in sessions or path in self._foreign:
                continue
            try:
                sessions[path] = Session(path)
            except UnreadableFileError:
                if path.exists():
                    raise
            except TubError as error:
                self._foreign[path] = error
        return [sessions[path] for path in sorted(sessions)]

    def _count(self) -> None:
        self._starts = np.cumsum([0, *(len(session) for session in self.sessions)])

    def _empty(self) -> TubError:
        if self._foreign:
            return next(iter(self._foreign.values()))
        return TubError(f"{self.folder} is an empty tub: no record is in it")

    @property
    def warnings(self) -> list[str]:
        """What is not as it was recorded, a sentence each; all that can be read is read."""
        found = [self._about_warning] if self._about_warning else []
        found += [f"left out: {error}" for error in self._foreign.values()]
        return found + [warning for session in self.sessions for warning in session.warnings]

    def refresh(self) -> bool:
        """Look for what was recorded since; whether there is anything.

        Records keep their numbers when only the last session grows, as it does in a drive.

        Raises:
            TubError: a session cannot be read any more.
        """
        before = len(self.sessions)
        grown = [session.refresh() for session in self.sessions]
        self.sessions = self._open_sessions(self.sessions)
        self._count()
        for name in ("times_ns", "sequences"):
            self.__dict__.pop(name, None)
        return any(grown) or len(self.sessions) > before

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __iter__(self) -> Iterator[Record]:
        return (self[number] for number in range(len(self)))

    def __getitem__(self, number: int) -> Record:
        """Read a record, pictures and all.

        Raises:
            IndexError: there is no such record.
            TubError: it is damaged.
        """
        return decode(self.encoded(number))

    def locate(self, number: int) -> tuple[int, int]:
        """In which session a record is, and which one of that session.

        Raises:
            IndexError: there is no such record.
        """
        if not -len(self) <= number < len(self):
            raise IndexError(f"record {number} is not in {self.folder}: it has {len(self)}")
        number %= len(self)
        session = int(np.searchsorted(self._starts, number, side="right")) - 1
        return session, number - int(self._starts[session])

    def encoded(self, number: int) -> EncodedRecord:
        """Read a record and leave its pictures compressed.

        Raises:
            IndexError: there is no such record.
            TubError: it is damaged.
        """
        session, within = self.locate(number)
        return self.sessions[session].read(within)

    def control(self, number: int) -> Control:
        """Read everything but the pictures of a record.

        Raises:
            IndexError: there is no such record.
            TubError: it is damaged.
        """
        session, within = self.locate(number)
        return self.sessions[session].control(within)

    def controls(self) -> NDArray[np.void]:
        """Everything but the pictures of all records, as one array of type CONTROLS.

        Of a record that cannot be read `readable` is False, `mode` empty, and all numbers are nan
        but `captured_s`. Speed is the newest of /telemetry where /control has none.

        Raises:
            TubError: a session file is gone.
        """
        rows = np.empty(len(self), CONTROLS)
        number = 0
        for position, session in enumerate(self.sessions):
            for within in range(len(session)):
                rows[number] = _row(position, session, within)
                number += 1
        unknown = np.isnan(rows["speed_m_s"])
        if unknown.any():
            rows["speed_m_s"][unknown] = self.telemetry_at_records("speed_m_s")[unknown]
        return rows

    @cached_property
    def times_ns(self) -> NDArray[np.int64]:
        """When each record was captured, int64 (n,): nanoseconds, comparable within a session."""
        return np.concatenate([session.times_ns for session in self.sessions])

    @cached_property
    def marks(self) -> Marks:
        """The edits of this tub."""
        return Marks(self.folder)

    def deleted(self) -> NDArray[np.bool_]:
        """Which records are marked as deleted, bool (n,), as the marks say now."""
        parts = [self.marks.deleted(each.name, each.times_ns) for each in self.sessions]
        return np.concatenate(parts)

    def ranges_of(self, chosen: NDArray[np.bool_]) -> list[TimeRange]:
        """Runs of chosen records as time ranges, for the marks.

        Args:
            chosen: bool (n,).
        """
        ranges = []
        for position, session in enumerate(self.sessions):
            start, end = self._starts[position : position + 2]
            padded = np.concatenate([[False], chosen[start:end], [False]]).astype(np.int8)
            edges = np.flatnonzero(np.diff(padded)).reshape(-1, 2)
            times_ns = session.times_ns
            ranges += [
                TimeRange(session.name, int(times_ns[first]), int(times_ns[after - 1]))
                for first, after in edges.tolist()
            ]
        return ranges

    @cached_property
    def sequences(self) -> NDArray[np.int64]:
        """Number of each record's tick in its drive, int64 (n,); a gap counts dropped records."""
        return np.concatenate([session.sequences for session in self.sessions])

    def events(self) -> list[TubEvent]:
        """What happened beside the records, in the order of sessions and time."""
        found = []
        for position, session in enumerate(self.sessions):
            first, last = int(self._starts[position]), int(self._starts[position + 1]) - 1
            times_ns = session.times_ns
            for event in sorted(session.events(), key=lambda event: event.at_s):
                after = int(np.searchsorted(times_ns, round(event.at_s * 1e9)))
                record = max(first, min(first + after, last))
                found.append(TubEvent(position, min(record, len(self) - 1), event))
        return found

    def imu(self) -> ImuSamples:
        """What the inertial sensor measured, in the order of sessions and time."""
        return imu_samples(self.sessions)

    def telemetry(self) -> list[TubTelemetry]:
        """What other sensors measured, in the order of sessions and time."""
        return telemetry_of(self.sessions)

    def imu_at_records(self, oldest_s: float = OLDEST_S) -> NDArray[np.float32]:
        """The newest inertial measurement at the time of each record.

        Args:
            oldest_s: an older measurement counts as unknown.

        Returns:
            float32 (n, 6), acceleration in m/s2 and angular velocity in rad/s; nan when unknown.
        """
        imu = self.imu()
        return newest_values(self.sessions, imu.session, imu.measured_s, imu.values, oldest_s)

    def telemetry_at_records(self, name: str, oldest_s: float = OLDEST_S) -> NDArray[np.float32]:
        """The newest measurement of a name at the time of each record, float32 (n,), or nan."""
        found = [each for each in self.telemetry() if name in each.telemetry.values]
        session = np.array([each.session for each in found], np.int32)
        measured_s = np.array([each.telemetry.measured_s for each in found], np.float64)
        values = np.array([[each.telemetry.values[name]] for each in found], np.float64)
        return newest_values(self.sessions, session, measured_s, values.reshape(-1, 1), oldest_s)[
            :, 0
        ]

    @cached_property
    def image_size(self) -> tuple[int, int]:
        """Height and width in pixels of the first image that can be read.

        Raises:
            TubError: none can.
        """
        for number in range(len(self)):
            with suppress(TubError):
                height, width = decode_jpeg(self.encoded(number).jpeg).shape[:2]
                return height, width
        raise TubError(f"no image of {self.folder} can be read: see everlap tub check")


def _row(position: int, session: Session, within: int) -> tuple[object, ...]:
    control = session.readable_control(within)
    if control is None:
        captured_s = int(session.times_ns[within]) / 1e9
        return (position, False, "", captured_s, *[np.nan] * (len(NUMBERS) - 1))
    values = [getattr(control, name) for name in NUMBERS]
    numbers = [np.nan if value is None else value for value in values]
    return (position, True, control.mode, *numbers)


def _about_of(folder: Path, sessions: list[Session]) -> tuple[TubAbout, str | None]:
    """What tub.json says or, when it is damaged, its copy in a session; and a warning then."""
    try:
        return read_about(folder), None
    except NewerFormatError:
        raise
    except TubError as error:
        copies = (session.about() for session in sessions)
        copy = next((about for about in copies if about is not None), None)
        if copy is None:
            return TubAbout(), f"{error}; what the tub is about is not known"
        return copy, f"{error}; a session's copy of it is used"
