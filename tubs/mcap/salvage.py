"""Finds what is whole in a session file, whatever became of it; nothing in it is trusted."""

import os
import zlib
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tubs.about import TubAbout, about_from_json
from tubs.errors import TubError
from tubs.mcap import channels, layout
from tubs.mcap.layout import CHUNK_HEAD, MAGIC, RECORD_HEAD, Damaged, Message, Opcode

HEAD_SIZE = RECORD_HEAD.size + CHUNK_HEAD.size
_BLOCK = 1 << 20
_FOOTER_SIZE = RECORD_HEAD.size + 20
_ABOUT_KEY = b"about"
LONGEST_COMPRESSION = 8
"""Letters in the name of a compression: lz4, zstd."""
LONGEST_HEAD = 1 << 24
"""A record that is no chunk and claims to be longer is taken for damage."""


class Lost(NamedTuple):
    """Bytes that belong to nothing whole.

    Attributes:
        position: where they begin in the file.
        length: how many there are.
        before: how many chunks of the file come before them.
        was_chunk: whether they begin as a chunk does.
    """

    position: int
    length: int
    before: int
    was_chunk: bool


class Salvage:
    """A session file from its first byte to its last: its chunks, and the bytes between them.

    A chunk is found by the length of what stands before it; where that leads nowhere, the next
    chunk whose checksum matches is looked for, byte by byte.

    Attributes:
        path: the file.
        size: its length in bytes.
        positions: where each chunk begins.
        lengths: the length of each chunk's content, its head not counted.
        lost: what lies between whole things.
        topics: the file's channel numbers and those of tubs.mcap.channels; None when foreign.
        about: the copy of tub.json that the session carries; None when it is damaged.
        finished: whether the file was closed and its index is whole.
    """

    def __init__(self, path: Path) -> None:
        """Walk through the file once.

        Raises:
            TubError: it cannot be opened.
        """
        self.path = path
        self.positions = array("Q")
        self.lengths = array("Q")
        self.lost: list[Lost] = []
        self.topics: dict[int, int | None] = {}
        self.about: TubAbout | None = None
        self.finished = False
        try:
            self._descriptor = os.open(path, os.O_RDONLY)
            self.size = os.fstat(self._descriptor).st_size
        except OSError as error:
            raise TubError(f"cannot read {path}: {error.strerror}") from error
        self._walk()
        for number in channels.TOPICS:
            self.topics.setdefault(number, number)

    def __del__(self) -> None:
        descriptor = getattr(self, "_descriptor", -1)
        if descriptor >= 0:
            os.close(descriptor)

    def __len__(self) -> int:
        return len(self.positions)

    def _read(self, position: int, length: int) -> bytes:
        """As many bytes as the disk gives: none where it cannot read."""
        try:
            return os.pread(self._descriptor, length, position)
        except OSError:
            return b""

    def _walk(self) -> None:
        begins_well = self._read(0, len(MAGIC)) == MAGIC
        position = len(MAGIC)
        while position < self.size:
            opcode, end = self._record_at(position)
            if opcode == Opcode.DATA_END:
                self.finished = begins_well and not self.lost and self._index_is_whole(end)
                return
            if not opcode:
                found = self._next_chunk(position)
                was_chunk = self._read(position, 1) == bytes([Opcode.CHUNK])
                self.lost.append(Lost(position, found - position, len(self), was_chunk))
                position = found
                continue
            self._note(opcode, position, end)
            position = end

    def _record_at(self, position: int) -> tuple[int, int]:
        """Opcode and end of the record at a position; opcode 0 when there is none."""
        head = self._read(position, HEAD_SIZE)
        if len(head) < RECORD_HEAD.size:
            return 0, position
        opcode, length = RECORD_HEAD.unpack_from(head)
        end = position + RECORD_HEAD.size + length
        if end > self.size or not Opcode.HEADER <= opcode <= Opcode.DATA_END:
            return 0, position
        if opcode == Opcode.CHUNK:
            return (opcode, end) if _fits(head) or self._leads_on(end) else (0, position)
        if length > LONGEST_HEAD or (opcode == Opcode.DATA_END and length != 4):
            return 0, position
        return opcode, end

    def _leads_on(self, position: int) -> bool:
        """Whether there is the end of the file, or the head of a record, at a position."""
        head = self._read(position, RECORD_HEAD.size)
        if len(head) < RECORD_HEAD.size:
            return position == self.size
        opcode, length = RECORD_HEAD.unpack(head)
        return (
            opcode in (Opcode.CHUNK, Opcode.MESSAGE_INDEX, Opcode.DATA_END)
            and position + RECORD_HEAD.size + length <= self.size
        )

    def _next_chunk(self, position: int) -> int:
        """Where the next chunk with a matching checksum begins; the file's end without one."""
        start = position + 1
        while start < self.size:
            block = self._read(start, _BLOCK + HEAD_SIZE)
            for offset in _places_of(bytes([Opcode.CHUNK]), block[:_BLOCK]):
                if self._is_whole_chunk(start + offset, block[offset : offset + HEAD_SIZE]):
                    return start + offset
            start += _BLOCK
        return self.size

    def _is_whole_chunk(self, position: int, head: bytes) -> bool:
        _, length = RECORD_HEAD.unpack_from(head.ljust(RECORD_HEAD.size, b"\0"))
        end = position + RECORD_HEAD.size + length
        if length <= CHUNK_HEAD.size or end > self.size or not _fits(head):
            return False
        crc = CHUNK_HEAD.unpack_from(head, RECORD_HEAD.size)[3]
        content = self._read(position + HEAD_SIZE, length - CHUNK_HEAD.size)
        return zlib.crc32(content) == crc

    def _note(self, opcode: int, position: int, end: int) -> None:
        start = position + RECORD_HEAD.size
        if opcode == Opcode.CHUNK:
            self.positions.append(position)
            self.lengths.append(end - start)
        elif opcode == Opcode.CHANNEL:
            self._note_channel(self._read(start, end - start))
        elif opcode == Opcode.METADATA and self.about is None:
            self.about = _about_in(self._read(start, end - start), str(self.path))

    def _note_channel(self, content: bytes) -> None:
        number = int.from_bytes(content[:2], "little")
        length = int.from_bytes(content[4:8], "little")
        topic = content[8 : 8 + length].decode("utf-8", "replace")
        known = {topic: channel for channel, topic in channels.TOPICS.items()}
        self.topics[number] = known.get(topic)

    def _index_is_whole(self, summary_at: int) -> bool:
        """Whether the summary begins here, ends at the end of the file, and has its checksum."""
        footer_at = self.size - len(MAGIC) - _FOOTER_SIZE
        footer = self._read(footer_at, _FOOTER_SIZE + len(MAGIC))
        if footer_at < summary_at or footer[_FOOTER_SIZE:] != MAGIC:
            return False
        crc, position = 0, summary_at
        end = footer_at + _FOOTER_SIZE - 4
        while position < end and (part := self._read(position, min(_BLOCK, end - position))):
            crc = zlib.crc32(part, crc)
            position += len(part)
        return crc == int.from_bytes(footer[_FOOTER_SIZE - 4 : _FOOTER_SIZE], "little")

    def messages(self, number: int) -> list[Message]:
        """The messages of a chunk, in channels of this file, their checksum verified.

        Raises:
            Damaged: it is not whole, compressed, or something else.
        """
        length = self.lengths[number]
        data = self._read(self.positions[number] + RECORD_HEAD.size, length)
        if len(data) < max(length, CHUNK_HEAD.size):
            raise Damaged("the disk cannot read it")
        *_, crc, name_length, _ = CHUNK_HEAD.unpack_from(data)
        content = data[CHUNK_HEAD.size :]
        if 0 < name_length <= LONGEST_COMPRESSION:
            raise Damaged("it is compressed: run `mcap compress --compression none` on the file")
        return layout.open_chunk(content, crc)

    def first_channel(self, number: int) -> int:
        """The file's number of the channel that a chunk's first message is of."""
        return int.from_bytes(self._read(self.positions[number] + HEAD_SIZE + 9, 2), "little")


def _fits(head: bytes) -> bool:
    """Whether the head of an uncompressed chunk agrees with itself."""
    if len(head) < HEAD_SIZE:
        return False
    opcode, length = RECORD_HEAD.unpack_from(head)
    *_, size, _, name_length, stored = CHUNK_HEAD.unpack_from(head, RECORD_HEAD.size)
    sizes_agree = size == stored == length - CHUNK_HEAD.size
    return opcode == Opcode.CHUNK and sizes_agree and not name_length


def _places_of(byte: bytes, block: bytes) -> Iterator[int]:
    place = block.find(byte)
    while place >= 0:
        yield place
        place = block.find(byte, place + 1)


def _about_in(content: bytes, where: str) -> TubAbout | None:
    """The copy of tub.json in a metadata record."""
    at = content.find(_ABOUT_KEY)
    if at < 0:
        return None
    at += len(_ABOUT_KEY)
    length = int.from_bytes(content[at : at + 4], "little")
    try:
        return about_from_json(content[at + 4 : at + 4 + length], where)
    except TubError:
        return None
