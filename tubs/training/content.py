"""Names session files by what is in them, and reads each only once to find out."""

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tubs.atomic import written_whole
from tubs.errors import OutputError, TubError

_SURE_AFTER_NS = 2_000_000_000
"""A file that changed this long before its note was written cannot have changed unseen since:
clocks of file systems tick every 10 ms, or every 2 s."""


class Stamp(msgspec.Struct, frozen=True):
    """How a file looks from outside; whoever writes to it changes one of these."""

    size: int
    modified_ns: int
    changed_ns: int
    inode: int


class Note(msgspec.Struct, frozen=True):
    """What was found in a file when it looked like this."""

    stamp: Stamp
    sha256: str


@dataclass(frozen=True, slots=True)
class Content:
    """What is in a session file.

    Attributes:
        path: the file.
        sha256: hexadecimal, of all its bytes.
        stamp: how it looked when it was read.
    """

    path: Path
    sha256: str
    stamp: Stamp

    def check_unchanged(self) -> None:
        """Make sure that the file is still the one that was read.

        Raises:
            TubError: it is not.
        """
        if _stamp(self.path) != self.stamp:
            raise TubError(
                f"{self.path} has changed while it was read: try again when nothing writes to it"
            )


def content_of(path: Path, notes: Path) -> Content:
    """Read a file to the end, or trust the note that was taken of it when it looked the same.

    Args:
        path: the file.
        notes: folder to keep notes in; does without when it cannot be written.

    Raises:
        TubError: the file cannot be read.
    """
    stamp = _stamp(path)
    note = notes / f"{hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:24]}.json"
    sha256 = _noted(note, stamp)
    if sha256 is None:
        sha256 = _hash(path)
        with suppress(OutputError), written_whole(note) as draft:
            draft.write_bytes(msgspec.json.encode(Note(stamp, sha256)))
    content = Content(path, sha256, stamp)
    content.check_unchanged()
    return content


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError as error:
        raise TubError(f"cannot read {path}: {error.strerror}") from error
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def _noted(path: Path, stamp: Stamp) -> str | None:
    try:
        note = msgspec.json.decode(path.read_bytes(), type=Note)
        taken_ns = path.stat().st_mtime_ns
    except (OSError, msgspec.DecodeError):
        return None
    sure = taken_ns >= max(stamp.modified_ns, stamp.changed_ns) + _SURE_AFTER_NS
    return note.sha256 if sure and note.stamp == stamp else None


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise TubError(f"cannot read {path}: {error.strerror}") from error
