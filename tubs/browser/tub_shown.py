"""What the page must know of a tub before it shows the first record."""

import msgspec

from tubs.browser.marks_shown import MarksShown
from tubs.browser.open_tub import OpenTub
from tubs.control import MODES
from tubs.errors import TubError


class SessionShown(msgspec.Struct):
    """A session.

    Attributes:
        name: its file without suffix.
        key: goes into the addresses of its pictures.
        first: its first record, counted through the tub.
        records: how many it has.
        finished: whether it was closed.
    """

    name: str
    key: str
    first: int
    records: int
    finished: bool


class EventShown(msgspec.Struct):
    """An event, and the record at which it is shown."""

    record: int
    kind: str
    text: str


class TubShown(msgspec.Struct):
    """A tub.

    Attributes:
        name: what it is called.
        car: the car's name.
        source: where it was imported from.
        created: date and time, ISO 8601.
        records: how many there are.
        size_bytes: of the session files.
        modes: what the numbers of the column `mode` mean.
        class_maps: whether the first readable record has one.
        sessions: in order of time.
        events: in order of time.
        marks: what is deleted.
        warnings: what is damaged beside single records.
    """

    name: str
    car: str
    source: str | None
    created: str
    records: int
    size_bytes: int
    modes: tuple[str, ...]
    class_maps: bool
    sessions: list[SessionShown]
    events: list[EventShown]
    marks: MarksShown
    warnings: list[str]


def show_tub(opened: OpenTub, name: str, marks: MarksShown) -> TubShown:
    """Gather it; one picture is read."""
    about = opened.tub.about
    return TubShown(
        name=name,
        car=about.car,
        source=about.source,
        created=about.created,
        records=len(opened.tub),
        size_bytes=opened.size_bytes,
        modes=MODES,
        class_maps=_has_class_maps(opened),
        sessions=_sessions(opened),
        events=_events(opened),
        marks=marks,
        warnings=opened.tub.warnings,
    )


def _sessions(opened: OpenTub) -> list[SessionShown]:
    return [
        SessionShown(session.name, key, int(first), len(session), session.finished)
        for session, key, first in zip(
            opened.tub.sessions, opened.session_keys, opened.starts, strict=False
        )
    ]


def _events(opened: OpenTub) -> list[EventShown]:
    """In the order of records; a session without records has nowhere to show its events."""
    return [
        EventShown(found.record, found.event.kind, found.event.text)
        for found in opened.tub.events()
        if len(opened.tub.sessions[found.session])
    ]


def _has_class_maps(opened: OpenTub) -> bool:
    for session in opened.tub.sessions:
        if len(session):
            try:
                return session.read(0).class_map_png is not None
            except TubError:
                continue
    return False
