"""Reads one session file, finished or not, without needing its index."""

import os
from array import array
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from tubs.control import Control
from tubs.encoded import EncodedRecord
from tubs.errors import TubError
from tubs.event import Event
from tubs.mcap import channels, layout
from tubs.mcap.events import unpack_event
from tubs.mcap.layout import CHUNK_HEAD, MAGIC, RECORD_HEAD, Damaged, Message, Opcode
from tubs.mcap.measurements import unpack_imu, unpack_telemetry
from tubs.telemetry import Imu, Telemetry

_CONTENT_AT = RECORD_HEAD.size + CHUNK_HEAD.size
_CONTROL_READ = 1024
"""Bytes read at once for a control message; one is about 300 long."""
_CONTROL_DECODER = msgspec.json.Decoder(Control)


class Session:
    """A session file: where its records are, and how to read them.

    A chunk is a record. The file is scanned from the front and what follows the last whole
    record is left alone, so that a session cut short by a killed process or an empty battery
    reads like any other.

    Attributes:
        path: the file.
        torn_bytes: how many bytes at its end belong to no whole record; 0 when it was closed.
        finished: whether it was closed, and so has an index for other tools.
    """

    def __init__(self, path: Path) -> None:
        """Find the records.

        Raises:
            TubError: it cannot be read, or it is an MCAP file of something else.
        """
        self.path = path
        self.torn_bytes = 0
        self.finished = False
        self._chunks: list[tuple[int, int]] = []
        self._times_ns = array("q")
        self._beside: dict[int, list[tuple[int, int]]] = {
            channels.EVENTS: [],
            channels.IMU: [],
            channels.TELEMETRY: [],
        }
        try:
            self._descriptor = os.open(path, os.O_RDONLY)
            self._size = os.fstat(self._descriptor).st_size
            self._scan()
        except OSError as error:
            raise TubError(f"cannot read {path}: {error.strerror}") from error

    def __del__(self) -> None:
        descriptor = getattr(self, "_descriptor", -1)
        if descriptor >= 0:
            os.close(descriptor)

    def __len__(self) -> int:
        return len(self._chunks)

    @property
    def times_ns(self) -> NDArray[np.int64]:
        """When each record was captured, int64 (n,), nanoseconds on the clock of the drive."""
        return np.array(self._times_ns, np.int64)

    @property
    def name(self) -> str:
        """The file's name without suffix."""
        return self.path.stem

    def _read(self, offset: int, length: int) -> bytes:
        return os.pread(self._descriptor, length, offset)

    def _scan(self) -> None:
        magic = self._read(0, len(MAGIC))
        if magic != MAGIC[: len(magic)]:
            raise TubError(f"{self.path} is not an MCAP file: it begins with {magic!r}")
        position = len(MAGIC)
        while True:
            head = self._read(position, RECORD_HEAD.size)
            if len(head) < RECORD_HEAD.size:
                break
            opcode, length = RECORD_HEAD.unpack(head)
            end = position + RECORD_HEAD.size + length
            if opcode == 0 or end > self._size or opcode == Opcode.DATA_END:
                self.finished = opcode == Opcode.DATA_END and end <= self._size
                break
            self._note(opcode, position, length)
            position = end
        self.torn_bytes = 0 if self.finished else max(0, self._size - position)

    def _note(self, opcode: int, position: int, length: int) -> None:
        if opcode == Opcode.CHUNK:
            head = self._read(position + RECORD_HEAD.size, CHUNK_HEAD.size + 11)
            channel = int.from_bytes(head[-2:], "little")
            if channel in self._beside:
                self._beside[channel].append((position, length))
                return
            self._chunks.append((position, length))
            self._times_ns.append(int.from_bytes(head[:8], "little", signed=True))
        elif opcode == Opcode.CHANNEL:
            self._check_channel(self._read(position + RECORD_HEAD.size, length))
        elif opcode == Opcode.MESSAGE:
            raise TubError(f"{self.path} holds messages outside chunks: Everlap did not write it")

    def _check_channel(self, content: bytes) -> None:
        number = int.from_bytes(content[:2], "little")
        length = int.from_bytes(content[4:8], "little")
        topic = content[8 : 8 + length].decode("utf-8", "replace")
        if channels.TOPICS.get(number) != topic:
            raise TubError(
                f"{self.path} has a channel {topic!r} that no tub has: Everlap did not write it"
            )

    def control(self, number: int) -> Control:
        """Read everything but the pictures of a record; its checksum is not looked at.

        Raises:
            TubError: it is damaged.
        """
        position, length = self._chunks[number]
        length -= CHUNK_HEAD.size
        head = self._read(position + _CONTENT_AT, min(length, _CONTROL_READ))
        try:
            try:
                message, _ = layout.first_message(head)
            except Damaged:
                message, _ = layout.first_message(self._read(position + _CONTENT_AT, length))
            return _decode_control(message)
        except Damaged as error:
            raise self._damaged(number, error) from error

    def read(self, number: int) -> EncodedRecord:
        """Read a record and verify its checksum; the pictures stay compressed.

        Raises:
            TubError: it is damaged.
        """
        try:
            messages = self._messages(*self._chunks[number])
            control = _decode_control(messages[channels.CONTROL])
            jpeg = channels.unpack_image(messages[channels.CAMERA].data)
            png = messages.get(channels.CLASS_MAP)
            source = messages.get(channels.SOURCE)
            return EncodedRecord(
                control,
                jpeg,
                channels.unpack_image(png.data) if png else None,
                source.data if source else None,
            )
        except KeyError as error:
            raise self._damaged(number, f"it has no {channels.TOPICS[error.args[0]]}") from error
        except Damaged as error:
            raise self._damaged(number, error) from error

    @property
    def sequences(self) -> NDArray[np.int64]:
        """Number of each record's tick in the drive, int64 (n,); a gap counts dropped ones."""
        heads = [self._read(position + _CONTENT_AT + 11, 4) for position, _ in self._chunks]
        return np.array([int.from_bytes(head, "little") for head in heads], np.int64)

    def events(self) -> list[Event]:
        """What happened beside the records, as far as it can be read."""
        return [unpack_event(data) for data in self._all_beside(channels.EVENTS)]

    def imu(self) -> list[Imu]:
        """What the inertial sensor measured, as far as it can be read."""
        return [unpack_imu(data) for data in self._all_beside(channels.IMU)]

    def telemetry(self) -> list[Telemetry]:
        """What other sensors measured, as far as it can be read."""
        return [unpack_telemetry(data) for data in self._all_beside(channels.TELEMETRY)]

    def _all_beside(self, channel: int) -> Iterator[bytes]:
        for position, length in self._beside[channel]:
            with suppress(Damaged):
                yield from (message.data for message in self._messages(position, length).values())

    def _messages(self, position: int, length: int) -> dict[int, Message]:
        data = self._read(position + RECORD_HEAD.size, length)
        if len(data) < max(length, CHUNK_HEAD.size):
            raise Damaged("it is cut off")
        *_, crc, name_length, _ = CHUNK_HEAD.unpack_from(data)
        if name_length:
            raise Damaged("it is compressed: run `mcap compress --compression none` on the file")
        messages = layout.open_chunk(data[CHUNK_HEAD.size :], crc)
        return {message.channel: message for message in messages}

    def _damaged(self, number: int, reason: object) -> TubError:
        return TubError(f"record {number} of {self.path} is damaged: {reason}")


def _decode_control(message: Message) -> Control:
    if message.channel != channels.CONTROL:
        raise Damaged("it does not begin with its control message")
    try:
        return _CONTROL_DECODER.decode(message.data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Damaged(f"its control message: {error}") from error
