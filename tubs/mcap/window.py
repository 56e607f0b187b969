"""A stretch of a session file held in memory, moved along as the file is gone through."""

import re

from tubs.mcap.recorded_file import RecordedFile

BLOCK_BYTES = 1 << 20
ANY_CHUNK = re.compile(
    rb"\x06(?="
    rb".{5}\0{3}"  # length, below 2**40
    rb".{16}"  # first and last time
    rb"(.{5}\0{3})"  # size
    rb".{4}"  # CRC
    rb"(?:\0{4}\1\x05|\x04\0{3}zstd.{5}\0{3}|\x03\0{3}lz4.{5}\0{3}))",  # compression, size
    re.DOTALL,
)
"""The head of a chunk and, when it is not compressed, the first byte of its first message."""
_PATTERN_BYTES = 64
"""More than any match is long."""


class Window:
    """Bytes of a file from `base` on, in `data`; nothing is mapped and little is held.

    Attributes:
        size: where the file ends; what is beyond counts as not there.
    """

    def __init__(self, file: RecordedFile) -> None:
        self._file = file
        self.size = file.size()
        self.data = b""
        self.base = 0

    def grow(self) -> None:
        """Take note of what was appended to the file since.

        Raises:
            TubError: it cannot be read.
        """
        self.size = self._file.size()

    def at(self, position: int, length: int) -> int:
        """Make sure of bytes from a position on, as far as the file has them.

        Returns:
            The place of the position in `data`.
        """
        place = position - self.base
        if place < 0 or (
            place + length > len(self.data) and self.base + len(self.data) < self.size
        ):
            wanted = min(max(BLOCK_BYTES, length), self.size - position)
            self.data, self.base = self._file.read(position, max(0, wanted)), position
            return 0
        return place

    def find_chunk(self, begin: int, end: int) -> int | None:
        """Find the first whole chunk whose head agrees with itself.

        Args:
            begin: where it may begin at the earliest.
            end: where it must begin before.
        """
        while begin < end:
            place = self.at(begin, _PATTERN_BYTES)
            while found := ANY_CHUNK.search(self.data, place):
                position = self.base + found.start()
                if position >= end:
                    return None
                if self._is_whole(found.start(), position):
                    return position
                place = found.start() + 1
            after = self.base + len(self.data) - _PATTERN_BYTES
            if self.base + len(self.data) >= self.size or after < begin:
                return None
            begin = after + 1
        return None

    def _is_whole(self, place: int, position: int) -> bool:
        data = self.data
        length = int.from_bytes(data[place + 1 : place + 9], "little")
        name = int.from_bytes(data[place + 37 : place + 41], "little")
        size_at = place + 41 + name
        size = int.from_bytes(data[size_at : size_at + 8], "little")
        return length == 40 + name + size and position + 9 + length <= self.size
