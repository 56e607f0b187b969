"""A tub as it was when it was opened for the page: records, and names for their pictures."""

from functools import cached_property
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tubs.errors import TubError
from tubs.mcap.session import Session
from tubs.reader import Tub

_STAMP_MASK = 0xFFFFFFFF


class OpenTub:
    """Records that are there to be looked at; what is recorded later is not among them.

    Attributes:
        tub: the records.
        size_bytes: of the session files when they were opened.
        times_ns: per session, int64 (n,), when each record was captured.
    """

    def __init__(self, folder: Path) -> None:
        """Open it.

        Raises:
            TubError: it is missing, something else, or empty.
        """
        self.size_bytes = size_of_sessions(folder)
        self.tub = Tub(folder)
        self.times_ns = [session.times_ns for session in self.tub.sessions]

    @cached_property
    def session_keys(self) -> list[str]:
        """A short name for the content of each session, made of its name and first picture."""
        return [_session_key(session) for session in self.tub.sessions]

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """The first record of each session, and the number of all records, int64 (n + 1,)."""
        return np.cumsum([0, *(len(times_ns) for times_ns in self.times_ns)])

    def stamps(self, session: int) -> NDArray[np.uint32]:
        """What tells the pictures of a session apart, uint32 (n,): their times, shortened."""
        return (self.times_ns[session] & _STAMP_MASK).astype(np.uint32)

    def find_picture(self, key: str, within: int, stamp: int) -> int | None:
        """The record that a picture's address means; None when there is none any more."""
        if key not in self.session_keys:
            return None
        session = self.session_keys.index(key)
        times_ns = self.times_ns[session]
        if not 0 <= within < len(times_ns) or int(times_ns[within]) & _STAMP_MASK != stamp:
            return None
        return int(self.starts[session]) + within


def size_of_sessions(folder: Path) -> int:
    """Bytes of all session files that are in a folder now."""
    return sum(path.stat().st_size for path in folder.glob("*.mcap"))


def _session_key(session: Session) -> str:
    digest = blake2b(session.name.encode(), digest_size=8)
    if len(session):
        try:
            digest.update(session.read(0).jpeg)
        except TubError:
            digest.update(str(int(session.times_ns[0])).encode())
    return digest.hexdigest()
