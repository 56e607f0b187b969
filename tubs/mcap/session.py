"""Reads one session file: finished or not, damaged or not, rewritten by another tool or not."""

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from tubs.about import TubAbout, about_from_json
from tubs.control import Control
from tubs.encoded import EncodedRecord
from tubs.errors import TubError
from tubs.event import Event
from tubs.mcap import channels
from tubs.mcap.channels import TOPICS
from tubs.mcap.contents import Contents, Gap
from tubs.mcap.control_message import unpack_control
from tubs.mcap.events import unpack_event
from tubs.mcap.layout import MAGIC, Damaged, Message
from tubs.mcap.measurements import unpack_imu, unpack_telemetry
from tubs.mcap.recorded_file import RecordedFile
from tubs.mcap.records import ChunkRecords, SessionRecords, is_rewritten
from tubs.mcap.regrouped import RegroupedRecords
from tubs.mcap.scan import Scan
from tubs.mcap.summary import read_summary
from tubs.mcap.unpack import name_and_entries
from tubs.mcap.window import Window
from tubs.telemetry import Imu, Telemetry

METADATA = "everlap"
_METADATA_BYTES = 1 << 24
Decoded = TypeVar("Decoded")


class Session:
    """A session file: where its records are, and how to read them.

    Attributes:
        path: the file.
        torn_bytes: how many bytes at its end belong to no whole record; 0 when it was closed.
        finished: whether it was closed, and so has an index for other tools.
        gaps: stretches before the end that belong to nothing; `chunk` is the number of the
            record that follows.
        rewritten: whether another program has rewritten it; then messages of one time are a record.
    """

    def __init__(self, path: Path, use_index: bool = True) -> None:
        """Find the records.

        Args:
            path: the file.
            use_index: believe the index of a finished file when it is whole; else, go through the
                file, which takes longer and finds every gap.

        Raises:
            TubError: it cannot be read, or it is no session of a tub.
        """
        self.path = path
        self._use_index = use_index
        self._file = RecordedFile(path)
        self._scan: Scan | None = None
        self._find()

    def _find(self) -> None:
        contents = read_summary(self._file, TOPICS[channels.CONTROL]) if self._use_index else None
        if contents is None:
            self._scan = Scan(Window(self._file))
            contents = self._scan.proceed()
        self._take(contents)
        self._check_is_session(contents)

    def _take(self, contents: Contents) -> None:
        self.finished = contents.finished
        self.torn_bytes = contents.torn_bytes
        self._metadata = contents.metadata
        self._index_used = contents.index_used
        self._lost: list[Damaged] = []
        roles = channels.roles(contents.topics)
        self.rewritten = is_rewritten(contents.chunks, roles, len(contents.messages))
        if self.rewritten:
            regrouped = RegroupedRecords(self._file, contents)
            contents.topics.update(regrouped.topics)
            self._records: SessionRecords = regrouped
            self._lost = regrouped.lost
            self.gaps = contents.gaps
            return
        foreign = [number for number in contents.topics if number not in roles]
        records = ChunkRecords(self._file, contents.chunks, roles, foreign)
        self._records = records
        self.gaps = [
            Gap(int(np.searchsorted(records.chunk_numbers, chunk)), begin, end)
            for chunk, begin, end in contents.gaps
        ]

    def _check_is_session(self, contents: Contents) -> None:
        """Say what a file without any record is, unless it may have been a session."""
        if len(self):
            return
        topics = contents.topics.values()
        if topics and TOPICS[channels.CONTROL] not in topics:
            names = ", ".join(sorted(topics))
            raise TubError(f"{self.path} holds {names} and no records: Everlap did not write it")
        magic = self._file.read(0, len(MAGIC))
        if magic != MAGIC[: len(magic)] and magic.strip(b"\0") and not topics:
            raise TubError(f"{self.path} is not an MCAP file: it begins with {magic!r}")

    def refresh(self) -> bool:
        """Look whether the file has grown; whether there is anything new.

        Raises:
            TubError: it cannot be read.
        """
        if self._scan is None or self.finished or self.rewritten:
            return False
        before = len(self)
        contents = self._scan.proceed()
        if contents.finished:
            contents.index_used = read_summary(self._file, TOPICS[channels.CONTROL]) is not None
        self._take(contents)
        return contents.finished or len(self) > before

    def close(self) -> None:
        """Give the file back for now; reading opens it again."""
        self._file.close()

    def __len__(self) -> int:
        return len(self._records.times_ns)

    @property
    def times_ns(self) -> NDArray[np.int64]:
        """When each record was captured, int64 (n,), nanoseconds on the clock of the drive."""
        return self._records.times_ns

    @property
    def name(self) -> str:
        """The file's name without suffix."""
        return self.path.stem

    @property
    def sequences(self) -> NDArray[np.int64]:
        """Number of each record's tick in the drive, int64 (n,); a gap counts dropped ones.

        That of a record whose control message is damaged is -1.
        """
        return np.array([self._sequence(number) for number in range(len(self))], np.int64)

    def _sequence(self, number: int) -> int:
        try:
            return self._records.control(number).sequence
        except Damaged:
            return -1

    @property
    def warnings(self) -> list[str]:
        """What is not as it was recorded, a sentence each, for a person to read."""
        name = self.path.name
        found = [
            f"{name}: {end - begin} bytes before record {record} belong to no record"
            for record, begin, end in self.gaps
        ]
        if self.torn_bytes:
            found.append(f"{name}: its last {self.torn_bytes} bytes belong to no whole record")
        if self.rewritten:
            found.append(f"{name} was rewritten by another program")
        if self._lost:
            found.append(f"{name}: {len(self._lost)} of its chunks are damaged: {self._lost[0]}")
        if self.finished and self._use_index and not self._index_used:
            found.append(f"{name}: its index is damaged; the records were found without it")
        return found

    def about(self) -> TubAbout | None:
        """The copy of tub.json in it; None when there is none that can be read."""
        for entries in self._metadata_entries():
            try:
                if "about" in entries:
                    return about_from_json(entries["about"].encode(), str(self.path))
            except TubError:
                continue
        return None

    @property
    def continues(self) -> str:
        """Name of the file before this one of the same drive; empty for the first."""
        return next(
            (each["continues"] for each in self._metadata_entries() if "continues" in each), ""
        )

    def _metadata_entries(self) -> Iterator[dict[str, str]]:
        for position, size in self._metadata:
            try:
                content = self._file.read(position, min(size, _METADATA_BYTES))
                name, entries = name_and_entries(content)
            except (Damaged, TubError):
                continue
            if name == METADATA:
                yield entries

    def control(self, number: int) -> Control:
        """Read everything but the pictures of a record; its checksum is not looked at.

        Raises:
            TubError: it is damaged.
        """
        try:
            return self._control_of(number, self._records.control(number))
        except Damaged as error:
            raise self._damaged(number, error) from error

    def readable_control(self, number: int) -> Control | None:
        """Read everything but the pictures of a record; None when it is damaged.

        Raises:
            TubError: the file is gone.
        """
        try:
            return self._control_of(number, self._records.control(number))
        except Damaged:
            return None

    def _control_of(self, number: int, message: Message) -> Control:
        return unpack_control(message.data, int(self._records.times_ns[number]))

    def read(self, number: int) -> EncodedRecord:
        """Read a record and verify its checksum; the pictures stay compressed.

        Raises:
            TubError: it is damaged.
        """
        try:
            messages = self._records.messages(number)
            for channel in (channels.CONTROL, channels.CAMERA):
                if channel not in messages:
                    raise Damaged(f"it has no {TOPICS[channel]}")
            return self._encoded(number, messages)
        except Damaged as error:
            raise self._damaged(number, error) from error

    def messages(self, number: int) -> dict[int, Message]:
        """All messages of a record as they lie in the file, by the channels of a tub.

        Raises:
            TubError: it is damaged.
        """
        try:
            return self._records.messages(number)
        except Damaged as error:
            raise self._damaged(number, error) from error

    def beside(self, channel: int) -> Iterator[Message | Damaged]:
        """The messages of a channel that belong to no record, or what is wrong with them."""
        return self._records.beside(channel)

    def _encoded(self, number: int, messages: dict[int, Message]) -> EncodedRecord:
        png, source = messages.get(channels.CLASS_MAP), messages.get(channels.SOURCE)
        return EncodedRecord(
            self._control_of(number, messages[channels.CONTROL]),
            channels.unpack_image(messages[channels.CAMERA].data),
            channels.unpack_image(png.data) if png else None,
            source.data if source else None,
        )

    def events(self) -> list[Event]:
        """What happened beside the records, as far as it can be read."""
        return list(self._beside(channels.EVENTS, unpack_event))

    def imu(self) -> list[Imu]:
        """What the inertial sensor measured, as far as it can be read."""
        return list(self._beside(channels.IMU, unpack_imu))

    def telemetry(self) -> list[Telemetry]:
        """What other sensors measured, as far as it can be read."""
        return list(self._beside(channels.TELEMETRY, unpack_telemetry))

    def _beside(self, channel: int, unpack: Callable[[bytes], Decoded]) -> Iterator[Decoded]:
        for message in self._records.beside(channel):
            if isinstance(message, Damaged):
                continue
            try:
                decoded = unpack(message.data)
            except Damaged:
                continue
            yield decoded

    def damaged_beside(self) -> int:
        """How many events and measurements cannot be read."""
        beside = (channels.EVENTS, channels.IMU, channels.TELEMETRY)
        messages = chain.from_iterable(self._records.beside(channel) for channel in beside)
        return sum(isinstance(message, Damaged) for message in messages)

    def _damaged(self, number: int, reason: object) -> TubError:
        return TubError(f"record {number} of {self.path} is damaged: {reason}")
