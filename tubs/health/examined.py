"""What was found in a session file: which records are good, and what is wrong with others."""

from dataclasses import dataclass, field

import msgspec
import numpy as np
from numpy.typing import NDArray

from tubs.mcap.session import Session


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
        session: the file.
        good: bool (n,), which records are.
        prints: int64 (n,), a fingerprint of each good record.
        sizes: int32 (n, 2), height and width of the images of good records.
        reasons: what is wrong, by record.
        lost: stretches of bytes that held records: number of the next record, and the reason.
        index_whole: whether it was closed and its index can be believed.
        dropped: records that were never written, by the gaps in the count of ticks.
        foreign: topics of other programs, and how many messages each has.
        beside_damaged: how many events and measurements cannot be read.
        crumbs: how many other bytes belong to nothing.
    """

    session: Session
    good: NDArray[np.bool_]
    prints: NDArray[np.int64]
    sizes: NDArray[np.int32]
    reasons: dict[int, str] = field(default_factory=dict)
    lost: list[tuple[int, str]] = field(default_factory=list)
    index_whole: bool = True
    dropped: int = 0
    foreign: dict[str, int] = field(default_factory=dict)
    beside_damaged: int = 0
    crumbs: int = 0

    @property
    def name(self) -> str:
        """The file's name without suffix."""
        return self.session.name

    @property
    def records(self) -> int:
        """How many records there are, lost ones not counted."""
        return len(self.good)

    @property
    def good_records(self) -> int:
        """How many of them are good."""
        return int(self.good.sum())

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width of most of the good records' images; zeros without any."""
        if not self.good.any():
            return 0, 0
        sizes, counts = np.unique(self.sizes[self.good], axis=0, return_counts=True)
        height, width = sizes[counts.argmax()].tolist()
        return height, width

    def condemn(self, record: int, reason: str) -> None:
        """Take a record for damaged."""
        self.good[record] = False
        self.reasons[record] = reason

    def faults(self, first: int) -> list[Fault]:
        """The records that cannot be used, lost ones among them, in the order of the file.

        Args:
            first: number of the session's first record in the tub.
        """
        found = sorted([*self.reasons.items(), *self.lost], key=lambda each: each[0])
        return [Fault(first + record, self.name, reason) for record, reason in found]

    def other_faults(self) -> list[str]:
        """What is damaged beside the records."""
        found = [
            (self.crumbs, f"{self.crumbs} bytes between its records are damaged"),
            (self.beside_damaged, f"damaged events or measurements: {self.beside_damaged}"),
        ]
        return [text for count, text in found if count]
