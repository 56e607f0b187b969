"""What no command may exceed: ranges and rates."""

import math

from car.command import STOP, Command
from car.config import LimitsConfig


def clamp(value: float, low: float, high: float) -> float:
    """The nearest value within a range."""
    return min(high, max(low, value))


class CommandLimits:
    """Keeps every command within range and rate; a value that is not finite means stop.

    Steering moves at most `steering_per_s`. Throttle rises at most `throttle_rise_per_s` away from
    neutral and may always fall at once.
    """

    def __init__(self, config: LimitsConfig) -> None:
        self._config = config
        self._last = STOP
        self._last_s: float | None = None

    def apply(self, command: Command, now_s: float) -> Command:
        """Bring a command within the limits; the last one and its time are remembered."""
        if not (math.isfinite(command.steering) and math.isfinite(command.throttle)):
            self._last, self._last_s = Command(self._last.steering, 0.0), now_s
            return self._last
        config = self._config
        passed = 0.05 if self._last_s is None else clamp(now_s - self._last_s, 0.0, 0.2)
        reach = config.steering_per_s * passed
        steering = clamp(command.steering, self._last.steering - reach, self._last.steering + reach)
        throttle = clamp(command.throttle, -config.reverse_max, config.throttle_max)
        rise = config.throttle_rise_per_s * passed
        highest = max(0.0, self._last.throttle) + rise
        lowest = min(0.0, self._last.throttle) - rise
        self._last = Command(clamp(steering, -1.0, 1.0), clamp(throttle, lowest, highest))
        self._last_s = now_s
        return self._last
