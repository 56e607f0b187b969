"""Appends records to one session file so that each is there whole or not at all."""

import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from tubs.about import TubAbout
from tubs.disk import Disk
from tubs.encoded import EncodedRecord
from tubs.event import Event
from tubs.mcap import channels, layout
from tubs.mcap.append_only import AppendOnlyFile
from tubs.mcap.events import pack_event
from tubs.mcap.layout import Message
from tubs.mcap.measurements import pack_measurement
from tubs.telemetry import Imu, Telemetry

PROFILE = "everlap"
METADATA = "everlap"
_ENCODER = msgspec.json.Encoder()


class SessionWriter:
    """One MCAP file. A chunk holds one record, is written in one go and carries a checksum.

    When a write fails the file is cut back to its last whole record and takes no more.

    Attributes:
        path: of the file.
        records: in it.
        chunks: records, events and measurements in it.
        size: of it in bytes.
        first_s: time of the first record, on the clock of the drive.
    """

    def __init__(
        self,
        path: Path,
        about: TubAbout,
        sync_interval_s: float = 1.0,
        disk: Disk | None = None,
        clock: Callable[[], float] = time.monotonic,
        continues: str = "",
    ) -> None:
        """Store what to write.

        Args:
            path: the file to make; it must not exist.
            about: goes into the file's metadata.
            sync_interval_s: how many seconds of the recording may be lost when the power fails;
                math.inf leaves it to the operating system.
            disk: takes the file; this machine's when None.
            clock: monotonic seconds, for the syncs.
            continues: name of the file before this one of the same drive; empty for the first.
        """
        self.path = path
        self.records = self.chunks = self.size = 0
        self.first_s = 0.0
        self._file = AppendOnlyFile(path, sync_interval_s, disk, clock)
        self._about, self._continues = about, continues
        self._indexes: list[bytes] = []
        self._counts = dict.fromkeys(channels.TOPICS, 0)
        self._times_ns = (0, 0)
        self._metadata_at = (0, 0)

    def open(self) -> None:
        """Make the file and write its head.

        Raises:
            OutputError: it exists or cannot be written.
        """
        entries = {"about": msgspec.json.encode(self._about).decode(), "clock": "monotonic"}
        if self._continues:
            entries["continues"] = self._continues
        metadata = layout.metadata(METADATA, entries)
        head = layout.MAGIC + layout.header(PROFILE, self._about.software) + channels.definitions()
        self._metadata_at = (len(head), len(metadata))
        self._file.make(head + metadata)
        self.size = self._file.size

    def append(self, record: EncodedRecord, sequence: int) -> None:
        """Write one record; when this returns the operating system has it.

        Args:
            record: what to write.
            sequence: number of the record in this drive, those that were dropped counted.

        Raises:
            OutputError: it cannot be written; the records before it are safe.
        """
        self._write_chunk(_messages(record, sequence & 0xFFFFFFFF))
        if not self.records:
            self.first_s = record.control.captured_s
        self.records += 1

    def copy(self, messages: list[Message]) -> None:
        """Write messages of one time as they are: a record, or one thing beside the records.

        Raises:
            OutputError: they cannot be written; what was written before is safe.
        """
        self._write_chunk(messages)
        self.records += any(message.channel == channels.CONTROL for message in messages)

    def note(self, event: Event) -> None:
        """Write an event.

        Raises:
            OutputError: it cannot be written; the records before it are safe.
        """
        time_ns = _nanoseconds(event.at_s)
        self._write_beside(channels.EVENTS, time_ns, pack_event(event, time_ns))

    def measure(self, measurement: Imu | Telemetry) -> None:
        """Write what a sensor measured.

        Raises:
            TubError: a value is not finite; nothing is written.
            OutputError: it cannot be written; the records before it are safe.
        """
        number = channels.IMU if isinstance(measurement, Imu) else channels.TELEMETRY
        data = pack_measurement(measurement)
        self._write_beside(number, _nanoseconds(measurement.measured_s), data)

    def _write_beside(self, channel: int, time_ns: int, data: bytes) -> None:
        sequence = self._counts[channel] & 0xFFFFFFFF
        self._write_chunk([Message(channel, sequence, time_ns, time_ns, data)])

    def _write_chunk(self, messages: list[Message]) -> None:
        chunk = layout.chunk(self.size, messages)
        self._file.write(chunk.data)
        self.size += len(chunk.data)
        self.chunks += 1
        self._note_time(messages[0].log_time_ns)
        self._indexes.append(chunk.summary)
        for message in messages:
            self._counts[message.channel] += 1

    def _note_time(self, time_ns: int) -> None:
        first, last = self._times_ns if self._indexes else (time_ns, time_ns)
        self._times_ns = (
            time_ns if time_ns < first else first,
            time_ns if time_ns > last else last,
        )

    def sync(self) -> None:
        """Wait until the disk has everything.

        Raises:
            OutputError: the disk refuses.
        """
        self._file.sync()

    def see_to_it(self) -> None:
        """Do what is due although nothing was written: sync, see whether the file is there.

        Raises:
            OutputError: the disk refuses, or somebody deleted the file.
        """
        self._file.see_to_it()

    def close(self) -> None:
        """Write the summary; a file without any record is removed.

        Raises:
            OutputError: the summary cannot be written; the records are safe.
        """
        if not self._file.is_open:
            return
        if self.records:
            self._file.write(layout.ending(self.size, self._summary()))
            self.size = self._file.size
            self._file.close()
        else:
            self._file.discard()

    def _summary(self) -> bytes:
        return b"".join(
            [
                channels.definitions(),
                layout.statistics(self._counts, channels.SCHEMAS, self.chunks, self._times_ns),
                *self._indexes,
                layout.metadata_index(*self._metadata_at, METADATA),
            ]
        )


def _messages(record: EncodedRecord, number: int) -> list[Message]:
    time_ns = _nanoseconds(record.control.captured_s)
    applied_ns = _nanoseconds(record.control.applied_s)
    image = channels.pack_image(record.jpeg, "jpeg", time_ns)
    messages = [
        Message(channels.CONTROL, number, time_ns, applied_ns, _ENCODER.encode(record.control)),
        Message(channels.CAMERA, number, time_ns, time_ns, image),
    ]
    if record.class_map_png is not None:
        image = channels.pack_image(record.class_map_png, "png", time_ns)
        messages.append(Message(channels.CLASS_MAP, number, time_ns, time_ns, image))
    if record.source is not None:
        messages.append(Message(channels.SOURCE, number, time_ns, time_ns, record.source))
    return messages


def _nanoseconds(time_s: float) -> int:
    return round(time_s * 1e9)
