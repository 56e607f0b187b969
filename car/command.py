"""What a car is told to do: steering and throttle."""

from typing import NamedTuple


class Command(NamedTuple):
    """One command to the wheels.

    Attributes:
        steering: -1 is full left, +1 is full right.
        throttle: +1 is full ahead, 0 is neutral, -1 is full reverse or brake.
    """

    steering: float
    throttle: float

    @property
    def makes_sense(self) -> bool:
        """Whether both values are numbers from -1 to +1."""
        return -1.0 <= self.steering <= 1.0 and -1.0 <= self.throttle <= 1.0


STOP = Command(0.0, 0.0)
