"""The fault table as data: what is known to go wrong, what then happens, and how soon."""

import tomllib
from pathlib import Path
from typing import Literal

import msgspec

import car

TABLE = Path(car.__file__).with_name("faults.toml")


class Measured(msgspec.Struct, frozen=True):
    """From the fault to neutral, over all runs; milliseconds."""

    runs: int
    median_ms: float
    max_ms: float


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the table."""

    id: str
    group: str
    fault: str
    injected: str
    detected: str
    rig: Literal["virtual", "process", "disk", "link"]
    then: Literal["neutral", "refused", "goes on", "goes on or neutral"]
    noticed_ms: float
    neutral_ms: float
    measured: Measured | None = None

    @property
    def promise_ms(self) -> float:
        """From the fault to neutral at most."""
        return self.noticed_ms + self.neutral_ms

    @property
    def injector(self) -> str:
        """The name of the function that injects it."""
        return self.id.replace("-", "_")


def load_faults() -> list[Fault]:
    """Read the table."""
    document = tomllib.loads(TABLE.read_text("utf-8"))
    return msgspec.convert(document["fault"], list[Fault])


class Outcome(msgspec.Struct, frozen=True):
    """What one injection led to.

    Attributes:
        neutral_after_s: from the fault to the neutral pulse; None when the car drove on.
        moved_again: whether the throttle left neutral afterwards without a new choice.
        told: what the driver was told.
    """

    neutral_after_s: float | None
    moved_again: bool = False
    told: str = ""


NEUTRAL_US, TOLERANCE_US = 1500.0, 3.0


def is_neutral(pulse_us: float | None) -> bool:
    """Whether this is the neutral pulse; no pulse is not."""
    return pulse_us is not None and abs(pulse_us - NEUTRAL_US) <= TOLERANCE_US


def is_moving(pulse_us: float | None) -> bool:
    """Whether this pulse asks for throttle; no pulse does not."""
    return pulse_us is not None and not is_neutral(pulse_us)


def outcome_of(trace: list[tuple[float, float | None]], fault_s: float, told: str) -> Outcome:
    """See in the throttle's pulses when neutral came, and whether it stayed.

    Args:
        trace: times in seconds, from the fault on, and pulses in microseconds.
        fault_s: when the fault struck.
        told: what the driver was told.
    """
    neutral_s = next((time_s for time_s, pulse in trace if is_neutral(pulse)), None)
    if neutral_s is None:
        return Outcome(None, told=told)
    again = any(is_moving(pulse) for time_s, pulse in trace if time_s > neutral_s)
    return Outcome(neutral_s - fault_s, again, told)


def verdict(fault: Fault, outcome: Outcome, slack: float = 1.0) -> str | None:
    """Say what promise was broken; None when all were kept.

    Args:
        fault: what was promised.
        outcome: what came of it.
        slack: how many times the promised time may pass, on a machine that is busy.
    """
    if outcome.moved_again:
        return f"{fault.id}: the car moved again by itself"
    after_s = outcome.neutral_after_s
    match fault.then:
        case "goes on" if after_s is not None:
            return f"{fault.id}: the car stopped after {1000 * after_s:.0f} ms, not to go on"
        case "refused" if after_s is None or not outcome.told:
            return f"{fault.id}: it was not refused in words: {outcome.told}"
        case "neutral" if after_s is None:
            return f"{fault.id}: the throttle never came to neutral"
        case "neutral" if 1000 * after_s > slack * fault.promise_ms:
            late_ms = 1000 * after_s
            return f"{fault.id}: neutral after {late_ms:.0f} ms, {fault.promise_ms:g} promised"
    return None
