"""What a session file holds and where, as its index says or as a scan has found it."""

from array import array
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

NO_MESSAGE = -1
"""Channel of a chunk that does not begin with a message, or is compressed."""


class Gap(NamedTuple):
    """Bytes of a session that belong to nothing.

    Attributes:
        chunk: number of the chunk that follows.
        begin: first byte.
        end: the byte after the last one.
    """

    chunk: int
    begin: int
    end: int


@dataclass
class Chunks:
    """The chunks of a file in order, one place in each array for each.

    Attributes:
        position: where each begins.
        size: how many bytes it has, head and all.
        time_ns: log_time of its first message.
        channel: number of the first message's channel, or NO_MESSAGE.
        single: whether all of its messages are of one time.
        alone: whether it has only one message.
        compressed: whether it is.
    """

    position: NDArray[np.int64]
    size: NDArray[np.int64]
    time_ns: NDArray[np.int64]
    channel: NDArray[np.int32]
    single: NDArray[np.bool_]
    alone: NDArray[np.bool_]
    compressed: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.position)


@dataclass
class ChunkRows:
    """Chunks while they are being found; the arrays grow."""

    position: "array[int]" = field(default_factory=lambda: array("q"))
    size: "array[int]" = field(default_factory=lambda: array("q"))
    time_ns: "array[int]" = field(default_factory=lambda: array("q"))
    channel: "array[int]" = field(default_factory=lambda: array("i"))
    flags: bytearray = field(default_factory=bytearray)

    def __len__(self) -> int:
        return len(self.position)

    def add(self, position: int, size: int, time_ns: int, channel: int, flags: int) -> None:
        """Note a chunk; the flags are 1 single, 2 alone, 4 compressed."""
        self.position.append(position)
        self.size.append(size)
        self.time_ns.append(time_ns)
        self.channel.append(channel)
        self.flags.append(flags)

    def chunks(self) -> Chunks:
        """What was found so far."""
        flags = np.frombuffer(bytes(self.flags), np.uint8)
        return Chunks(
            np.array(self.position, np.int64),
            np.array(self.size, np.int64),
            np.array(self.time_ns, np.int64),
            np.array(self.channel, np.int32),
            (flags & 1).astype(bool),
            (flags & 2).astype(bool),
            (flags & 4).astype(bool),
        )


@dataclass
class Contents:
    """Where everything is.

    Attributes:
        chunks: the chunks.
        topics: the topic of each channel number that the file tells.
        metadata: positions and sizes of the Metadata records' contents.
        messages: positions and sizes of messages outside of chunks, with their heads.
        finished: whether the file was closed, and so has an index for other tools.
        index_used: whether the index was whole; else the file was scanned.
        torn_bytes: how many bytes at the end belong to nothing.
        gaps: stretches before that belong to nothing.
    """

    chunks: Chunks
    topics: dict[int, str]
    metadata: list[tuple[int, int]]
    messages: list[tuple[int, int]] = field(default_factory=list)
    finished: bool = True
    index_used: bool = True
    torn_bytes: int = 0
    gaps: list[Gap] = field(default_factory=list)
