"""Finds what is in a session file by going through it, whatever has happened to it.

A chunk is believed when the three lengths in its head agree. Anything else is passed over when it
fits into the file and hides no such chunk. Where neither holds the chain is broken, and it begins
again at the first chunk that can be believed after the head of the last one, of which bytes may
be missing: so no damage costs more than what it has hit.
"""

import struct

from tubs.mcap.contents import NO_MESSAGE, ChunkRows, Contents, Gap
from tubs.mcap.layout import CHUNK_HEAD, MAGIC, RECORD_HEAD, Damaged, Opcode
from tubs.mcap.unpack import channel_and_topic
from tubs.mcap.window import Window

_HEAD = struct.Struct("<BQQQQIIQBQHIQ")
"""Head of a record, of a chunk, and of the first message in it up to its log_time."""
_HEAD_BYTES = 80
_SHORTEST_CHUNK = CHUNK_HEAD.size + 31
_DEFINITION_BYTES = 1 << 20
"""A channel's record is never longer."""


class Scan:
    """Goes through a file from the front; can go on when the file has grown."""

    def __init__(self, window: Window) -> None:
        """Store what to go through.

        Args:
            window: of the file; nothing is read before `proceed`.
        """
        self._window = window
        self._position = len(MAGIC)
        self._trusted = len(MAGIC)
        self._rows = ChunkRows()
        self._topics: dict[int, str] = {}
        self._metadata: list[tuple[int, int]] = []
        self._messages: list[tuple[int, int]] = []
        self._gaps: list[Gap] = []
        self._finished = False

    def proceed(self) -> Contents:
        """Go on to the end of the file, or of its data.

        Raises:
            TubError: it cannot be read.
        """
        self._window.grow()
        while not self._finished and self._step():
            pass
        return Contents(
            chunks=self._rows.chunks(),
            topics=self._topics,
            metadata=self._metadata,
            messages=self._messages,
            finished=self._finished,
            index_used=False,
            torn_bytes=0 if self._finished else max(0, self._window.size - self._position),
            gaps=self._gaps,
        )

    def _step(self) -> bool:
        """Take what is at the position; False at the end."""
        window, position = self._window, self._position
        place = window.at(position, _HEAD_BYTES)
        data = window.data
        if len(data) - place < RECORD_HEAD.size:
            return False
        opcode, length = RECORD_HEAD.unpack_from(data, place)
        end = position + RECORD_HEAD.size + length
        if end > window.size:
            return self._other(opcode, length)
        if opcode == Opcode.MESSAGE_INDEX and length == 6 + _u32(data, place + 11):
            self._trusted = self._position = end
            return True
        if length >= _SHORTEST_CHUNK and self._chunk(place, length):
            self._trusted, self._position = position + 1, end
            return True
        return self._other(opcode, length)

    def _chunk(self, place: int, length: int) -> bool:
        """Note the chunk at a place of the window, if there is one; its opcode may be damaged."""
        if len(self._window.data) - place < _HEAD.size:
            return False
        _, _, first_ns, last_ns, size, _, name, size_again, inner, message, channel, _, log_ns = (
            _HEAD.unpack_from(self._window.data, place)
        )
        position = self._window.base + place
        if name:
            if not self._is_compressed(place, length, name):
                return False
            self._rows.add(position, 9 + length, first_ns, NO_MESSAGE, 4 + (first_ns == last_ns))
            return True
        if size != size_again or length != CHUNK_HEAD.size + size:
            return False
        time_ns = first_ns if first_ns == last_ns else log_ns
        flags = (first_ns == last_ns) + 2 * (message + RECORD_HEAD.size >= size)
        if inner != Opcode.MESSAGE:
            channel = NO_MESSAGE
        self._rows.add(position, 9 + length, _signed(time_ns), channel, flags)
        return True

    def _is_compressed(self, place: int, length: int, name: int) -> bool:
        data = self._window.data
        if data[place + 41 : place + 41 + name] not in (b"zstd", b"lz4"):
            return False
        size_at = place + 41 + name
        return length == 40 + name + int.from_bytes(data[size_at : size_at + 8], "little")

    def _other(self, opcode: int, length: int) -> bool:
        """Take a record that is no chunk, or go on where the chain begins again."""
        window, position = self._window, self._position
        end = position + RECORD_HEAD.size + length
        hidden = None
        if opcode and opcode != Opcode.MESSAGE_INDEX and end <= window.size:
            if opcode == Opcode.ATTACHMENT and self._is_attachment(position, length):
                self._trusted = self._position = end
                return True
            hidden = window.find_chunk(position + 1, end)
            if hidden is None and self._take(opcode, position, length):
                return not self._finished
        if hidden is None:
            hidden = window.find_chunk(self._trusted, window.size)
        if hidden is None:
            return False
        self._gaps.append(Gap(len(self._rows), min(position, hidden), hidden))
        self._trusted, self._position = hidden + 1, hidden
        return True

    def _is_attachment(self, position: int, length: int) -> bool:
        """Whether the lengths in an attachment agree with its own."""
        window = self._window
        at = position + RECORD_HEAD.size + 16
        for width in (4, 4, 8):
            place = window.at(at, width)
            at += width + int.from_bytes(window.data[place : place + width], "little")
        return at + 4 == position + RECORD_HEAD.size + length

    def _take(self, opcode: int, position: int, length: int) -> bool:
        """Note a record that is no chunk; False when it must not be believed."""
        content_at = position + RECORD_HEAD.size
        if opcode == Opcode.DATA_END:
            if length != 4 or self._window.find_chunk(content_at + 4, self._window.size):
                return False
            self._finished = True
        elif opcode == Opcode.CHANNEL:
            self._take_channel(content_at, length)
        elif opcode == Opcode.METADATA:
            self._metadata.append((content_at, length))
        elif opcode == Opcode.MESSAGE:
            self._messages.append((position, RECORD_HEAD.size + length))
        self._position = content_at + length
        return True

    def _take_channel(self, content_at: int, length: int) -> None:
        if length > _DEFINITION_BYTES:
            return
        place = self._window.at(content_at, length)
        try:
            number, topic = channel_and_topic(self._window.data[place : place + length])
        except Damaged:
            return
        self._topics[number] = topic


def _u32(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")


def _signed(number: int) -> int:
    """As int64; a time beyond is damaged anyhow."""
    return number if number < 1 << 63 else -1
