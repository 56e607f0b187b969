"""MCAP on the byte level: how each kind of record in a session file is laid out.

The layout is that of https://mcap.dev/spec. It is written here, and not by the mcap package,
because a chunk a record costs that package 77 us of CPU and this file 12 (x86-64), and because
its import takes 60 ms that the drive command does not have.
"""

import struct
import zlib
from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import NamedTuple

MAGIC = b"\x89MCAP0\r\n"
RECORD_HEAD = struct.Struct("<BQ")
"""Opcode and the length of what follows."""
CHUNK_HEAD = struct.Struct("<QQQIIQ")
"""First time, last time, size, CRC, length of the compression's name (0), size again."""
_CHUNK_START = struct.Struct("<BQQQQIIQ")
"""The two above in one."""
_MESSAGE = struct.Struct("<BQHIQQ")
_MESSAGE_INDEX = struct.Struct("<BQHIQQ")
_FOOTER = struct.Struct("<BQQQ")
_STATISTICS = struct.Struct("<QHIIIIQQI")


class Opcode(IntEnum):
    """The first byte of a record."""

    HEADER = 1
    FOOTER = 2
    SCHEMA = 3
    CHANNEL = 4
    MESSAGE = 5
    CHUNK = 6
    MESSAGE_INDEX = 7
    CHUNK_INDEX = 8
    ATTACHMENT = 9
    STATISTICS = 11
    METADATA = 12
    METADATA_INDEX = 13
    DATA_END = 15


class Message(NamedTuple):
    """One message of a channel; times in nanoseconds."""

    channel: int
    sequence: int
    log_time_ns: int
    publish_time_ns: int
    data: bytes


class Chunk(NamedTuple):
    """A chunk with its message indexes, ready to be appended, and its entry in the summary."""

    data: bytes
    summary: bytes


class Damaged(ValueError):  # noqa: N818
    """The bytes are not what the format says; the message says which."""


def _record(opcode: Opcode, content: bytes) -> bytes:
    return RECORD_HEAD.pack(opcode, len(content)) + content


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<I", len(data)) + data


def _text_map(entries: Mapping[str, str]) -> bytes:
    data = b"".join(_text(key) + _text(value) for key, value in entries.items())
    return struct.pack("<I", len(data)) + data


def header(profile: str, library: str) -> bytes:
    """The first record of a file."""
    return _record(Opcode.HEADER, _text(profile) + _text(library))


def schema(number: int, name: str, encoding: str, data: bytes) -> bytes:
    """What the messages of a channel look like."""
    content = struct.pack("<H", number) + _text(name) + _text(encoding)
    return _record(Opcode.SCHEMA, content + struct.pack("<I", len(data)) + data)


def channel(number: int, schema_number: int, topic: str, encoding: str) -> bytes:
    """A named stream of messages."""
    content = struct.pack("<HH", number, schema_number) + _text(topic) + _text(encoding)
    return _record(Opcode.CHANNEL, content + _text_map({}))


def metadata(name: str, entries: Mapping[str, str]) -> bytes:
    """Named text entries about the whole file."""
    return _record(Opcode.METADATA, _text(name) + _text_map(entries))


def metadata_index(offset: int, length: int, name: str) -> bytes:
    """Where a metadata record begins and how long it is with its head."""
    return _record(Opcode.METADATA_INDEX, struct.pack("<QQ", offset, length) + _text(name))


def chunk(offset: int, messages: Iterable[Message]) -> Chunk:
    """Pack messages of one time into an uncompressed chunk that begins at a byte offset."""
    parts: list[bytes] = []
    indexes: list[int] = []
    size = time_ns = crc = count = 0
    for channel, sequence, time_ns, publish_time_ns, data in messages:
        head = _MESSAGE.pack(5, 22 + len(data), channel, sequence, time_ns, publish_time_ns)
        crc = zlib.crc32(data, zlib.crc32(head, crc))
        parts += (head, data)
        indexes += (7, 22, channel, 16, time_ns, size)
        size += _MESSAGE.size + len(data)
        count += 1
    start = _CHUNK_START.pack(6, CHUNK_HEAD.size + size, time_ns, time_ns, size, crc, 0, size)
    end = struct.pack("<" + count * "BQHIQQ", *indexes)
    summary = _chunk_index(time_ns, offset, size, indexes[2::6])
    return Chunk(b"".join([start, *parts, end]), summary)


def _chunk_index(time_ns: int, offset: int, content_size: int, channels: list[int]) -> bytes:
    """The summary's entry for a chunk: its times, where it is, where its indexes are, its size."""
    count = len(channels)
    chunk_size = _CHUNK_START.size + content_size
    places: list[int] = []
    for position, channel in enumerate(channels):
        places += (channel, offset + chunk_size + position * _MESSAGE_INDEX.size)
    return struct.pack(
        f"<BQQQQQI{count * 'HQ'}QIQQ",
        *(8, 64 + 10 * count, time_ns, time_ns, offset, chunk_size, 10 * count),
        *places,
        *(_MESSAGE_INDEX.size * count, 0, content_size, content_size),
    )


def statistics(
    message_counts: Mapping[int, int], schemas: int, chunks: int, times_ns: tuple[int, int]
) -> bytes:
    """How many messages, channels (one metadata record) and chunks a file has, and its times."""
    counts = b"".join(struct.pack("<HQ", *entry) for entry in message_counts.items())
    total = sum(message_counts.values())
    channels = len(message_counts)
    content = _STATISTICS.pack(total, schemas, channels, 0, 1, chunks, *times_ns, len(counts))
    return _record(Opcode.STATISTICS, content + counts)


def ending(offset: int, summary: bytes) -> bytes:
    """Everything after the last chunk: end of data, summary, footer and magic.

    Args:
        offset: where the data ends.
        summary: schemas, channels, statistics and indexes.
    """
    data_end = _record(Opcode.DATA_END, struct.pack("<I", 0))
    footer = _FOOTER.pack(Opcode.FOOTER, 20, offset + len(data_end), 0)
    crc = zlib.crc32(footer, zlib.crc32(summary))
    return data_end + summary + footer + struct.pack("<I", crc) + MAGIC


def open_chunk(content: bytes, crc: int) -> list[Message]:
    """Take the messages out of a chunk's content.

    Raises:
        Damaged: the checksum does not match, or the messages do not fit.
    """
    if crc and zlib.crc32(content) != crc:
        raise Damaged("its checksum does not match")
    messages = []
    position = 0
    while position < len(content):
        message, position = first_message(content, position)
        messages.append(message)
    return messages


def first_message(content: bytes, position: int = 0) -> tuple[Message, int]:
    """Read the message at a position, and say where the next one begins.

    Raises:
        Damaged: there is no whole message.
    """
    if len(content) - position < _MESSAGE.size:
        raise Damaged("a message is cut off")
    opcode, length, *head = _MESSAGE.unpack_from(content, position)
    end = position + RECORD_HEAD.size + length
    if opcode != Opcode.MESSAGE or length < 22 or end > len(content):
        raise Damaged("a message is cut off or is something else")
    data = content[position + _MESSAGE.size : end]
    return Message._make((*head, data)), end
