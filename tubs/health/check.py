"""Looks at every record of a tub and names the ones that are damaged."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from tubs.about import FILE_NAME, read_about
from tubs.cleaning.marks import Marks
from tubs.counted import counted
from tubs.errors import TubError
from tubs.health.examination import examine, session_files
from tubs.health.examined import Examined, Fault
from tubs.health.repair_findings import duplicates
from tubs.tub_folder import check_is_folder, check_is_tub


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
        remarks: what is worth knowing and no damage, such as sessions that are there twice.
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
    check_is_tub(folder)
    sessions, closed = examine(session_files(folder), progress)
    damaged = all_faults(sessions)
    records = sum(session.records for session in sessions)
    good = sum(session.good_records for session in sessions)
    if not (records or damaged or closed):
        raise TubError(f"{folder} is an empty tub: no record is in it")
    return CheckReport(
        records=good + len(damaged),
        good=good,
        damaged=damaged,
        faults=_folder_faults(folder, sessions, closed),
        unfinished_sessions=[each.name for each in sessions if not each.index_whole],
        dropped=sum(session.dropped for session in sessions),
        remarks=[*_remarks(sessions), *_twins(sessions), *_image_sizes(sessions)],
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
        read_about(folder)
    except TubError as error:
        faults.append(FolderFault(str(folder / FILE_NAME), str(error)))
    for session in sessions:
        where = str(session.session.path)
        faults += [FolderFault(where, reason) for reason in session.other_faults()]
    marks = Marks(folder)
    if marks.unreadable:
        lines = f"{marks.unreadable} of its lines cannot be read: these edits are lost"
        faults.append(FolderFault(str(marks.path), lines))
    return faults


def _twins(sessions: Sequence[Examined]) -> list[str]:
    return [f"{name}: {reason}, as in a copy" for name, reason in duplicates(sessions).items()]


def _image_sizes(sessions: Sequence[Examined]) -> list[str]:
    """Say it when sessions have images of several sizes, as after a change of the camera."""
    sizes = sorted({session.image_size for session in sessions if session.good_records})
    if len(sizes) < 2:
        return []
    named = ", ".join(f"{width}x{height}" for height, width in sizes)
    return [f"its sessions have images of several sizes: {named}"]


def _remarks(sessions: Sequence[Examined]) -> list[str]:
    remarks = []
    for session in sessions:
        if session.dropped:
            missing = "dropped while driving, or left out by a repair"
            remarks.append(
                f"{session.name}: {counted(session.dropped, 'missing record')}: {missing}"
            )
        if session.foreign:
            topics = ", ".join(sorted(session.foreign))
            remarks.append(f"{session.name}: holds {topics} of other programs")
        if session.session.rewritten:
            remarks.append(f"{session.name}: was rewritten by another program")
        if not session.index_whole:
            remarks.append(f"{session.name}: has no whole index, as after a cut; it reads without")
    return remarks
