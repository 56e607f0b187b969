"""Edits of a tub: which records count as deleted. What was recorded is never changed."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tubs.cleaning.locked_lines import LockedLines, locked_lines
from tubs.errors import OutputError
from tubs.ordinary_file import read_ordinary

FILE_NAME = "marks.jsonl"
DELETE = "delete"
RESTORE = "restore"
UNDO = "undo"
REDO = "redo"


Nanoseconds = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class TimeRange(NamedTuple):
    """Records of a session by the time of capture, both ends included.

    Attributes:
        session: the session file's name without suffix.
        from_ns: nanoseconds on the clock of the drive, as in the file's log_time.
        to_ns: likewise.
    """

    session: str
    from_ns: Nanoseconds
    to_ns: Nanoseconds


class Edit(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of marks.jsonl.

    Attributes:
        edit: delete, restore, undo or redo; a reader lets others pass.
        ranges: what it is about.
        why: the rule or the reason, for a person to read.
        at: date and time, UTC, ISO 8601.
    """

    edit: str
    ranges: tuple[TimeRange, ...] = ()
    why: str = ""
    at: str = ""

    def covers(self, session: str, times_ns: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which records of a session it is about.

        Args:
            session: the session file's name without suffix.
            times_ns: when they were captured, int64 (n,), in any order.

        Returns:
            bool (n,).
        """
        covered = np.zeros(len(times_ns), bool)
        ranges = [(from_ns, to_ns) for name, from_ns, to_ns in self.ranges if name == session]
        if ranges:
            order = np.argsort(times_ns, kind="stable")
            covered[order] = _inside(times_ns[order], ranges)
        return covered


class Marks:
    """The edits of one tub, oldest first, and what they come to.

    Edits are only ever appended, each as one line, so that a pulled battery costs the last one at
    most; undo and redo are edits too. Lines that cannot be read are skipped. Several processes
    may edit: each waits for the others and takes in what they wrote before it writes.

    Attributes:
        path: the file; it need not be there.
        unreadable: how many lines were skipped.
    """

    def __init__(self, folder: Path) -> None:
        """Read the edits of the tub in a folder.

        Raises:
            OutputError: the file is there and cannot be read.
        """
        self.path = folder / FILE_NAME
        self.unreadable = 0
        self._done: list[Edit] = []
        self._undone: list[Edit] = []
        self.reload()

    def reload(self) -> None:
        """Read the file anew: somebody else may have edited.

        Raises:
            OutputError: it is there and cannot be read.
        """
        try:
            self._take_all(read_ordinary(self.path))
        except FileNotFoundError:
            self._take_all(b"")
        except OSError as error:
            raise OutputError(f"cannot read {self.path}: {error.strerror}") from error

    def _take_all(self, text: bytes) -> None:
        self._done, self._undone, self.unreadable = [], [], 0
        for line in text.splitlines():
            if line.strip(b"\0 "):
                self._take(line)

    def _take(self, line: bytes) -> None:
        edit = _decoded(line)
        if edit is None:
            self.unreadable += 1
        else:
            self._apply(edit)

    def _apply(self, edit: Edit) -> None:
        if edit.edit == UNDO:
            if self._done:
                self._undone.append(self._done.pop())
        elif edit.edit == REDO:
            if self._undone:
                self._done.append(self._undone.pop())
        elif edit.edit in (DELETE, RESTORE):
            self._done.append(edit)
            self._undone.clear()

    @property
    def edits(self) -> Sequence[Edit]:
        """What counts, oldest first; what was undone is not among them."""
        return tuple(self._done)

    @property
    def undone(self) -> Sequence[Edit]:
        """What was undone and can be done again, the next one last."""
        return tuple(self._undone)

    def deleted(self, session: str, times_ns: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which records of a session are deleted.

        Args:
            session: the session file's name without suffix.
            times_ns: when they were captured, int64 (n,), in any order.

        Returns:
            bool (n,).
        """
        deleted = np.zeros(len(times_ns), bool)
        for edit in self._done:
            deleted[edit.covers(session, times_ns)] = edit.edit == DELETE
        return deleted

    def delete(self, ranges: Iterable[TimeRange], why: str = "") -> Edit:
        """Mark records as deleted.

        Raises:
            OutputError: the edit cannot be written; nothing has changed.
        """
        with self._alone() as file:
            return self._append(file, Edit(DELETE, tuple(ranges), why))

    def restore(self, ranges: Iterable[TimeRange], why: str = "") -> Edit:
        """Take records back.

        Raises:
            OutputError: the edit cannot be written; nothing has changed.
        """
        with self._alone() as file:
            return self._append(file, Edit(RESTORE, tuple(ranges), why))

    def undo(self) -> Edit | None:
        """Take the last edit back, whoever made it, and give it; None when there is none.

        Raises:
            OutputError: this cannot be written; nothing has changed.
        """
        with self._alone() as file:
            if not self._done:
                return None
            self._append(file, Edit(UNDO))
            return self._undone[-1]

    def redo(self) -> Edit | None:
        """Do again what was undone last, and give it; None when there is none.

        Raises:
            OutputError: this cannot be written; nothing has changed.
        """
        with self._alone() as file:
            if not self._undone:
                return None
            self._append(file, Edit(REDO))
            return self._done[-1]

    @contextmanager
    def _alone(self) -> Iterator[LockedLines]:
        """Keep other processes from editing, knowing all that they did."""
        try:
            with locked_lines(self.path) as file:
                self._take_all(file.text())
                yield file
        except OSError as error:
            raise OutputError(f"cannot write {self.path}: {error.strerror}") from error

    def _append(self, file: LockedLines, edit: Edit) -> Edit:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        edit = msgspec.structs.replace(edit, at=now)
        file.append(msgspec.json.encode(edit) + b"\n")
        self._apply(edit)
        return edit


def readable_lines(folder: Path) -> tuple[list[bytes], int]:
    """The lines of a tub's marks that can be read, those of later versions too, for a copy.

    Returns:
        The lines without their ends, and how many others there are.

    Raises:
        OutputError: the file is there and cannot be read.
    """
    path = folder / FILE_NAME
    try:
        text = read_ordinary(path) if path.exists() else b""
    except OSError as error:
        raise OutputError(f"cannot read {path}: {error.strerror}") from error
    lines = [line for line in text.splitlines() if line.strip(b"\0 ")]
    readable = [line for line in lines if _decoded(line) is not None]
    return readable, len(lines) - len(readable)


def _decoded(line: bytes) -> Edit | None:
    try:
        return msgspec.json.decode(line, type=Edit)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _inside(times_ns: NDArray[np.int64], ranges: list[tuple[int, int]]) -> NDArray[np.bool_]:
    """Which of some sorted times lie in any of the ranges."""
    bounds = np.array([bounds for bounds in ranges if bounds[0] <= bounds[1]], np.int64)
    bounds = bounds.reshape(-1, 2)
    changes = np.zeros(len(times_ns) + 1, np.int64)
    np.add.at(changes, np.searchsorted(times_ns, bounds[:, 0], "left"), 1)
    np.add.at(changes, np.searchsorted(times_ns, bounds[:, 1], "right"), -1)
    return np.cumsum(changes)[:-1] > 0
