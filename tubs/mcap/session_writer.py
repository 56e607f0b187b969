"""Appends records to one session file so that each is there whole or not at all."""

import math
import os
from pathlib import Path

import msgspec

from tubs.about import TubAbout
from tubs.control import Control
from tubs.errors import OutputError
from tubs.mcap import channels, layout
from tubs.mcap.layout import Message

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

    def append(self, control: Control, jpeg: bytes, class_map_png: bytes | None = None) -> None:
        """Write one record; when this returns the operating system has it.

        Raises:
            OutputError: it cannot be written; the records before it are safe.
        """
        chunk = layout.chunk(self._size, self._messages(control, jpeg, class_map_png))
        self._write(chunk.data)
        self._indexes.append(chunk.summary)
        for number, present in ((1, True), (2, True), (3, class_map_png is not None)):
            self._counts[number] += present
        self._note_time(_nanoseconds(control.captured_s))
        self.records += 1
        if abs(control.captured_s - self._synced_s) >= self._sync_interval_s:
            self._synced_s = control.captured_s
            self._sync()

    def _messages(
        self, control: Control, jpeg: bytes, class_map_png: bytes | None
    ) -> list[Message]:
        time_ns, number = _nanoseconds(control.captured_s), self.records & 0xFFFFFFFF
        applied_ns = _nanoseconds(control.applied_s)
        image = channels.pack_image(jpeg, "jpeg", time_ns)
        messages = [
            Message(channels.CONTROL, number, time_ns, applied_ns, _ENCODER.encode(control)),
            Message(channels.CAMERA, number, time_ns, time_ns, image),
        ]
        if class_map_png is not None:
            image = channels.pack_image(class_map_png, "png", time_ns)
            messages.append(Message(channels.CLASS_MAP, number, time_ns, time_ns, image))
        return messages

    def _note_time(self, time_ns: int) -> None:
        first, last = self._times_ns if self.records else (time_ns, time_ns)
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
                layout.statistics(self._counts, channels.SCHEMAS, self.records, self._times_ns),
                *self._indexes,
                layout.metadata_index(*self._metadata_at, METADATA),
            ]
        )


def _nanoseconds(time_s: float) -> int:
    return round(time_s * 1e9)
