"""What one harm did to one tub, and the sum over many."""

from typing import Literal

import msgspec

Subject = Literal["everlap", "donkeycar"]
COMPLAINTS_KEPT = 20


class Reading(msgspec.Struct):
    """What a fresh process found in a tub.

    Attributes:
        refused: why it does not open, or cannot be read to its end; None when it can.
        records: numbers of the records that came back whole, each with its own picture.
        damaged: how many are there and were named as damaged.
        wrong: how many came back with values or a picture that nobody wrote.
        duplicates: how many share their index with another.
    """

    refused: str | None = None
    records: list[int] = []
    damaged: int = 0
    wrong: int = 0
    duplicates: int = 0


class Verdict(msgspec.Struct):
    """What became of one tub.

    Attributes:
        expected: records that must be there: acknowledged, synced, or not hit.
        lost: how many of them are not.
        refused: why the tub does not open; None when it does.
        wrong: records read that nobody wrote.
        misread: rows of `Tub.controls`, which verifies no checksum, that nobody wrote.
        duplicates: records that share an index after the recording was resumed.
        failure: how the reader crashed or hung; None when it did not.
        took_s: how long reading took.
    """

    expected: int
    lost: int
    refused: str | None = None
    wrong: int = 0
    misread: int = 0
    duplicates: int = 0
    failure: str | None = None
    took_s: float = 0.0

    @property
    def complaint(self) -> str | None:
        """What must not be; None when all is well."""
        if self.failure is not None:
            return self.failure
        if self.lost or self.wrong or self.duplicates:
            return (
                f"{self.lost} of {self.expected} lost, {self.wrong} read wrongly, "
                f"{self.duplicates} indexes twice{f': {self.refused}' if self.refused else ''}"
            )
        return None


class Tally(msgspec.Struct):
    """One kind of harm, done many times.

    Attributes:
        subject: whose tubs.
        harm: what was done.
        tubs: how often.
        unreadable: tubs with something to read that do not open or cannot be read to the end.
        expected: records that had to be there, in all.
        lost: how many of them were not.
        wrong: records read that nobody wrote.
        misread: numbers without their checksum that nobody wrote; told, and not held against.
        tubs_with_duplicates: after the recording was resumed.
        crashed: tubs on which the reader ended in anything but its own error, or hung.
        slowest_s: the longest reading.
        complaints: the first of what must not be, with their seeds.
    """

    subject: Subject
    harm: str
    tubs: int = 0
    unreadable: int = 0
    expected: int = 0
    lost: int = 0
    wrong: int = 0
    misread: int = 0
    tubs_with_duplicates: int = 0
    crashed: int = 0
    slowest_s: float = 0.0
    complaints: list[str] = []

    def take(self, seed: int, verdict: Verdict) -> None:
        """Count one tub."""
        self.tubs += 1
        self.unreadable += verdict.refused is not None and verdict.expected > 0
        self.expected += verdict.expected
        self.lost += verdict.lost
        self.wrong += verdict.wrong
        self.misread += verdict.misread
        self.tubs_with_duplicates += verdict.duplicates > 0
        self.crashed += verdict.failure is not None
        self.slowest_s = max(self.slowest_s, verdict.took_s)
        complaint = verdict.complaint
        if complaint is not None and len(self.complaints) < COMPLAINTS_KEPT:
            self.complaints.append(f"{self.harm}, seed {seed}: {complaint}")

    @property
    def kept(self) -> bool:
        """Whether nothing happened that must not."""
        return not (self.lost or self.wrong or self.tubs_with_duplicates or self.crashed)


HEAD = (
    "| whose | harm | tubs | do not open | records that must be there | lost | read wrongly "
    "| numbers misread | tubs with an index twice | crashed or hung | slowest |\n"
    "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n"
)


def row(tally: Tally) -> str:
    """One of them as people read it, under HEAD."""
    return (
        f"| {tally.subject} | {tally.harm} | {tally.tubs} | {tally.unreadable} | {tally.expected} "
        f"| {tally.lost} | {tally.wrong} | {tally.misread} | {tally.tubs_with_duplicates} "
        f"| {tally.crashed} | {tally.slowest_s:.2f} s |"
    )
