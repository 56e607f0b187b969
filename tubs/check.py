"""Looks at every record of a tub and names the ones that are damaged."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from tubs.errors import TubError
from tubs.examination import examine, session_files
from tubs.examined import Examined, Fault
from tubs.marks import Marks
from tubs.reader import Tub, check_is_folder, check_is_tub


class FolderFault(msgspec.Struct, frozen=True):
    """Something damaged that is no record.

    Attributes:
        where: the file.
        reason: what is wrong with it.
    """

    where: str
    reason: str


class CheckReport(msgspec.Struct):
    """Which records are good.

    Attributes:
        records: how many there are, torn ones included.
        good: how many have a matching checksum, a time after the one before, and pictures that
            can be decoded and have the usual size.
        damaged: the others.
        faults: what else is damaged: tub.json, marks, whole sessions.
        unfinished_sessions: those without a whole index; they read like any other.
        dropped: records that were never written, by the gaps in the count of ticks.
        remarks: what is worth knowing and no damage.
    """

    records: int
    good: int
    damaged: list[Fault]
    faults: list[FolderFault]
    unfinished_sessions: list[str]
    dropped: int
    remarks: list[str]

    @property
    def whole(self) -> bool:
        """Whether nothing is damaged."""
        return not self.damaged and not self.faults


def check_tub(
    folder: Path, progress: Callable[[int, int], None] = lambda done, total: None
) -> CheckReport:
    """Read and decode everything once, from the first byte of each file to its last.

    Raises:
        TubError: it is missing, something else, or empty.
        OutputError: its marks cannot be read.
    """
    check_is_folder(folder)
    files = session_files(folder)
    if not files:
        check_is_tub(folder)
    sessions, closed = examine(files, progress)
    damaged = all_faults(sessions)
    records = sum(session.records for session in sessions)
    good = sum(session.good_records for session in sessions)
    if not records and not damaged:
        raise TubError(f"{folder} is an empty tub: no record is in it")
    return CheckReport(
        records=good + len(damaged),
        good=good,
        damaged=damaged,
        faults=_folder_faults(folder, sessions, [reason for _, reason in closed]),
        unfinished_sessions=[each.name for each in sessions if not each.salvage.finished],
        dropped=sum(session.dropped for session in sessions),
        remarks=_remarks(sessions),
    )


def all_faults(sessions: Sequence[Examined]) -> list[Fault]:
    """The records that cannot be used, numbered over all sessions."""
    faults: list[Fault] = []
    first = 0
    for session in sessions:
        faults += session.faults(first)
        first += session.records
    return faults


def _folder_faults(
    folder: Path, sessions: Sequence[Examined], closed: Sequence[str]
) -> list[FolderFault]:
    faults = [FolderFault(str(folder), reason) for reason in closed]
    try:
        Tub(folder)
    except TubError as error:
        if str(error) not in closed:
            faults.append(FolderFault(str(folder), str(error)))
    for session in sessions:
        where = str(session.salvage.path)
        faults += [FolderFault(where, reason) for reason in session.remarks()]
    marks = Marks(folder)
    if marks.unreadable:
        lines = f"{marks.unreadable} lines cannot be read: these edits are lost"
        faults.append(FolderFault(str(marks.path), lines))
    return faults


def _remarks(sessions: Sequence[Examined]) -> list[str]:
    remarks = []
    for session in sessions:
        if session.dropped:
            remarks.append(f"{session.name}: {session.dropped} records were dropped while driving")
        if session.foreign_messages:
            remarks.append(f"{session.name}: {session.foreign_messages} messages of other programs")
        if not session.salvage.finished:
            remarks.append(f"{session.name}: cut short, and without an index for other tools")
    return remarks
