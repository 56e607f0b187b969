"""The seam between the drive loop and whoever decides."""

import math
from typing import NamedTuple, Protocol

from car.command import Command
from car.frame import Frame, Image


class Decision(NamedTuple):
    """What a pilot makes of one frame.

    Attributes:
        command: what it wants the wheels to do.
        steering_std: its own uncertainty of the steering, in units of steering; nan when unknown.
        class_map: uint8 (rows, columns) of RoadClass, coarser than the image; None when unknown.
        stop: why it cannot go on, in words: the car is stopped; None while it can.
    """

    command: Command
    steering_std: float = math.nan
    class_map: Image | None = None
    stop: str | None = None


class Pilot(Protocol):
    """Decides from one frame at a time."""

    def decide(self, frame: Frame) -> Decision:
        """Steer from one camera image.

        Raises:
            PilotError: the result is not finite.
        """
        ...
