"""Makes a whole tub of a damaged one: takes every good record as it is, and names what is not."""

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec

from tubs.about import FILE_NAME, about_to_json
from tubs.cleaning.marks import FILE_NAME as MARKS_NAME
from tubs.disk import existing_part
from tubs.draft_folder import folder_written_whole
from tubs.errors import OutputError, TubError
from tubs.health.check import all_faults
from tubs.health.examined import Examined, Fault
from tubs.health.repair_findings import Findings, find_damage
from tubs.health.session_copy import SessionCopy
from tubs.tub_folder import check_is_tub

SPARE_BYTES = 1 << 20
Progress = Callable[[int, int], None]
"""Called with records done and records in all."""


class RepairedSession(msgspec.Struct):
    """What became of a session file.

    Attributes:
        session: its name without suffix.
        records: how many were found, lost ones not counted.
        good: how many are in the new tub.
        damaged: how many are not, lost ones counted.
        had_index: whether it was closed and its index was whole.
        events_and_measurements: how many are in the new tub.
        foreign_messages: messages of other programs, left out.
        left_out: why the whole session is not in the new tub; None when it is.
    """

    session: str
    records: int
    good: int
    damaged: int
    had_index: bool
    events_and_measurements: int
    foreign_messages: int
    left_out: str | None


class RepairReport(msgspec.Struct):
    """What was found and done.

    Attributes:
        tub: the damaged one.
        out: the new one; None when there was nothing to repair and so nothing was written.
        records: how many there were, lost ones counted.
        good: how many are in the new tub.
        damaged: the others.
        sessions: what became of each session file.
        closed: files that are no sessions or cannot be read, with the reason.
        about: where the new tub.json comes from.
        marks: how many edits were carried over.
        unreadable_marks: how many lines of marks.jsonl make no sense.
    """

    tub: str
    out: str | None
    records: int
    good: int
    damaged: list[Fault]
    sessions: list[RepairedSession]
    closed: list[str]
    about: str
    marks: int
    unreadable_marks: int


def repair_tub(
    source: Path, out: Path, progress: Progress = lambda done, total: None
) -> RepairReport:
    """Write a new tub with every good record of a damaged one, which stays as it is.

    Args:
        source: a tub, a folder of session files, or one session file.
        out: the new folder, there whole or not at all; not written when nothing is damaged.
        progress: told how far it is; every record is done twice, examined and then copied.

    Raises:
        TubError: there is no tub, or no good record is in it.
        OutputError: `out` cannot be written, or there is no room for it.
    """
    if not source.is_file():
        check_is_tub(source)
    _check_apart(source, out)
    findings = find_damage(source, progress)
    good = sum(each.good_records for each in findings.kept)
    if not findings.sessions and not findings.closed:
        raise TubError(f"{source} is an empty tub: no record is in it")
    if findings.whole:
        return _report(source, None, findings, {})
    if not good:
        raise TubError(f"there is no good record in {source}: nothing can be repaired")
    _check_room(findings, out)
    with folder_written_whole(out) as draft:
        copies = _write(findings, draft, progress, good)
    return _report(source, out, findings, copies)


def _check_apart(source: Path, out: Path) -> None:
    folder = source.parent if source.is_file() else source
    if out.resolve().is_relative_to(folder.resolve()):
        raise OutputError(f"{out} lies in {folder}: name a folder outside of it")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"{out} exists already: name a new folder, or remove it first")


def _check_room(findings: Findings, out: Path) -> None:
    """Make sure that the new tub will fit.

    Raises:
        OutputError: it will not.
    """
    needed = SPARE_BYTES + sum(each.session.path.stat().st_size for each in findings.kept)
    folder = existing_part(out.parent)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise OutputError(
            f"{out} needs {needed / 1e6:.1f} MB and {free / 1e6:.1f} MB are free in {folder}: "
            "name a folder on another disk"
        )


def _write(
    findings: Findings, folder: Path, progress: Progress, good: int
) -> dict[str, SessionCopy]:
    """Write all of the new tub; what became of each session, by name."""
    (folder / FILE_NAME).write_bytes(about_to_json(findings.about))
    if findings.marks:
        (folder / MARKS_NAME).write_bytes(b"".join(line + b"\n" for line in findings.marks))
    copies = {}
    before = good
    for session in findings.kept:
        copy = copies[session.name] = SessionCopy(session, findings.about, folder)
        for done in copy.run():
            progress(before + done, 2 * good)
        before += copy.records
    return copies


def _report(
    source: Path, out: Path | None, findings: Findings, copies: dict[str, SessionCopy]
) -> RepairReport:
    damaged = all_faults(findings.sessions)
    good = sum(session.good_records for session in findings.sessions)
    return RepairReport(
        tub=str(source),
        out=None if out is None else str(out),
        records=good + len(damaged),
        good=good if out is None else sum(copy.records for copy in copies.values()),
        damaged=damaged,
        sessions=[
            _repaired(session, findings.left_out.get(session.name), copies.get(session.name))
            for session in findings.sessions
        ],
        closed=list(findings.closed),
        about=findings.about_from,
        marks=len(findings.marks),
        unreadable_marks=findings.unreadable_marks,
    )


def _repaired(session: Examined, left_out: str | None, copy: SessionCopy | None) -> RepairedSession:
    return RepairedSession(
        session=session.name,
        records=session.records,
        good=0 if left_out else session.good_records,
        damaged=len(session.reasons) + len(session.lost),
        had_index=session.index_whole,
        events_and_measurements=copy.beside if copy else 0,
        foreign_messages=sum(session.foreign.values()),
        left_out=left_out,
    )
