"""The records of a session as Everlap writes them: a chunk is a record."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tubs.mcap import channels, layout
from tubs.mcap.contents import NO_MESSAGE, Chunks
from tubs.mcap.layout import CHUNK_HEAD, RECORD_HEAD, Damaged, Message
from tubs.mcap.recorded_file import RecordedFile

_CONTENT_AT = RECORD_HEAD.size + CHUNK_HEAD.size
_CRC_AT = RECORD_HEAD.size + 24
_CONTROL_READ = 512
"""Bytes read at once for a control message; one is about 300 long."""


class SessionRecords(Protocol):
    """Where the messages of each record are. Channels are our numbers, whatever the file's are."""

    @property
    def times_ns(self) -> NDArray[np.int64]:
        """log_time of each record, int64 (n,)."""
        ...

    def messages(self, number: int) -> dict[int, Message]:
        """All messages of a record, checksum verified, by channel.

        Raises:
            Damaged: they are not what was written.
            TubError: the file cannot be read.
        """
        ...

    def control(self, number: int) -> Message:
        """The control message of a record; its checksum need not be verified.

        Raises:
            Damaged: there is none.
            TubError: the file cannot be read.
        """
        ...

    def beside(self, channel: int) -> Iterator[Message | Damaged]:
        """The messages of a channel that belong to no record, or what is wrong with them."""
        ...


class ChunkRecords:
    """Records that are a chunk each."""

    def __init__(
        self,
        file: RecordedFile,
        chunks: Chunks,
        roles: Mapping[int, int],
        foreign: Sequence[int] = (),
    ) -> None:
        """Tell records from what lies beside them.

        Args:
            file: to read from.
            chunks: where they are.
            roles: which of our channels a channel number of the file stands for.
            foreign: channel numbers that the file tells and that are not ours.
        """
        self._file = file
        self._roles = roles
        role = role_of_chunks(chunks, roles)
        is_record = (role == channels.CONTROL) & ~chunks.compressed & ~chunks.alone
        unknown = (role == NO_MESSAGE) & ~chunks.compressed & ~np.isin(chunks.channel, foreign)
        for number in np.flatnonzero(unknown).tolist():
            is_record[number] = self._is_damaged(chunks, number)
        self.times_ns = chunks.time_ns[is_record]
        self.chunk_numbers = np.flatnonzero(is_record)
        self._position = chunks.position[is_record]
        self._size = chunks.size[is_record]
        self._beside = {
            channel: np.column_stack([chunks.position, chunks.size])[role == channel]
            for channel in (channels.EVENTS, channels.IMU, channels.TELEMETRY)
        }

    def _is_damaged(self, chunks: Chunks, number: int) -> bool:
        """Whether a chunk that begins with nothing known may have been a record of ours."""
        data = self._file.read(int(chunks.position[number]), int(chunks.size[number]))
        return zlib.crc32(data[_CONTENT_AT:]) != _crc_of(data)

    def messages(self, number: int) -> dict[int, Message]:
        """See SessionRecords."""
        return self._open(int(self._position[number]), int(self._size[number]))

    def _open(self, position: int, size: int) -> dict[int, Message]:
        data = self._file.read(position, size)
        if len(data) < size:
            raise Damaged("it is cut off")
        if zlib.crc32(data[_CONTENT_AT:]) != _crc_of(data):
            raise Damaged("its checksum does not match")
        messages = layout.open_chunk(data[_CONTENT_AT:], 0)
        known = [each for each in messages if each.channel in self._roles]
        return {self._roles[message.channel]: message for message in known}

    def control(self, number: int) -> Message:
        """See SessionRecords."""
        position, length = int(self._position[number]), int(self._size[number]) - _CONTENT_AT
        head = self._file.read(position + _CONTENT_AT, min(length, _CONTROL_READ))
        try:
            message, _ = layout.first_message(head)
        except Damaged:
            content = self._file.read(position + _CONTENT_AT, length)
            message, _ = layout.first_message(content)
        if self._roles.get(message.channel) == channels.CONTROL:
            return message
        messages = self.messages(number)
        if channels.CONTROL not in messages:
            raise Damaged("it has no /control")
        return messages[channels.CONTROL]

    def beside(self, channel: int) -> Iterator[Message | Damaged]:
        """See SessionRecords."""
        for position, size in self._beside[channel].tolist():
            try:
                yield from self._open(position, size).values()
            except Damaged as damaged:
                yield damaged


def _crc_of(chunk: bytes) -> int:
    return int.from_bytes(chunk[_CRC_AT : _CRC_AT + 4], "little")


def role_of_chunks(chunks: Chunks, roles: Mapping[int, int]) -> NDArray[np.int32]:
    """Which of our channels each chunk begins with, int32 (n,); NO_MESSAGE for any other."""
    role = np.full(len(chunks), NO_MESSAGE, np.int32)
    for number, channel in roles.items():
        role[chunks.channel == number] = channel
    return role


def is_rewritten(chunks: Chunks, roles: Mapping[int, int], loose_messages: int) -> bool:
    """Whether another program has put the messages into other chunks, or into none."""
    control = role_of_chunks(chunks, roles) == channels.CONTROL
    ours = control & chunks.single & ~chunks.alone & ~chunks.compressed
    other = chunks.compressed | (control & ~ours) | (chunks.channel == NO_MESSAGE)
    return int(other.sum()) + loose_messages > int(ours.sum())
