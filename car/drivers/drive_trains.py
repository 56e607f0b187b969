"""Drive trains as pure arithmetic: from a command to ticks on channels of the chip, and back."""

from typing import Protocol

from car.command import Command
from car.drivers.pulses import TICKS_PER_CYCLE, PulseRange, TickScale
from car.errors import DeviceError
from car.guard.settings import (
    HBridgeSettings,
    PulseOutput,
    ServoAndEscSettings,
    TwoEscsSettings,
    Wheels,
)

Ticks = tuple[int, ...]
"""High time of each channel in 1/4096 of a cycle: 0 is always off, 4096 always on."""


class DriveTrain(Protocol):
    """What turns commands into high times, and knows what standing still is."""

    @property
    def channels(self) -> tuple[int, ...]:
        """The channels that it uses, those of the throttle first."""
        ...

    def ticks(self, command: Command) -> Ticks:
        """Give the high times for a command; raises DeviceError when it is not within -1 to +1."""
        ...

    def command(self, ticks: Ticks) -> Command:
        """Give the command that these high times stand for."""
        ...

    def at_rest(self, ticks: Ticks) -> Ticks:
        """Give the high times that stop the car, steering as it is now."""
        ...

    def between(self, old: Ticks, new: Ticks) -> Ticks | None:
        """Give what must stand for a moment when new follows old; None where nothing must."""
        ...


def drive_train(wheels: Wheels, tick_us: float) -> DriveTrain:
    """Choose the arithmetic.

    Args:
        wheels: its settings.
        tick_us: length of the chip's tick in microseconds.

    Raises:
        ConfigError: its pulses cannot be made of such ticks.
    """
    if isinstance(wheels, ServoAndEscSettings):
        return ServoAndEsc(wheels, tick_us)
    if isinstance(wheels, TwoEscsSettings):
        return TwoEscs(wheels, tick_us)
    return HBridge(wheels)


class ServoAndEsc:
    """A servo that steers and a speed controller that drives."""

    def __init__(self, wheels: ServoAndEscSettings, tick_us: float) -> None:
        self.channels = (wheels.throttle.channel, wheels.steering.channel)
        self._throttle = _scale("throttle", wheels.throttle, tick_us)
        self._steering = _scale("steering", wheels.steering, tick_us)

    def ticks(self, command: Command) -> Ticks:
        """Give throttle and steering."""
        return self._throttle.ticks(command.throttle), self._steering.ticks(command.steering)

    def command(self, ticks: Ticks) -> Command:
        """Give what they stand for."""
        return Command(self._steering.value(ticks[1]), self._throttle.value(ticks[0]))

    def at_rest(self, ticks: Ticks) -> Ticks:
        """Put the throttle at neutral and hold the steering."""
        return self._throttle.zero, ticks[1]

    def between(self, old: Ticks, new: Ticks) -> Ticks | None:
        """Need nothing."""
        return None


class TwoEscs:
    """A speed controller for each side; both at neutral whenever the throttle is."""

    def __init__(self, wheels: TwoEscsSettings, tick_us: float) -> None:
        self.channels = (wheels.left.channel, wheels.right.channel)
        self._turn = wheels.turn
        self._left = _scale("differential.left", wheels.left, tick_us)
        self._right = _scale("differential.right", wheels.right, tick_us)

    def ticks(self, command: Command) -> Ticks:
        """Give left and right."""
        left, right = sides(command, self._turn)
        return self._left.ticks(left), self._right.ticks(right)

    def command(self, ticks: Ticks) -> Command:
        """Give what they stand for."""
        return from_sides(self._left.value(ticks[0]), self._right.value(ticks[1]), self._turn)

    def at_rest(self, ticks: Ticks) -> Ticks:
        """Put both at neutral."""
        return self._left.zero, self._right.zero

    def between(self, old: Ticks, new: Ticks) -> Ticks | None:
        """Need nothing."""
        return None


class HBridge:
    """Two inputs a side, one for each way, of which never more than one is on."""

    def __init__(self, wheels: HBridgeSettings) -> None:
        self.channels = tuple(wheels.channels.values())
        self._turn = wheels.turn

    def ticks(self, command: Command) -> Ticks:
        """Give left ahead, left reverse, right ahead, right reverse."""
        left, right = sides(command, self._turn)
        return (*_both_ways(left), *_both_ways(right))

    def command(self, ticks: Ticks) -> Command:
        """Give what they stand for."""
        left, right = ticks[0] - ticks[1], ticks[2] - ticks[3]
        return from_sides(left / TICKS_PER_CYCLE, right / TICKS_PER_CYCLE, self._turn)

    def at_rest(self, ticks: Ticks) -> Ticks:
        """Switch every input off."""
        return 0, 0, 0, 0

    def between(self, old: Ticks, new: Ticks) -> Ticks | None:
        """Switch all off before a side turns round: no torn write may leave both its inputs on."""
        turns_round = any(old[number] and new[number ^ 1] for number in range(4))
        return (0, 0, 0, 0) if turns_round else None


def sides(command: Command, turn: float) -> tuple[float, float]:
    """Share the throttle between left and right, each in [-1, +1].

    Steering bends the path as that of a car with a servo, whichever way it drives, and never moves
    a car whose throttle is 0. Where a side would exceed 1 both become slower, not straighter.

    Raises:
        DeviceError: a value is not within -1 to +1.
    """
    steering, throttle = command
    if not command.makes_sense:
        raise DeviceError(
            f"steering = {steering}, throttle = {throttle} are not both within -1 to +1: "
            "nothing was sent"
        )
    outer = max(1.0, abs(throttle) * (1.0 + turn * abs(steering)))
    scaled, bend = throttle / outer, turn * steering
    return _within_one(scaled * (1.0 + bend)), _within_one(scaled * (1.0 - bend))


def from_sides(left: float, right: float, turn: float) -> Command:
    """Give the command that two sides stand for; a car that stands does not steer."""
    throttle = (left + right) / 2
    most = turn * throttle
    if not most:
        return Command(0.0, throttle)
    return Command(_within_one((left - right) / 2 / most), throttle)


def _within_one(value: float) -> float:
    return max(-1.0, min(1.0, value))


def _both_ways(side: float) -> tuple[int, int]:
    ticks = int(abs(side) * TICKS_PER_CYCLE + 0.5)
    return (ticks, 0) if side > 0 else (0, ticks)


def _scale(name: str, output: PulseOutput, tick_us: float) -> TickScale:
    return TickScale(PulseRange(name, output.minus_us, output.zero_us, output.plus_us), tick_us)
