"""Finds what is in a finished session file by the index at its end, when that is whole."""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from tubs.mcap.contents import Chunks, Contents
from tubs.mcap.layout import MAGIC, RECORD_HEAD, Damaged, Opcode
from tubs.mcap.recorded_file import RecordedFile
from tubs.mcap.unpack import channel_and_topic
from tubs.mcap.window import BLOCK_BYTES

_FOOTER = struct.Struct("<BQQQI")
_TAIL_BYTES = _FOOTER.size + len(MAGIC)
_ENTRY = np.dtype(
    [
        ("length", "<u8"),
        ("first_ns", "<i8"),
        ("last_ns", "<i8"),
        ("position", "<i8"),
        ("size", "<i8"),
        ("map_bytes", "<u4"),
        ("channel", "<u2"),
    ]
)
"""The beginning of a ChunkIndex after its opcode."""
_BLOCK = 4096
_SHORTEST_ENTRY = 36 + 10 + 28


def read_summary(file: RecordedFile, control: str) -> Contents | None:
    """Read the index of a session.

    Args:
        file: the session.
        control: the topic whose channel counts as a chunk's first when it is in the chunk.

    Returns:
        What the file holds; None when it has no index, or one that cannot be believed: its
        checksum does not match, or it contradicts itself.

    Raises:
        TubError: the file cannot be read.
    """
    size = file.size()
    tail = file.read(max(0, size - _TAIL_BYTES), _TAIL_BYTES)
    if len(tail) < _TAIL_BYTES or not tail.endswith(MAGIC):
        return None
    opcode, length, start, _, crc = _FOOTER.unpack_from(tail)
    end = size - _TAIL_BYTES
    if opcode != Opcode.FOOTER or length != 20 or not len(MAGIC) < start <= end:
        return None
    if not crc or _crc(file, start, size - 12) != crc:
        return None
    try:
        return _contents(file.read(start, end - start), start, control)
    except Damaged:
        return None


def _crc(file: RecordedFile, begin: int, end: int) -> int:
    crc = 0
    while begin < end:
        block = file.read(begin, min(BLOCK_BYTES, end - begin))
        if not block:
            return 0
        crc = zlib.crc32(block, crc)
        begin += len(block)
    return crc


def _contents(summary: bytes, start: int, control: str) -> Contents | None:
    places = _places(summary)
    entries = places.get(Opcode.CHUNK_INDEX, [])
    if not entries or _chunk_count(summary, places) != len(entries):
        return None
    topics = dict(channel_and_topic(_content(summary, at)) for at in places.get(Opcode.CHANNEL, []))
    metadata = []
    for at in places.get(Opcode.METADATA_INDEX, []):
        offset, size = struct.unpack_from("<QQ", summary, at + RECORD_HEAD.size)
        metadata.append((offset + RECORD_HEAD.size, size - RECORD_HEAD.size))
    chunks = _chunks(summary, np.array(entries), start)
    if chunks is None:
        return None
    for number, topic in topics.items():
        if topic == control:
            _prefer(summary, entries, chunks, number)
    return Contents(chunks, topics, metadata)


def _places(summary: bytes) -> dict[int, list[int]]:
    """Where each kind of record begins."""
    places: dict[int, list[int]] = {}
    at, end = 0, len(summary)
    unpack = RECORD_HEAD.unpack_from
    while at + RECORD_HEAD.size <= end:
        opcode, length = unpack(summary, at)
        places.setdefault(opcode, []).append(at)
        at += RECORD_HEAD.size + length
    if at != end:
        raise Damaged("the summary's lengths do not fit")
    return places


def _content(summary: bytes, at: int) -> bytes:
    _, length = RECORD_HEAD.unpack_from(summary, at)
    return summary[at + RECORD_HEAD.size : at + RECORD_HEAD.size + length]


def _chunk_count(summary: bytes, places: dict[int, list[int]]) -> int:
    """As the Statistics say; -1 when there are none."""
    if Opcode.STATISTICS not in places:
        return -1
    content = _content(summary, places[Opcode.STATISTICS][0])
    return int.from_bytes(content[22:26], "little")


def _chunks(summary: bytes, entries: NDArray[np.int64], start: int) -> Chunks | None:
    """The entries as arrays; None when one does not lie in the file, or they overlap."""
    table = np.frombuffer(summary, np.uint8)
    if entries[-1] + 1 + _ENTRY.itemsize + 28 > len(table):
        return None
    rows = _gathered(table, entries + 1, _ENTRY.itemsize).view(_ENTRY)[:, 0]
    map_bytes = rows["map_bytes"].astype(np.int64)
    position, size = rows["position"].astype(np.int64), rows["size"].astype(np.int64)
    ends = position + size
    fits = (rows["length"] >= _SHORTEST_ENTRY) & (map_bytes >= 10)
    fits &= map_bytes + 64 <= rows["length"]
    fits &= (position > 0) & (size > 0) & (ends <= start)
    if not fits.all() or (position[1:] < ends[:-1]).any():
        return None
    names = (_gathered(table, entries + 53 + map_bytes, 4) != 0).sum(axis=1)
    return Chunks(
        position=position,
        size=size,
        time_ns=rows["first_ns"].astype(np.int64),
        channel=rows["channel"].astype(np.int32),
        single=rows["first_ns"] == rows["last_ns"],
        alone=map_bytes < 20,
        compressed=names > 0,
    )


def _gathered(table: NDArray[np.uint8], begins: NDArray[np.int64], width: int) -> NDArray[np.uint8]:
    """Bytes from each place on, uint8 (n, width); in blocks, which keeps the memory small."""
    gathered = np.empty((len(begins), width), np.uint8)
    for first in range(0, len(begins), _BLOCK):
        block = begins[first : first + _BLOCK, None] + np.arange(width)
        gathered[first : first + _BLOCK] = table[block]
    return gathered


def _prefer(summary: bytes, entries: list[int], chunks: Chunks, control: int) -> None:
    """Name the control channel as a chunk's first, wherever it stands in the entry."""
    for number in np.flatnonzero((chunks.channel != control) & ~chunks.alone).tolist():
        begin = entries[number] + 1 + 44
        size = int.from_bytes(summary[begin - 4 : begin], "little")
        numbers = struct.iter_unpack("<HQ", summary[begin : begin + size - size % 10])
        if any(found == control for found, _ in numbers):
            chunks.channel[number] = control
