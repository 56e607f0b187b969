"""Which records of a tub a picture or a film is about: all, a range of numbers, or one session."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from tubs.errors import TubError
from tubs.reader import Tub

_RANGE = re.compile(r"(\d+)?(-)?(\d+)?")
_STAMP = re.compile(r"session-(\d{8}T\d{6})\d*Z")


def selection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --records and --session to a command."""
    records = click.option(
        "--records", metavar="A-B", help="Only these records, both ends included; A- to the end."
    )
    session = click.option(
        "--session", metavar="NAME", help="Only this session: its name, or a part of it alone."
    )
    return records(session(command))


def selected_records(tub: Tub, records: str | None, session: str | None) -> range:
    """Find the numbers of the records asked for.

    Args:
        tub: the recording.
        records: "A-B" with both ends included, "A-", "-B" or "A"; None for all.
        session: name of a session file without suffix, or a part of it; None for all.

    Raises:
        TubError: both were given, it cannot be understood, or there is no such record or session.
    """
    if records is not None and session is not None:
        raise TubError("--records and --session are two ways to choose: give one of them")
    if records is not None:
        return _numbered(tub, records)
    if session is not None:
        return _of_session(tub, session)
    return range(len(tub))


def _numbered(tub: Tub, records: str) -> range:
    found = _RANGE.fullmatch(records.strip())
    if found is None or not any(found.groups()[::2]):
        raise TubError(f"--records {records} is no range: write it as 100-250, 100- or 100")
    first, dash, last = found.groups()
    start = int(first) if first is not None else 0
    end = int(last) if last is not None else len(tub) - 1 if dash else start
    if not start <= end < len(tub):
        raise TubError(
            f"--records {records} is outside of {tub.folder}: its records are 0 to {len(tub) - 1}, "
            "the lower number first"
        )
    return range(start, end + 1)


def _of_session(tub: Tub, session: str) -> range:
    names = [each.name for each in tub.sessions]
    wanted = session.removesuffix(".mcap")
    matches = [wanted] if wanted in names else [name for name in names if wanted in name]
    if len(matches) != 1:
        known = ", ".join((matches or names)[:5])
        more = ", ..." if len(matches or names) > 5 else ""
        which = "several sessions" if matches else "no session"
        raise TubError(
            f"--session {session} names {which} of {tub.folder}: choose from {known}{more}"
        )
    position = names.index(matches[0])
    start = sum(len(each) for each in tub.sessions[:position])
    end = start + len(tub.sessions[position])
    if start == end:
        raise TubError(f"{matches[0]} of {tub.folder} is empty: no record is in it")
    return range(start, end)


def session_title(name: str) -> str:
    """A session's name for people: date and time (UTC) when they are in it.

    >>> session_title("session-20261122T145532123Z-a1b2")
    '22 Nov 2026, 14:55:32 UTC'
    """
    found = _STAMP.match(name)
    if found is None:
        return name
    try:
        began = datetime.strptime(found[1], "%Y%m%dT%H%M%S")
    except ValueError:
        return name
    return f"{began.day} {began:%b %Y, %H:%M:%S} UTC"
