"""Edits of a tub: which records count as deleted. What was recorded is never changed."""

import fcntl
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tubs.errors import OutputError

FILE_NAME = "marks.jsonl"
DELETE = "delete"
RESTORE = "restore"
UNDO = "undo"
REDO = "redo"


class TimeRange(NamedTuple):
    """Records of a session by the time of capture, both ends included.

    Attributes:
        session: the session file's name without suffix.
        from_ns: nanoseconds on the clock of the drive, as in the file's log_time.
        to_ns: likewise.
    """

    session: str
    from_ns: int
    to_ns: int


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


class Marks:
    """The edits of one tub, oldest first, and what they come to.

    Edits are only ever appended, each as one line and in one write, so that a pulled battery
    costs the last one at most; undo and redo are edits too. Lines that cannot be read are skipped.

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
        self._done, self._undone, self.unreadable = [], [], 0
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise OutputError(f"cannot read {self.path}: {error.strerror}") from error
        for line in text.splitlines():
            if line.strip(b"\0 "):
                self._take(line)

    def _take(self, line: bytes) -> None:
        try:
            self._apply(msgspec.json.decode(line, type=Edit))
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.unreadable += 1

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
            for name, from_ns, to_ns in edit.ranges:
                if name == session:
                    deleted[(times_ns >= from_ns) & (times_ns <= to_ns)] = edit.edit == DELETE
        return deleted

    def delete(self, ranges: Iterable[TimeRange], why: str = "") -> Edit:
        """Mark records as deleted.

        Raises:
            OutputError: the edit cannot be written; nothing has changed.
        """
        return self._append(Edit(DELETE, tuple(ranges), why))

    def restore(self, ranges: Iterable[TimeRange], why: str = "") -> Edit:
        """Take records back.

        Raises:
            OutputError: the edit cannot be written; nothing has changed.
        """
        return self._append(Edit(RESTORE, tuple(ranges), why))

    def undo(self) -> Edit | None:
        """Take the last edit back, and give it; None when there is none.

        Raises:
            OutputError: this cannot be written; nothing has changed.
        """
        if not self._done:
            return None
        self._append(Edit(UNDO))
        return self._undone[-1]

    def redo(self) -> Edit | None:
        """Do again what was undone last, and give it; None when there is none.

        Raises:
            OutputError: this cannot be written; nothing has changed.
        """
        if not self._undone:
            return None
        self._append(Edit(REDO))
        return self._done[-1]

    def _append(self, edit: Edit) -> Edit:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        edit = msgspec.structs.replace(edit, at=now)
        line = msgspec.json.encode(edit) + b"\n"
        try:
            _append_line(self.path, line)
        except OSError as error:
            raise OutputError(f"cannot write {self.path}: {error.strerror}") from error
        self._apply(edit)
        return edit


def _append_line(path: Path, line: bytes) -> None:
    """Append a line and see it onto the disk; what a cut has torn is ended first."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = b"\n" + line
        if os.write(descriptor, line) < len(line):
            os.ftruncate(descriptor, size)
            raise OSError(28, "No space left on device")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
