"""Where the records lie in a session file, found without the reader that is under trial."""

import struct
from typing import NamedTuple

MAGIC_SIZE = 8
HEAD = struct.Struct("<BQ")
MESSAGE_AT = HEAD.size + 40
"""Of a chunk whose compression has no name."""
CHUNK, DATA_END = 6, 15
CONTROL_CHANNEL = 1


class Span(NamedTuple):
    """A record: the bytes of its chunk."""

    start: int
    end: int


def record_spans(data: bytes) -> list[Span]:
    """Chunks that hold a /control message, in a file that is whole up to its last bytes."""
    spans, position = [], MAGIC_SIZE
    while position + HEAD.size <= len(data):
        opcode, length = HEAD.unpack_from(data, position)
        end = position + HEAD.size + length
        if opcode == DATA_END or end > len(data):
            break
        if opcode == CHUNK and _first_channel(data, position) == CONTROL_CHANNEL:
            spans.append(Span(position, end))
        position = end
    return spans


def _first_channel(data: bytes, chunk: int) -> int:
    channel: int = struct.unpack_from("<H", data, chunk + MESSAGE_AT + HEAD.size)[0]
    return channel
