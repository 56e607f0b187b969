"""What the guard must know of the car, as plain JSON that is checked again when it is read."""

import binascii
import json
from dataclasses import asdict, dataclass, fields, is_dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from car.errors import ConfigError

Rest = tuple[tuple[int, float], ...]
"""Channels and the pulses in microseconds that mean standing still; 0 is no pulse."""


@dataclass(frozen=True, slots=True)
class PulseOutput:
    """An output that carries pulses: its channel and the microseconds at -1, 0 and +1."""

    channel: int
    minus_us: float
    zero_us: float
    plus_us: float

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            ConfigError: a value is out of range, or the pulses are out of order.
        """
        _whole("channel", self.channel, 0, 15)
        for name in ("minus_us", "zero_us", "plus_us"):
            _number(name, getattr(self, name), 500, 2500)
        low, middle, high = self.minus_us, self.zero_us, self.plus_us
        if not (low < middle < high or low > middle > high):
            raise ConfigError(f"zero_us = {middle} must lie between {low} and {high}")


@dataclass(frozen=True, slots=True)
class BridgeOutputs:
    """The two outputs of one side of an H-bridge, by channel: one drives ahead, one in reverse."""

    ahead: int
    reverse: int

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            ConfigError: a channel is out of range.
        """
        _whole("ahead", self.ahead, 0, 15)
        _whole("reverse", self.reverse, 0, 15)


@dataclass(frozen=True, slots=True)
class ServoAndEscSettings:
    """A steering servo and a speed controller."""

    steering: PulseOutput
    throttle: PulseOutput

    @property
    def rest(self) -> Rest:
        """What stands still is the speed controller alone."""
        return ((self.throttle.channel, self.throttle.zero_us),)

    @property
    def channels(self) -> dict[str, int]:
        """Every channel by its name."""
        return {"steering": self.steering.channel, "throttle": self.throttle.channel}


@dataclass(frozen=True, slots=True)
class TwoEscsSettings:
    """A speed controller for each side; turn is the share that full steering moves between them."""

    left: PulseOutput
    right: PulseOutput
    turn: float

    def __post_init__(self) -> None:
        """Check the range; raises ConfigError."""
        _number("turn", self.turn, 0.0, 1.0)

    @property
    def rest(self) -> Rest:
        """Both sides stand still."""
        return tuple((side.channel, side.zero_us) for side in (self.left, self.right))

    @property
    def channels(self) -> dict[str, int]:
        """Every channel by its name."""
        return {"left": self.left.channel, "right": self.right.channel}


@dataclass(frozen=True, slots=True)
class HBridgeSettings:
    """An H-bridge with two inputs a side; turn is the share that full steering moves."""

    left: BridgeOutputs
    right: BridgeOutputs
    turn: float

    def __post_init__(self) -> None:
        """Check the range; raises ConfigError."""
        _number("turn", self.turn, 0.0, 1.0)

    @property
    def rest(self) -> Rest:
        """No input gets anything."""
        return tuple((channel, 0.0) for channel in self.channels.values())

    @property
    def channels(self) -> dict[str, int]:
        """Every channel by its name."""
        left, right = self.left, self.right
        return {
            "left.ahead": left.ahead,
            "left.reverse": left.reverse,
            "right.ahead": right.ahead,
            "right.reverse": right.reverse,
        }


Wheels = ServoAndEscSettings | TwoEscsSettings | HBridgeSettings

KINDS: dict[str, type[Wheels]] = {
    "servo-and-esc": ServoAndEscSettings,
    "two-escs": TwoEscsSettings,
    "h-bridge": HBridgeSettings,
}


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """All that the guard and the emergency writer need, and nothing of the rest of the car.

    Attributes:
        bus: `i2c-NUMBER`, or `simulated:FILE` for a chip that lives in a file.
        address: of the PCA9685, 0x40 to 0x7F.
        frequency_hz: of the pulses, 24 to 400.
        oscillator_hz: of the chip, 23 to 27 MHz.
        wheels: the drive train, its channels and pulses.
        deadline_s: how long a command counts, 0.02 to 1.
        arming_s: how long neutral stands after the chip was set up, 0 to 10.
    """

    bus: str
    address: int
    frequency_hz: float
    oscillator_hz: int
    wheels: Wheels
    deadline_s: float
    arming_s: float

    def __post_init__(self) -> None:
        """Check every value.

        Raises:
            ConfigError: one is out of range, or two channels are the same.
        """
        _whole("address", self.address, 0x40, 0x7F)
        _number("frequency_hz", self.frequency_hz, 24.0, 400.0)
        _whole("oscillator_hz", self.oscillator_hz, 23_000_000, 27_000_000)
        _number("deadline_s", self.deadline_s, 0.02, 1.0)
        _number("arming_s", self.arming_s, 0.0, 10.0)
        for (one, channel), (other, same) in combinations(self.wheels.channels.items(), 2):
            if channel == same:
                raise ConfigError(f"{one} and {other} are both on channel {channel}")

    def to_json(self) -> str:
        """Write all down, and what standing still means, for readers that know no drive trains."""
        document = asdict(self)
        kind = next(name for name, kind in KINDS.items() if isinstance(self.wheels, kind))
        document["wheels"]["kind"] = kind
        document["rest"] = [list(pair) for pair in self.wheels.rest]
        return json.dumps(document, sort_keys=True)

    @property
    def digest(self) -> str:
        """Eight characters that differ when any setting differs."""
        return f"{binascii.crc32(self.to_json().encode()):08x}"


def settings_from_json(text: str) -> GuardSettings:
    """Read what to_json wrote.

    Raises:
        ConfigError: it is damaged: no JSON, a key too many or too few, or a value of the wrong
            type or out of its range.
    """
    try:
        document = json.loads(text)
        if not isinstance(document, dict):
            raise ConfigError("it is not a JSON object")
        rest = document.pop("rest", None)
        settings: GuardSettings = _read(GuardSettings, document, "")
        if rest != [list(pair) for pair in settings.wheels.rest]:
            raise ConfigError(f"rest = {rest} does not fit the wheels")
    except (ConfigError, ValueError, RecursionError) as error:
        raise ConfigError(f"the guard's settings are damaged: {error}") from error
    return settings


def read_settings(path: Path) -> GuardSettings:
    """Read a settings file.

    Raises:
        ConfigError: it cannot be read or is damaged.
    """
    try:
        return settings_from_json(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: the guard's settings are damaged: {error}") from error
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def _read(kind: type[Any], document: Any, where: str) -> Any:
    """Make a dataclass of a JSON object that has exactly its keys.

    Raises:
        ConfigError: something does not fit.
    """
    if not isinstance(document, dict):
        raise ConfigError(f"{where} = {document!r} is not an object")
    types = {field.name: field.type for field in fields(kind)}
    if odd := sorted(types.keys() ^ document.keys()):
        raise ConfigError(f"{where or 'the settings'}: {', '.join(odd)} is missing or unknown")
    try:
        return kind(**{name: _value(types[name], document[name], name) for name in types})
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}" if where else str(error)) from error


def _value(kind: Any, value: Any, name: str) -> Any:
    if kind == Wheels:
        chosen = value.pop("kind", None) if isinstance(value, dict) else None
        if not isinstance(chosen, str) or chosen not in KINDS:
            raise ConfigError(f"{name}.kind = {chosen!r} is not one of {', '.join(KINDS)}")
        return _read(KINDS[chosen], value, name)
    if is_dataclass(kind):
        return _read(kind, value, name)  # type: ignore[arg-type]
    if kind is str and not isinstance(value, str):
        raise ConfigError(f"{name} = {value!r} is not a text")
    return value


def _number(name: str, value: object, low: float, high: float) -> None:
    """Refuse what is not a finite number within the range; raises ConfigError."""
    if (
        not isinstance(value, int | float)
        or isinstance(value, bool)
        or not low <= value <= high  # not a number is not within either
    ):
        raise ConfigError(f"{name} = {value!r} is not a number within {low:g} to {high:g}")


def _whole(name: str, value: object, low: int, high: int) -> None:
    """Refuse what is not a whole number within the range; raises ConfigError."""
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ConfigError(f"{name} = {value!r} is not a whole number within {low} to {high}")
