"""Reads and decodes everything in session files and says of each record whether it is good."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tubs.encoded import EncodedRecord
from tubs.errors import TubError
from tubs.health.examined import Examined
from tubs.images import decode_class_map, decode_jpeg
from tubs.in_threads import in_threads
from tubs.mcap import channels
from tubs.mcap.layout import Damaged, Opcode
from tubs.mcap.recorded_file import RecordedFile
from tubs.mcap.scan import Scan
from tubs.mcap.session import Session
from tubs.mcap.summary import read_summary
from tubs.mcap.window import Window

Progress = Callable[[int, int], None]
"""Called with records done and records in all."""
_BLOCK = 64
"""Records that one thread examines at a time."""
_SHORTEST_RECORD = 200
"""Fewer lost bytes held none."""
_BEGINS_OF_RECORDS = (bytes([Opcode.CHUNK]), b"\0")
"""A chunk, and blocks that the disk never got."""
_JPEG_END = b"\xff\xd9"
_PADDING = b"\0\r\n "


def session_files(source: Path) -> list[Path]:
    """The session files of a tub's folder, or the one file that was named."""
    return [source] if source.is_file() else sorted(source.glob("*.mcap"))


def examine(
    files: Sequence[Path], progress: Progress = lambda done, total: None
) -> tuple[list[Examined], list[str]]:
    """Examine session files, each from its first byte to its last.

    Returns:
        What was found in each, and why others cannot be opened.
    """
    opened: list[tuple[Session, Session]] = []
    closed: list[str] = []
    for path in files:
        try:
            opened.append((Session(path), Session(path, use_index=False)))
        except TubError as error:
            closed.append(str(error))
    pairs = [(max(usual, scanned, key=len), scanned) for usual, scanned in opened]
    total = sum(len(session) for session, _ in pairs)
    examined: list[Examined] = []
    done = 0
    for session, scanned in pairs:
        examined.append(_examine(session, scanned, _from(done, total, progress)))
        done += len(session)
    return examined, closed


def _from(first: int, total: int, progress: Progress) -> Callable[[int], None]:
    return lambda done: progress(first + done, total)


def _examine(session: Session, scanned: Session, progress: Callable[[int], None]) -> Examined:
    """Examine a session as a tub reads it; `scanned` does not believe its index."""
    count = len(session)
    examined = Examined(
        session, np.zeros(count, bool), np.zeros(count, np.int64), np.zeros((count, 2), np.int32)
    )
    for first, verdicts in in_threads(
        lambda first: (first, _judge_block(session, first)), range(0, count, _BLOCK)
    ):
        for record, verdict in enumerate(verdicts, first):
            examined.good[record] = not verdict.reason
            examined.prints[record], examined.sizes[record] = verdict.print, verdict.size
            if verdict.reason:
                examined.reasons[record] = verdict.reason
        progress(first + len(verdicts))
    _condemn_odd_sizes(examined)
    _condemn_odd_times(examined)
    _look_between(examined, scanned)
    examined.beside_damaged = session.damaged_beside()
    examined.dropped = _dropped(examined)
    return examined


class _Verdict(NamedTuple):
    reason: str
    size: tuple[int, int] = (0, 0)
    print: int = 0


def _judge_block(session: Session, first: int) -> list[_Verdict]:
    return [_judge(session, record) for record in range(first, min(first + _BLOCK, len(session)))]


def _judge(session: Session, record: int) -> _Verdict:
    try:
        encoded = session.read(record)
        return _Verdict("", _size_of(encoded), _print_of(encoded))
    except TubError as error:
        cause = error.__cause__
        return _Verdict(str(cause if isinstance(cause, Damaged) else error))


def _size_of(encoded: EncodedRecord) -> tuple[int, int]:
    """Decode the pictures of a record, and give the height and width of its image.

    Raises:
        TubError: one cannot be decoded.
    """
    height, width = decode_jpeg(encoded.jpeg).shape[:2]
    if not encoded.jpeg.rstrip(_PADDING).endswith(_JPEG_END):
        raise TubError("its image is truncated")
    if encoded.class_map_png is not None:
        map_size = decode_class_map(encoded.class_map_png).shape[:2]
        if map_size != (height, width):
            raise TubError(
                f"its class map is {map_size}, its image {(height, width)} (height, width)"
            )
    return height, width


def _print_of(encoded: EncodedRecord) -> int:
    return hash((encoded.control, encoded.jpeg, encoded.class_map_png, encoded.source))


def _condemn_odd_times(examined: Examined) -> None:
    """Take records for damaged that were not captured after the one before."""
    times_ns = examined.session.times_ns
    before = -1
    for record in np.flatnonzero(examined.good).tolist():
        if before >= 0 and times_ns[record] <= times_ns[before]:
            examined.condemn(record, _time_fault(examined, before, record))
        else:
            before = record


def _time_fault(examined: Examined, before: int, record: int) -> str:
    early_s = int(examined.session.times_ns[before] - examined.session.times_ns[record]) / 1e9
    if early_s == 0.0 and examined.prints[before] == examined.prints[record]:
        return "it is a copy of the record before it"
    early = f"{early_s:g} s before" if early_s else "at the same time as"
    return f"it was captured {early} the record before it"


def _look_between(examined: Examined, scanned: Session) -> None:
    """See what belongs to no record."""
    session = examined.session
    file = RecordedFile(session.path)
    examined.index_whole = read_summary(file, channels.TOPICS[channels.CONTROL]) is not None
    examined.foreign = _foreign(file)
    end = file.size()
    stretches = [(gap.chunk, gap.begin, gap.end) for gap in scanned.gaps]
    if scanned.torn_bytes:
        stretches.append((len(session), end - scanned.torn_bytes, end))
    for record, begin, after in stretches:
        if not examined.index_whole and _held_record(file, begin, after):
            examined.lost.append((record, _lost_text(after - begin, after == end)))
        elif after < end:
            examined.crumbs += after - begin


def _held_record(file: RecordedFile, begin: int, end: int) -> bool:
    """Whether lost bytes held a record: they begin as a chunk does, are blank, or are many."""
    if file.read(begin, 1) in _BEGINS_OF_RECORDS:
        return True
    return end < file.size() and end - begin >= _SHORTEST_RECORD


def _lost_text(length: int, at_end: bool) -> str:
    if at_end:
        return f"the session ends in {length} bytes of a torn record"
    return f"{length} bytes before it belong to no whole record"


def _foreign(file: RecordedFile) -> dict[str, int]:
    """Topics that no tub has, and how many chunks or messages begin with each."""
    contents = Scan(Window(file)).proceed()
    ours = channels.roles(contents.topics)
    return {
        topic: int((contents.chunks.channel == number).sum())
        for number, topic in contents.topics.items()
        if number not in ours
    }


def _dropped(examined: Examined) -> int:
    """Ticks without a record, those not counted that stood in what was lost."""
    sequences = examined.session.sequences
    numbers = np.flatnonzero(sequences >= 0)
    steps = np.diff(sequences[numbers]) - np.diff(numbers)
    return max(0, int(steps[steps > 0].sum()) - len(examined.lost))


def _condemn_odd_sizes(examined: Examined) -> None:
    """Take records for damaged whose image has not the size that most of the session have."""
    usual = examined.image_size
    odd = examined.good & (examined.sizes != usual).any(axis=1)
    for record in np.flatnonzero(odd).tolist():
        size = tuple(examined.sizes[record].tolist())
        examined.condemn(record, f"its image is {size}, most are {usual} (height, width)")
