"""Appends records to one session file so that each is there whole or not at all."""

import math
import os
from pathlib import Path

import msgspec

from tubs.about import TubAbout
from tubs.encoded import EncodedRecord
from tubs.errors import OutputError
from tubs.event import Event
from tubs.mcap import channels, layout
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
    """

    def __init__(self, path: Path, about: TubAbout, sync_interval_s: float = 1.0) -> None:
        """Store what to write.

        Args:
            path: the file to make; it must not exist.
            about: goes into the file's metadata.
            sync_interval_s: how much of the recording, in seconds of capture time, may be lost
                when the power fails; math.inf leaves it to the operating system.
        """
        self.path = path
        self.records = 0
        self._about = about
        self._sync_interval_s = sync_interval_s
        self._synced_s = -math.inf
        self._next = 0
        self._descriptor = -1
        self._size = 0
        self._indexes: list[bytes] = []
        self._counts = dict.fromkeys(channels.TOPICS, 0)
        self._times_ns = (0, 0)
        self._metadata_at = (0, 0)

    def open(self) -> None:
        """Make the file and write its head.

        Raises:
            OutputError: it exists or cannot be written.
        """
        try:
            self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        except OSError as error:
            raise OutputError(f"cannot make {self.path}: {error.strerror}") from error
        self._write(layout.MAGIC + layout.header(PROFILE, self._about.software))
        self._write(channels.definitions())
        entries = {"about": msgspec.json.encode(self._about).decode(), "clock": "monotonic"}
        metadata = layout.metadata(METADATA, entries)
        self._metadata_at = (self._size, len(metadata))
        self._write(metadata)

    def append(self, record: EncodedRecord, sequence: int | None = None) -> None:
        """Write one record; when this returns the operating system has it.

        Args:
            record: what to write.
            sequence: number of the tick in this drive, those that were dropped counted; one more
                than the last record's when None.

        Raises:
            OutputError: it cannot be written; the records before it are safe.
        """
        number = self._next if sequence is None else sequence
        self._write_chunk(_messages(record, number & 0xFFFFFFFF))
        self._next = number + 1
        self.records += 1
        captured_s = record.control.captured_s
        if abs(captured_s - self._synced_s) >= self._sync_interval_s:
            self._synced_s = captured_s
            self._sync()

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
        chunk = layout.chunk(self._size, messages)
        self._write(chunk.data)
        self._note_time(messages[0].log_time_ns)
        self._indexes.append(chunk.summary)
        for message in messages:
            self._counts[message.channel] += 1

    def _note_time(self, time_ns: int) -> None:
        first, last = self._times_ns if self._indexes else (time_ns, time_ns)
        self._times_ns = (min(first, time_ns), max(last, time_ns))

    def _sync(self) -> None:
        try:
            os.fdatasync(self._descriptor)
        except OSError as error:
            self._give_up(error.strerror or str(error))

    def _write(self, data: bytes) -> None:
        if self._descriptor < 0:
            raise OutputError(f"{self.path} is closed: nothing more can be recorded in it")
        try:
            written = os.write(self._descriptor, data)
            while written < len(data):
                written += os.write(self._descriptor, data[written:])
            vanished = os.fstat(self._descriptor).st_nlink == 0
        except OSError as error:
            self._give_up(error.strerror or str(error))
        if vanished:
            self._give_up("it was deleted")
        self._size += len(data)

    def _give_up(self, reason: str) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        try:
            os.ftruncate(descriptor, self._size)
        except OSError as error:
            reason += f"; its last record may be torn: {error.strerror}"
        finally:
            os.close(descriptor)
        raise OutputError(f"cannot write {self.path} after {self.records} records: {reason}")

    def close(self) -> None:
        """Write the summary; a file without any record is removed.

        Raises:
            OutputError: the summary cannot be written; the records are safe.
        """
        if self._descriptor < 0:
            return
        if self.records:
            self._write(layout.ending(self._size, self._summary()))
            self._sync()
        else:
            self.path.unlink(missing_ok=True)
        os.close(self._descriptor)
        self._descriptor = -1

    def _summary(self) -> bytes:
        return b"".join(
            [
                channels.definitions(),
                layout.statistics(
                    self._counts, channels.SCHEMAS, len(self._indexes), self._times_ns
                ),
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
