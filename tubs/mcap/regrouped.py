"""The records of a session that another program has rewritten: messages of one time are one.

`mcap filter`, `merge`, `sort` and their like put many messages into a chunk, compress it, number
the channels anew, or leave chunks out. What was recorded is all there; it is only found by going
through it once.
"""

import importlib
import zlib
from array import array
from collections.abc import Iterator
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from tubs.mcap import channels, layout
from tubs.mcap.contents import Contents
from tubs.mcap.layout import RECORD_HEAD, Damaged, Message, Opcode
from tubs.mcap.recorded_file import RecordedFile, UnreadableFileError
from tubs.mcap.unpack import channel_and_topic

_COMPRESSION_AT = RECORD_HEAD.size + 28
_LARGEST_CHUNK = 1 << 28
"""Bytes of a chunk when it is opened; nobody makes larger ones."""
_PACKAGES = {"zstd": "zstandard", "lz4": "lz4.frame"}


class RegroupedRecords:
    """Records put together of messages that have the same log_time.

    Attributes:
        times_ns: log_time of each record, int64 (n,).
        lost: what could not be read when the messages were gone through.
    """

    def __init__(self, file: RecordedFile, contents: Contents) -> None:
        """Go through all chunks and note where each message is.

        Raises:
            UnreadableFileError: it cannot be read, or a package to decompress it is missing.
        """
        self._file = file
        self._places = list(
            zip(contents.chunks.position.tolist(), contents.chunks.size.tolist(), strict=True)
        )
        self._loose_from = len(self._places)
        self._places += contents.messages
        self._topics = dict(contents.topics)
        self._rows = _MessageRows()
        self._held: tuple[int, bytes] = (-1, b"")
        self.lost: list[Damaged] = []
        for place in range(len(self._places)):
            self._note_messages(place)
        self._group()

    def _note_messages(self, place: int) -> None:
        try:
            content = self._content(place)
            at = 0
            while at < len(content):
                at = self._note_one(place, content, at)
        except Damaged as damaged:
            self.lost.append(damaged)

    def _note_one(self, place: int, content: bytes, at: int) -> int:
        """Note what is at a place of a chunk, and say where the next thing begins."""
        if at + RECORD_HEAD.size > len(content):
            raise Damaged("a message is cut off")
        opcode, length = RECORD_HEAD.unpack_from(content, at)
        end = at + RECORD_HEAD.size + length
        if end > len(content):
            raise Damaged("a message is cut off")
        if opcode == Opcode.MESSAGE:
            message, _ = layout.first_message(content, at)
            self._rows.add(message, place, at)
        elif opcode == Opcode.CHANNEL:
            number, topic = channel_and_topic(content[at + RECORD_HEAD.size : end])
            self._topics[number] = topic
        return end

    def _group(self) -> None:
        roles = channels.roles(self._topics)
        channel, time_ns = self._rows.columns()
        role = np.array([roles.get(number, 0) for number in channel.tolist()], np.int32)
        self._role_of = roles
        self._found: dict[int, tuple[NDArray[np.int64], NDArray[np.intp]]] = {}
        for ours in channels.TOPICS:
            rows = np.flatnonzero(role == ours)
            rows = rows[np.argsort(time_ns[rows], kind="stable")]
            self._found[ours] = (time_ns[rows], rows)
        self.times_ns = np.unique(self._found[channels.CONTROL][0])

    @property
    def topics(self) -> dict[int, str]:
        """The topic of each channel number, those told within chunks too."""
        return self._topics

    def messages(self, number: int) -> dict[int, Message]:
        """See SessionRecords."""
        together = {}
        for channel in (channels.CONTROL, channels.CAMERA, channels.CLASS_MAP, channels.SOURCE):
            message = self._message_at(channel, int(self.times_ns[number]))
            if message is not None:
                together[channel] = message
        return together

    def control(self, number: int) -> Message:
        """See SessionRecords."""
        message = self._message_at(channels.CONTROL, int(self.times_ns[number]))
        if message is None:
            raise Damaged("it has no /control")
        return message

    def beside(self, channel: int) -> Iterator[Message | Damaged]:
        """See SessionRecords."""
        for row in self._found[channel][1].tolist():
            try:
                yield self._message(row)
            except Damaged as damaged:
                yield damaged

    def _message_at(self, channel: int, time_ns: int) -> Message | None:
        times_ns, rows = self._found[channel]
        at = int(np.searchsorted(times_ns, time_ns))
        if at == len(times_ns) or times_ns[at] != time_ns:
            return None
        return self._message(int(rows[at]))

    def _message(self, row: int) -> Message:
        place, at = self._rows.place[row], self._rows.at[row]
        message, _ = layout.first_message(self._content(place), at)
        return message

    def _content(self, place: int) -> bytes:
        """What is in a chunk; the last one is kept, because neighbours are read together."""
        held_place, content = self._held
        if held_place != place:
            position, size = self._places[place]
            data = self._file.read(position, size)
            if len(data) < size:
                raise Damaged("it is cut off")
            content = data if place >= self._loose_from else _opened(data, self._file)
            self._held = (place, content)
        return content


class _MessageRows:
    """Where each message is: in which chunk, and where in it."""

    def __init__(self) -> None:
        self._channel = array("H")
        self._time_ns = array("q")
        self.place = array("l")
        self.at = array("q")

    def add(self, message: Message, place: int, at: int) -> None:
        """Note one message."""
        self._channel.append(message.channel)
        self._time_ns.append(min(message.log_time_ns, (1 << 63) - 1))
        self.place.append(place)
        self.at.append(at)

    def columns(self) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
        """Channel and log_time of each message."""
        return np.array(self._channel, np.uint16), np.array(self._time_ns, np.int64)


def _opened(chunk: bytes, file: RecordedFile) -> bytes:
    """Take a chunk's content out and verify it."""
    size = int.from_bytes(chunk[25:33], "little")
    crc = int.from_bytes(chunk[33:37], "little")
    begin = _COMPRESSION_AT + 4
    end = begin + int.from_bytes(chunk[_COMPRESSION_AT:begin], "little")
    content = chunk[end + 8 :]
    if end > begin:
        if size > _LARGEST_CHUNK:
            raise Damaged(f"it says that it has {size} bytes when it is opened")
        content = _decompressed(chunk[begin:end].decode("ascii", "replace"), content, size, file)
    if len(content) != size or (crc and zlib.crc32(content) != crc):
        raise Damaged("its checksum does not match")
    return content


def _decompressed(name: str, data: bytes, size: int, file: RecordedFile) -> bytes:
    """Decompress no more than the size that the chunk tells, and one byte to notice that it lies.

    Raises:
        Damaged: it cannot be done.
        UnreadableFileError: the package for it is missing.
    """
    package = _package(name, file)
    failures = (package.ZstdError,) if name == "zstd" else (RuntimeError, EOFError)
    try:
        if name == "zstd":
            return bytes(package.ZstdDecompressor().stream_reader(data).read(size + 1))
        return bytes(package.LZ4FrameDecompressor().decompress(data, max_length=size + 1))
    except failures as error:
        raise Damaged(f"it cannot be decompressed: {error}") from error


def _package(name: str, file: RecordedFile) -> ModuleType:
    if name not in _PACKAGES:
        raise Damaged(f"it is compressed by {name!r}, which is unknown")
    try:
        return importlib.import_module(_PACKAGES[name])
    except ImportError as error:
        package = _PACKAGES[name].split(".")[0]
        raise UnreadableFileError(
            f"{file.path} was compressed by another program: "
            f"pip install {package}, or run: mcap decompress {file.path} -o NEW.mcap"
        ) from error
