"""What is damaged in a tub and what can be kept, before a repair writes anything."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tubs.about import FILE_NAME, NewerFormatError, TubAbout, read_about
from tubs.cleaning.marks import readable_lines
from tubs.errors import TubError
from tubs.health.examination import examine, session_files
from tubs.health.examined import Examined


@dataclass(frozen=True, slots=True)
class Findings:
    """All that is known.

    Attributes:
        sessions: every session file that can be opened.
        left_out: those that will not be in the new tub, by name, with the reason.
        closed: why others cannot be opened.
        about: what the new tub.json will say.
        about_from: where that comes from.
        marks: lines of marks.jsonl that make sense.
        unreadable_marks: how many others there are.
    """

    sessions: Sequence[Examined]
    left_out: dict[str, str]
    closed: Sequence[str]
    about: TubAbout
    about_from: str
    marks: Sequence[bytes]
    unreadable_marks: int

    @property
    def kept(self) -> list[Examined]:
        """The sessions of the new tub."""
        return [each for each in self.sessions if each.name not in self.left_out]

    @property
    def whole(self) -> bool:
        """Whether there is nothing to repair."""
        fine = all(
            each.index_whole
            and not each.reasons
            and not each.lost
            and not each.other_faults()
            and not each.session.rewritten
            for each in self.sessions
        )
        faults = self.closed or self.left_out or self.unreadable_marks
        return fine and not faults and self.about_from == FILE_NAME


def find_damage(source: Path, progress: Callable[[int, int], None]) -> Findings:
    """Examine everything.

    Raises:
        TubError: the one file that was named is no session, or tub.json is of a later version.
        OutputError: the marks cannot be read.
    """
    sessions, closed = examine(session_files(source), lambda done, total: progress(done, 2 * total))
    if source.is_file() and closed:
        raise TubError(closed[0])
    folder = source.parent if source.is_file() else source
    about, about_from = _about(folder, sessions)
    marks, unreadable = readable_lines(folder)
    left_out = _without_records(sessions) | duplicates(sessions)
    return Findings(sessions, left_out, closed, about, about_from, marks, unreadable)


def _about(folder: Path, sessions: Iterable[Examined]) -> tuple[TubAbout, str]:
    """The text of tub.json, from a session's copy when it is missing or damaged."""
    try:
        return read_about(folder), FILE_NAME
    except NewerFormatError:
        raise
    except TubError:
        for session in sessions:
            if about := session.session.about():
                return about, f"the copy in {session.name}"
    return TubAbout().completed(), "nowhere: what it said is lost"


def _without_records(sessions: Iterable[Examined]) -> dict[str, str]:
    return {each.name: "no good record is in it" for each in sessions if not each.good_records}


def duplicates(sessions: Sequence[Examined]) -> dict[str, str]:
    """Sessions of which another one has every good record, with that other's name."""
    found: dict[str, str] = {}
    longest_first = sorted(sessions, key=lambda each: (-each.good_records, len(each.name)))
    kept: list[Examined] = []
    for session in longest_first:
        prints = session.prints[session.good]
        twin = next((each for each in kept if _has_all(each, prints)), None)
        if twin is not None and len(prints):
            found[session.name] = f"all of its records are in {twin.name}"
        else:
            kept.append(session)
    return found


def _has_all(session: Examined, prints: NDArray[np.int64]) -> bool:
    theirs = session.prints[session.good]
    return bool(len(prints) and np.isin(prints[:1], theirs)[0] and np.isin(prints, theirs).all())
