"""Reads and decodes everything in session files and says of each record whether it is good."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from tubs.control import Control
from tubs.errors import TubError
from tubs.examined import BESIDE, FOREIGN, RECORD, Examined
from tubs.images import decode_class_map, decode_jpeg
from tubs.in_threads import in_threads
from tubs.mcap import channels
from tubs.mcap.layout import Damaged, Message
from tubs.mcap.salvage import Salvage

Progress = Callable[[int, int], None]
"""Called with chunks done and chunks in all."""
_BLOCK = 64
"""Chunks that one thread examines at a time."""
_JPEG_END = b"\xff\xd9"
_PADDING = b"\0\r\n "
_CONTROL_DECODER = msgspec.json.Decoder(Control)


class Verdict(NamedTuple):
    """What was found in a chunk.

    Attributes:
        kind: RECORD, BESIDE (events and measurements) or FOREIGN.
        reason: what is wrong with it; "" when it is good.
        time_ns: its log_time.
        sequence: number of the tick in the drive.
        size: height and width of the image.
        print: a fingerprint of all its messages.
        foreign: how many messages it has in channels that no tub has.
    """

    kind: int
    reason: str
    time_ns: int = 0
    sequence: int = 0
    size: tuple[int, int] = (0, 0)
    print: int = 0
    foreign: int = 0


def session_files(source: Path) -> list[Path]:
    """The session files of a tub's folder, or the one file that was named."""
    return [source] if source.is_file() else sorted(source.glob("*.mcap"))


def examine(
    files: Sequence[Path], progress: Progress = lambda done, total: None
) -> tuple[list[Examined], list[tuple[Path, str]]]:
    """Examine session files.

    Returns:
        What was found in each, and the files that cannot be opened, with the reason.
    """
    opened: list[Salvage] = []
    closed: list[tuple[Path, str]] = []
    for path in files:
        try:
            opened.append(Salvage(path))
        except TubError as error:
            closed.append((path, str(error)))
    total = sum(len(salvage) for salvage in opened)
    examined: list[Examined] = []
    done = 0
    for salvage in opened:
        base = done
        examined.append(_examine(salvage, lambda count, base=base: progress(base + count, total)))
        done += len(salvage)
    _condemn_odd_sizes(examined)
    return examined, closed


def _examine(salvage: Salvage, progress: Callable[[int], None]) -> Examined:
    count = len(salvage)
    session = Examined(
        salvage,
        np.zeros(count, np.int8),
        np.zeros(count, bool),
        np.zeros(count, np.int64),
        np.zeros((count, 2), np.int32),
    )
    order = _Order()
    for first, verdicts in in_threads(
        lambda first: (first, _judge_block(salvage, first)), range(0, count, _BLOCK)
    ):
        for chunk, verdict in enumerate(verdicts, first):
            _enter(session, chunk, verdict, order)
        progress(first + len(verdicts))
    session.dropped = order.dropped
    return session


class _Order:
    """Times that must go forward, and the ticks that are missing."""

    def __init__(self) -> None:
        self.dropped = 0
        self._time_ns = -1
        self._print = 0
        self._sequence: int | None = None

    def damaged(self) -> None:
        """A record that cannot be read was no dropped one."""
        if self._sequence is not None:
            self._sequence += 1

    def reason_against(self, verdict: Verdict) -> str:
        """What is wrong with a record after those before it; "" when nothing is."""
        if verdict.time_ns == self._time_ns and verdict.print == self._print:
            return "it is a copy of the record before it"
        if verdict.time_ns <= self._time_ns:
            late_s = (self._time_ns - verdict.time_ns) / 1e9
            return f"it was captured {late_s:g} s before the record before it, or at the same time"
        if self._sequence is not None:
            self.dropped += max(0, verdict.sequence - self._sequence - 1)
        self._time_ns, self._print = verdict.time_ns, verdict.print
        self._sequence = verdict.sequence
        return ""


def _enter(session: Examined, chunk: int, verdict: Verdict, order: _Order) -> None:
    session.kinds[chunk] = verdict.kind
    session.prints[chunk] = verdict.print
    session.sizes[chunk] = verdict.size
    session.foreign_messages += verdict.foreign
    reason = verdict.reason
    if verdict.kind == RECORD:
        if reason:
            order.damaged()
        else:
            reason = order.reason_against(verdict)
    session.good[chunk] = not reason
    if reason:
        session.reasons[chunk] = reason


def _judge_block(salvage: Salvage, first: int) -> list[Verdict]:
    return [_judge(salvage, chunk) for chunk in range(first, min(first + _BLOCK, len(salvage)))]


def _judge(salvage: Salvage, chunk: int) -> Verdict:
    try:
        messages = salvage.messages(chunk)
    except Damaged as error:
        return Verdict(_kind_of_damaged(salvage, chunk), str(error))
    ours = own_messages(salvage, messages)
    foreign = len(messages) - len(ours)
    by_channel = {message.channel: message for message in ours}
    if not by_channel:
        return Verdict(FOREIGN, "", foreign=foreign)
    first = ours[0]
    whole = hash(tuple(ours))
    if not by_channel.keys() & {channels.CONTROL, channels.CAMERA}:
        return Verdict(BESIDE, "", first.log_time_ns, print=whole, foreign=foreign)
    try:
        if len(by_channel) < len(ours):
            raise Damaged("it holds several records in one chunk: another program wrote it")
        size = _size_of_record(by_channel)
    except (Damaged, TubError) as error:
        return Verdict(RECORD, str(error), print=whole, foreign=foreign)
    return Verdict(RECORD, "", first.log_time_ns, first.sequence, size, whole, foreign)


def own_messages(salvage: Salvage, messages: Sequence[Message]) -> list[Message]:
    """Those messages of a chunk that are in a tub's channels, with a tub's channel numbers."""
    numbers = [salvage.topics.get(message.channel) for message in messages]
    return [
        message._replace(channel=number)
        for message, number in zip(messages, numbers, strict=True)
        if number is not None
    ]


def _kind_of_damaged(salvage: Salvage, chunk: int) -> int:
    number = salvage.topics.get(salvage.first_channel(chunk), channels.CONTROL)
    if number is None:
        return FOREIGN
    return BESIDE if number in (channels.EVENTS, channels.IMU, channels.TELEMETRY) else RECORD


def _size_of_record(messages: dict[int, Message]) -> tuple[int, int]:
    """Decode all of a record, and give the height and width of its image.

    Raises:
        Damaged: something is missing or cannot be read.
        TubError: a picture cannot be decoded.
    """
    for number in (channels.CONTROL, channels.CAMERA):
        if number not in messages:
            raise Damaged(f"it has no {channels.TOPICS[number]}")
    try:
        _CONTROL_DECODER.decode(messages[channels.CONTROL].data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Damaged(f"its control message: {error}") from error
    jpeg = channels.unpack_image(messages[channels.CAMERA].data)
    height, width = decode_jpeg(jpeg).shape[:2]
    if not jpeg.rstrip(_PADDING).endswith(_JPEG_END):
        raise Damaged("its image is truncated")
    if channels.CLASS_MAP in messages:
        png = channels.unpack_image(messages[channels.CLASS_MAP].data)
        map_size = decode_class_map(png).shape[:2]
        if map_size != (height, width):
            raise Damaged(f"its class map is {map_size}, its image {(height, width)}")
    return height, width


def _condemn_odd_sizes(sessions: Sequence[Examined]) -> None:
    """Take records for damaged whose image has not the size that most have."""
    counts: Counter[tuple[int, int]] = Counter()
    for session in sessions:
        rows = session.sizes[session.good & (session.kinds == RECORD)]
        sizes, times = np.unique(rows, axis=0, return_counts=True)
        for (height, width), count in zip(sizes.tolist(), times.tolist(), strict=True):
            counts[height, width] += count
    if len(counts) < 2:
        return
    usual = counts.most_common(1)[0][0]
    for session in sessions:
        odd = session.good & (session.kinds == RECORD) & (session.sizes != usual).any(axis=1)
        for chunk in np.flatnonzero(odd).tolist():
            size = tuple(session.sizes[chunk].tolist())
            session.condemn(chunk, f"its image is {size}, most are {usual} (height, width)")
