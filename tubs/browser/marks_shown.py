"""The marks of a tub as the page gets them, and the edits that it may ask for."""

from typing import Annotated, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from tubs.cleaning.marking import records_of, runs
from tubs.cleaning.marks import FILE_NAME, Edit
from tubs.counted import counted
from tubs.errors import EverlapError
from tubs.reader import Tub

MOST_RANGES = 10_000


class RefusedEditError(EverlapError):
    """An edit that cannot be made."""


class Run(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Neighbouring records of one session, both ends included, counted from its first."""

    session: str
    first: Annotated[int, msgspec.Meta(ge=0)]
    last: Annotated[int, msgspec.Meta(ge=0)]


class EditAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the page asks for; undo and redo need no records."""

    edit: Literal["delete", "restore", "undo", "redo"]
    runs: Annotated[list[Run], msgspec.Meta(max_length=MOST_RANGES)] = []
    why: Annotated[str, msgspec.Meta(max_length=200)] = ""


class MarksShown(msgspec.Struct):
    """What the marks come to.

    Attributes:
        version: differs after every edit, whoever made it.
        deleted: runs of deleted records, first and last, counted through the tub.
        to_undo: what undo would take back, for a person to read; empty when there is nothing.
        to_redo: what redo would do again, likewise.
        done: what the edit that was asked for did.
    """

    version: str
    deleted: list[tuple[int, int]]
    to_undo: str
    to_redo: str
    done: str = ""


def marks_version(tub: Tub) -> str:
    """Something that differs after every edit, without reading them."""
    try:
        status = (tub.folder / FILE_NAME).stat()
    except OSError:
        return "0"
    return f"{status.st_ino}-{status.st_size}-{status.st_mtime_ns}"


def show_marks(tub: Tub, done: str = "") -> MarksShown:
    """Gather what the marks come to; they have been read before."""
    to_undo = "".join(_in_words(tub, edit) for edit in tub.marks.edits[-1:])
    to_redo = "".join(_in_words(tub, edit) for edit in tub.marks.undone[-1:])
    return MarksShown(marks_version(tub), runs(tub.deleted()), to_undo, to_redo, done)


def edit_marks(tub: Tub, asked: EditAsked) -> MarksShown:
    """Do what was asked.

    Raises:
        RefusedEditError: there is nothing to undo or redo, or no such record.
        OutputError: the marks cannot be written; nothing has changed.
    """
    if asked.edit in ("undo", "redo"):
        edit = tub.marks.undo() if asked.edit == "undo" else tub.marks.redo()
        if edit is None:
            raise RefusedEditError(f"there is nothing to {asked.edit}")
        done = "undone" if asked.edit == "undo" else "done again"
        return show_marks(tub, f"{done}: {_in_words(tub, edit)}")
    chosen = _chosen(tub, asked.runs)
    ranges = tub.ranges_of(chosen)
    make = tub.marks.delete if asked.edit == "delete" else tub.marks.restore
    make(ranges, asked.why or "by hand")
    records = counted(int(np.count_nonzero(chosen)), "record")
    return show_marks(tub, f"{asked.edit}d {records}")


def _chosen(tub: Tub, runs: list[Run]) -> NDArray[np.bool_]:
    chosen = np.zeros(len(tub), bool)
    starts = np.cumsum([0, *(len(session) for session in tub.sessions)])
    places = {session.name: place for place, session in enumerate(tub.sessions)}
    for run in runs:
        place = places.get(run.session)
        if place is None or not run.first <= run.last < len(tub.sessions[place]):
            raise RefusedEditError(
                f"records {run.first} to {run.last} of session {run.session} are not in the tub: "
                "load the page again"
            )
        chosen[starts[place] + run.first : starts[place] + run.last + 1] = True
    if not chosen.any():
        raise RefusedEditError("no record was named: select some first")
    return chosen


def _in_words(tub: Tub, edit: Edit) -> str:
    records = counted(records_of(tub, edit), "record")
    return f"{edit.edit} {records}" + (f" ({edit.why})" if edit.why else "")
