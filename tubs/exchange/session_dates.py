"""On which date a session began, as well as a tub knows."""

import re
from datetime import UTC, datetime, timedelta

from tubs.reader import Tub

_NAME = re.compile(r"session-(\d{8}T\d{6})(\d{3})Z")
_BETWEEN = timedelta(seconds=1)


def session_dates(tub: Tub) -> list[datetime]:
    """Date and time, UTC, of the first record of each session.

    It is in the session's name. A session without a date follows the one before it; the first
    begins when tub.json was made.
    """
    following = _date_of_tub(tub)
    dates = []
    for session in tub.sessions:
        times_ns = session.times_ns
        date = _date_in(session.name) or following
        dates.append(date)
        length_ns = int(times_ns[-1] - times_ns[0]) if len(times_ns) else 0
        following = date + timedelta(microseconds=length_ns // 1000) + _BETWEEN
    return dates


def _date_in(name: str) -> datetime | None:
    found = _NAME.match(name)
    if found is None:
        return None
    try:
        date = datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return date + timedelta(milliseconds=int(found[2]))


def _date_of_tub(tub: Tub) -> datetime:
    try:
        date = datetime.fromisoformat(tub.about.created)
    except ValueError:
        return datetime(1970, 1, 1, tzinfo=UTC)
    return date if date.tzinfo else date.replace(tzinfo=UTC)
