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


STOP = Command(0.0, 0.0)
