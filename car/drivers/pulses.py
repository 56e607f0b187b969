"""Pulse arithmetic: from a command in [-1, +1] to microseconds to ticks of the chip, and back."""

import math
from dataclasses import dataclass

from car.errors import ConfigError, DeviceError

TICKS_PER_CYCLE = 4096
PRESCALE_MIN, PRESCALE_MAX = 3, 255


def prescale_for(frequency_hz: float, oscillator_hz: float) -> int:
    """Find the PRE_SCALE register value whose cycle comes nearest to a frequency.

    Raises:
        ConfigError: the chip cannot run that slowly or that fast with this oscillator.
    """
    prescale = int(oscillator_hz / TICKS_PER_CYCLE / frequency_hz + 0.5) - 1
    if not PRESCALE_MIN <= prescale <= PRESCALE_MAX:
        slowest = oscillator_hz / (TICKS_PER_CYCLE * (PRESCALE_MAX + 1))
        fastest = oscillator_hz / (TICKS_PER_CYCLE * (PRESCALE_MIN + 1))
        raise ConfigError(
            f"chip.frequency_hz = {frequency_hz:g} cannot be made from chip.oscillator_hz = "
            f"{oscillator_hz:g}: {math.ceil(slowest)} to {math.floor(fastest)} Hz can"
        )
    return prescale


def tick_us(prescale: int, oscillator_hz: float) -> float:
    """Give the length of one tick, 1/4096 of a cycle, in microseconds: 4.08 at 60 Hz."""
    return (prescale + 1) * 1e6 / oscillator_hz


@dataclass(frozen=True, slots=True)
class PulseRange:
    """The pulses of one channel in microseconds; they may rise or fall from minus to plus.

    Attributes:
        name: of the section of car.toml, for messages.
        minus_us: at -1, full left or full reverse.
        zero_us: at 0, centre or neutral.
        plus_us: at +1, full right or full ahead.
    """

    name: str
    minus_us: float
    zero_us: float
    plus_us: float

    def pulse_us(self, value: float) -> float:
        """Give the pulse for a value in [-1, +1].

        Raises:
            DeviceError: the value is outside, or not a number.
        """
        if not -1.0 <= value <= 1.0:
            raise DeviceError(f"{self.name} = {value} is not within -1 to +1: nothing was sent")
        end_us = self.plus_us if value > 0 else self.minus_us
        return self.zero_us + abs(value) * (end_us - self.zero_us)

    def value(self, pulse_us: float) -> float:
        """Give the value in [-1, +1] that a pulse stands for; beyond the ends, the end."""
        share = (pulse_us - self.zero_us) / (self.plus_us - self.zero_us)
        if share < 0:
            share = (pulse_us - self.zero_us) / (self.zero_us - self.minus_us)
        return min(1.0, max(-1.0, share))


class TickScale:
    """One channel in ticks of the chip.

    A pulse is at most half a tick from the one asked for. Near the ends it is up to one tick short
    instead, since no pulse ever lies outside the range.

    Args:
        pulses: the channel's range.
        tick_us: length of one tick in microseconds.

    Raises:
        ConfigError: the range is narrower than a tick, or longer than the chip's cycle.
    """

    def __init__(self, pulses: PulseRange, tick_us: float) -> None:
        self.pulses, self.tick_us = pulses, tick_us
        low_us, high_us = sorted((pulses.minus_us, pulses.plus_us))
        self._lowest, self._highest = math.ceil(low_us / tick_us), math.floor(high_us / tick_us)
        if self._highest >= TICKS_PER_CYCLE:
            raise ConfigError(
                f"a {pulses.name} pulse of {high_us:g} us does not fit in the chip's cycle of "
                f"{TICKS_PER_CYCLE * tick_us:.0f} us: lower chip.frequency_hz"
            )
        if self._lowest > self._highest:
            raise ConfigError(
                f"the {pulses.name} pulses {low_us:g} to {high_us:g} us lie between two ticks of "
                f"{tick_us:.2f} us: widen them or raise chip.frequency_hz"
            )
        self.zero = self.ticks(0.0)

    def ticks(self, value: float) -> int:
        """Give the ticks for a value in [-1, +1].

        Raises:
            DeviceError: the value is outside, or not a number.
        """
        nearest = int(self.pulses.pulse_us(value) / self.tick_us + 0.5)
        return min(self._highest, max(self._lowest, nearest))

    def value(self, ticks: int) -> float:
        """Give the value that so many ticks stand for; the ticks of 0 are exactly 0."""
        return 0.0 if ticks == self.zero else self.pulses.value(ticks * self.tick_us)
