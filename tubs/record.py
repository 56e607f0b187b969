"""One record of a tub: a picture, what was wished, and what was really done."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Record:
    """What happened at one tick of the drive loop.

    Steering and throttle are in [-1, +1]; +1 steers right and drives ahead. Times are seconds on
    the monotonic clock of the drive. None means that the value was not known.

    Attributes:
        image: uint8 (height, width, 3), RGB, row 0 at the top.
        captured_s: when the light fell in.
        applied_s: when the command reached the chip.
        steering: applied, after all limits.
        throttle: applied, after all limits.
        mode: stopped, human, assisted or pilot.
        human_steering: what the human wished.
        human_throttle: what the human wished.
        pilot_steering: what the pilot wished.
        pilot_throttle: what the pilot wished.
        speed_m_s: measured speed along the car.
        class_map: uint8 (height, width) of car.frame.RoadClass numbers, exact labels.
    """

    image: NDArray[np.uint8]
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
    class_map: NDArray[np.uint8] | None = None
