"""What was found in a session file: which of its chunks are good, and what is wrong with others."""

from dataclasses import dataclass, field

import msgspec
import numpy as np
from numpy.typing import NDArray

from tubs.mcap.salvage import Lost, Salvage

RECORD = 1
BESIDE = 2
FOREIGN = 3
_SHORTEST_RECORD = 200
"""Fewer lost bytes that begin as something else held no record."""


class Fault(msgspec.Struct, frozen=True):
    """A record that cannot be used.

    Attributes:
        record: its number in the whole tub, from 0; for lost bytes, that of the next one.
        session: the session file's name without suffix.
        reason: what is wrong with it.
    """

    record: int
    session: str
    reason: str


@dataclass(slots=True)
class Examined:
    """A session file, examined.

    Attributes:
        salvage: the file.
        kinds: int8 (chunks,), RECORD, BESIDE or FOREIGN.
        good: bool (chunks,).
        prints: int64 (chunks,), fingerprints.
        sizes: int32 (chunks, 2), height and width of the images of good records.
        reasons: what is wrong, by chunk.
        dropped: records that were never written, by the gaps in the sequence.
        foreign_messages: how many messages are in channels that no tub has.
    """

    salvage: Salvage
    kinds: NDArray[np.int8]
    good: NDArray[np.bool_]
    prints: NDArray[np.int64]
    sizes: NDArray[np.int32]
    reasons: dict[int, str] = field(default_factory=dict)
    dropped: int = 0
    foreign_messages: int = 0

    @property
    def name(self) -> str:
        """The file's name without suffix."""
        return self.salvage.path.stem

    @property
    def records(self) -> int:
        """How many records there are, lost ones not counted."""
        return int((self.kinds == RECORD).sum())

    @property
    def good_records(self) -> int:
        """How many of them are good."""
        return int(((self.kinds == RECORD) & self.good).sum())

    def condemn(self, chunk: int, reason: str) -> None:
        """Take a chunk for damaged."""
        self.good[chunk] = False
        self.reasons[chunk] = reason

    def faults(self, first: int) -> list[Fault]:
        """The records that cannot be used, lost ones among them, in the order of the file.

        Args:
            first: number of the session's first record in the tub.
        """
        before = np.concatenate([[0], np.cumsum(self.kinds == RECORD)]) + first
        found = [
            (chunk, Fault(int(before[chunk]), self.name, reason))
            for chunk, reason in self.reasons.items()
            if self.kinds[chunk] == RECORD
        ]
        for lost in self.salvage.lost:
            if _held_a_record(lost):
                text = _lost_text(lost.length, self._is_at_end(lost))
                found.append((lost.before, Fault(int(before[lost.before]), self.name, text)))
        return [fault for _, fault in sorted(found, key=lambda each: each[0])]

    def remarks(self) -> list[str]:
        """What is wrong, or worth knowing, beside the records."""
        beside = sum(self.kinds[chunk] == BESIDE for chunk in self.reasons)
        crumbs = sum(
            each.length
            for each in self.salvage.lost
            if not _held_a_record(each) and not self._is_at_end(each)
        )
        remarks = [
            (crumbs, f"{crumbs} bytes between its records are damaged"),
            (beside, f"{beside} of its events and measurements are damaged"),
        ]
        return [text for count, text in remarks if count]

    def _is_at_end(self, lost: Lost) -> bool:
        return lost.position + lost.length == self.salvage.size


def _held_a_record(lost: Lost) -> bool:
    return lost.was_chunk or lost.length >= _SHORTEST_RECORD


def _lost_text(length: int, at_end: bool) -> str:
    if at_end:
        return f"the session ends in {length} bytes of a torn record"
    return f"{length} bytes before it are no whole record"
