"""The /control message: what was wished and what was done at one tick, as JSON."""

import math

import msgspec

from tubs.errors import TubError
from tubs.record import Record

MODES = ("stopped", "human", "assisted", "pilot")


class Control(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything in a record but its pictures; the fields are those of tubs.record.Record.

    Attributes:
        frame_age_s: applied_s - captured_s, there for plots; a reader need not look at it.
    """

    captured_s: float
    applied_s: float
    steering: float
    throttle: float
    mode: str
    human_steering: float | None = None
    human_throttle: float | None = None
    pilot_steering: float | None = None
    pilot_throttle: float | None = None
    speed_m_s: float | None = None
    frame_age_s: float | None = None


DESCRIPTIONS = {
    "captured_s": "when the light fell in, seconds on the monotonic clock of the drive",
    "applied_s": "when the command reached the chip, seconds on the same clock",
    "steering": "applied, -1 full left to +1 full right",
    "throttle": "applied, -1 full reverse to +1 full ahead",
    "mode": "stopped, human, assisted or pilot",
    "human_steering": "what the human wished; absent when unknown",
    "human_throttle": "what the human wished; absent when unknown",
    "pilot_steering": "what the pilot wished; absent when unknown",
    "pilot_throttle": "what the pilot wished; absent when unknown",
    "speed_m_s": "measured speed along the car; absent when unknown",
    "frame_age_s": "applied_s - captured_s",
}
WISHES = ("human_steering", "human_throttle", "pilot_steering", "pilot_throttle")


def control_schema() -> bytes:
    """The JSON schema of the message."""
    properties = {
        name: {"type": "string" if name == "mode" else "number", "description": text}
        for name, text in DESCRIPTIONS.items()
    }
    required = ["captured_s", "applied_s", "steering", "throttle", "mode"]
    return msgspec.json.encode(
        {"type": "object", "title": "everlap.Control", "properties": properties}
        | {"required": required}
    )


def control_of(record: Record) -> Control:
    """Take the numbers out of a record.

    Raises:
        TubError: a value is not finite, a command is outside [-1, +1], or the mode is unknown.
    """
    human_steering, human_throttle = record.human_steering, record.human_throttle
    pilot_steering, pilot_throttle = record.pilot_steering, record.pilot_throttle
    speed_m_s = record.speed_m_s
    control = Control(
        _time("captured_s", record.captured_s),
        _time("applied_s", record.applied_s),
        _unit("steering", record.steering),
        _unit("throttle", record.throttle),
        record.mode,
        None if human_steering is None else _finite("human_steering", human_steering),
        None if human_throttle is None else _finite("human_throttle", human_throttle),
        None if pilot_steering is None else _finite("pilot_steering", pilot_steering),
        None if pilot_throttle is None else _finite("pilot_throttle", pilot_throttle),
        None if speed_m_s is None else _finite("speed_m_s", speed_m_s),
        round(float(record.applied_s - record.captured_s), 6),
    )
    if control.mode not in MODES:
        raise TubError(
            f"mode = {record.mode!r} cannot be recorded: it is one of {', '.join(MODES)}"
        )
    return control


def _time(name: str, value: float) -> float:
    if not 0.0 <= value < 1e9:
        raise TubError(f"{name} = {value} cannot be recorded: it lies in [0, 1e9) seconds")
    return float(value)


def _unit(name: str, value: float) -> float:
    if not -1.0 <= value <= 1.0:
        raise TubError(f"{name} = {value} cannot be recorded: it lies in [-1, +1]")
    return float(value)


def _finite(name: str, value: float) -> float:
    if not math.isfinite(value):
        raise TubError(f"{name} = {value} cannot be recorded: it is finite, or None when unknown")
    return float(value)
