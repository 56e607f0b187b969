"""What the instruments of a tub's film show at one record, drawn onto its picture."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from car.frame import Frame, Image
from car.pictures.lettering import Colour
from car.pictures.overlay import REFERENCE, Hud, Pointer, draw_overlay
from car.pictures.tub_selection import session_title
from car.pictures.tub_shots import Shot
from car.pilots.pilot import Decision, Pilot
from tubs import event as events
from tubs.event import Event
from tubs.reader import Tub
from tubs.record import Record

NOTICE_S = 1.0
"""How long an event stays on the screen."""
_RECORDED_PILOT: Colour = (84, 214, 154)
_ASKED_PILOT: Colour = (226, 150, 255)
_ALARM: Colour = (240, 90, 60)
_QUIET: Colour = (186, 196, 208)
_COLOURS: dict[str, Colour] = {
    events.MODE: _QUIET,
    events.LAP: (92, 190, 255),
    events.INTERVENTION: REFERENCE,
    events.DROPPED: _ALARM,
    events.FAULT: _ALARM,
    events.EMERGENCY: _ALARM,
}
_SEVERITY = list(_COLOURS)
_LONGEST_NOTICE = 52
_DIMMED = 0.4


class Asked(NamedTuple):
    """A pilot that is asked at every picture what it would do.

    Attributes:
        name: shown beside its pointer.
        pilot: decides.
    """

    name: str
    pilot: Pilot


class PlainPicture:
    """Nothing but the picture, enlarged.

    Args:
        scale: how many times larger the result is.
    """

    def __init__(self, scale: int) -> None:
        self._scale = scale

    def draw(self, shot: Shot) -> Image:
        """Give the picture of a film, uint8 (height * scale, width * scale, 3) RGB."""
        image = shot.record.image
        size_px = image.shape[1] * self._scale, image.shape[0] * self._scale
        return np.asarray(cv2.resize(image, size_px, interpolation=cv2.INTER_CUBIC), np.uint8)


class InstrumentedPicture:
    """The picture with what was done, what was wished, and what happened just then.

    Attributes:
        steering_errors: how far the asked pilot was from what was done, summed up.
        throttle_errors: likewise.
        asked_times: how often it was asked.
    """

    def __init__(self, tub: Tub, scale: int, speed: float, asked: Asked | None) -> None:
        """Store what to draw with.

        Args:
            tub: the recording.
            scale: how many times larger the result is.
            speed: how many times as fast as recorded the film runs.
            asked: a pilot whose decisions are shown; None for none.
        """
        self._tub, self._scale, self._asked = tub, scale, asked
        self._notice_s = NOTICE_S * speed
        self._events = _by_session(tub)
        self._speeds_m_s = tub.telemetry_at_records("speed_m_s")
        self.steering_errors = self.throttle_errors = 0.0
        self.asked_times = 0

    def draw(self, shot: Shot) -> Image:
        """Give the picture of a film, uint8 (height * scale, width * scale, 3) RGB.

        Raises:
            PilotError: the pilot gave nonsense.
        """
        record = shot.record
        decision = self._ask(shot)
        seen = record.class_map if decision is None else decision.class_map
        image = record.image
        if shot.deleted:
            image = np.asarray(cv2.convertScaleAbs(image, alpha=_DIMMED), np.uint8)
        return draw_overlay(image, seen, self._hud(shot, decision), scale=self._scale)

    def _ask(self, shot: Shot) -> Decision | None:
        if self._asked is None:
            return None
        record = shot.record
        decision = self._asked.pilot.decide(Frame(record.image, record.captured_s, shot.number))
        self.steering_errors += abs(decision.command.steering - record.steering)
        self.throttle_errors += abs(decision.command.throttle - record.throttle)
        self.asked_times += 1
        return decision

    def _hud(self, shot: Shot, decision: Decision | None) -> Hud:
        record, session = shot.record, self._tub.sessions[shot.session]
        event = self._event(shot)
        deleted = " · deleted" if shot.deleted else ""
        return Hud(
            steering=record.steering,
            throttle=record.throttle,
            speed_m_s=self._speed_m_s(shot),
            time_s=record.captured_s - int(session.times_ns[0]) * 1e-9,
            mode=record.mode,
            caption=f"record {shot.number}{deleted} · {session_title(session.name)}",
            pointers=(*_wishes(record), *self._would_do(decision)),
            notice=_notice(event) if event is not None else "",
            notice_colour=_COLOURS.get(event.kind, _QUIET) if event is not None else _QUIET,
        )

    def _speed_m_s(self, shot: Shot) -> float | None:
        """The speed in the record, or the newest one that the telemetry has."""
        if shot.record.speed_m_s is not None:
            return shot.record.speed_m_s
        measured = float(self._speeds_m_s[shot.number])
        return measured if np.isfinite(measured) else None

    def _would_do(self, decision: Decision | None) -> list[Pointer]:
        if self._asked is None or decision is None:
            return []
        command = decision.command
        return [Pointer(self._asked.name, command.steering, command.throttle, _ASKED_PILOT)]

    def _event(self, shot: Shot) -> Event | None:
        """The gravest of the events that have just happened, of several such the last."""
        times_s, found = self._events.get(shot.session, (np.empty(0), []))
        now_s = shot.record.captured_s
        first, after = np.searchsorted(times_s, [now_s - self._notice_s, now_s], side="right")
        recent = found[int(first) : int(after)]
        return max(reversed(recent), key=_severity, default=None)


def _by_session(tub: Tub) -> dict[int, tuple[NDArray[np.float64], list[Event]]]:
    found: dict[int, list[Event]] = {}
    for each in tub.events():
        found.setdefault(each.session, []).append(each.event)
    return {
        session: (np.array([event.at_s for event in happened]), happened)
        for session, happened in found.items()
    }


def _wishes(record: Record) -> list[Pointer]:
    wished = (
        ("human", record.human_steering, record.human_throttle, REFERENCE),
        ("pilot", record.pilot_steering, record.pilot_throttle, _RECORDED_PILOT),
    )
    return [
        Pointer(name, steering, throttle, colour)
        for name, steering, throttle, colour in wished
        if steering is not None
    ]


def _severity(event: Event) -> int:
    return _SEVERITY.index(event.kind) if event.kind in _SEVERITY else -1


def _notice(event: Event) -> str:
    kind, text = event.kind.capitalize(), event.text
    if not text.lower().startswith(event.kind):
        text = f"{kind}: {text}" if text else kind
    text = text[:1].upper() + text[1:]
    return text if len(text) <= _LONGEST_NOTICE else f"{text[: _LONGEST_NOTICE - 1]}…"
