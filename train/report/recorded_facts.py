"""What was recorded, in the few figures that say what is missing from it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from train.learning.dataset import Lesson

TURNS = 0.15
"""Steering beyond this is a turn."""
LOOKED_AT = 120
"""Pictures whose brightness is measured, of each tub."""


@dataclass(frozen=True, slots=True)
class RecordedFacts:
    """All records of all tubs of a training.

    Attributes:
        records: learned from and measured on.
        sessions: drives.
        left: share of records that turn left.
        right: share of records that turn right.
        sharp: share of records beyond half of full lock.
        full_lock: share of records at full lock.
        steering_values: how many different ones.
        throttle_std: standard deviation.
        brightness: mean of all pictures looked at, 0 to 1.
        brightness_spread: from the 5th to the 95th percentile of their means.
        minutes: driven; None where time stamps say nothing.
    """

    records: int
    sessions: int
    left: float
    right: float
    sharp: float
    full_lock: float
    steering_values: int
    throttle_std: float
    brightness: float
    brightness_spread: float
    minutes: float | None = None


def recorded_facts(lessons: Sequence[Lesson], minutes: float | None = None) -> RecordedFacts:
    """Look at all tubs of a training."""
    steering = np.concatenate([lesson.steering for lesson in lessons])
    throttle = np.concatenate([lesson.throttle for lesson in lessons])
    light = np.concatenate([_brightness(lesson) for lesson in lessons])
    low, high = np.quantile(light, [0.05, 0.95])
    return RecordedFacts(
        records=len(steering),
        sessions=sum(len(np.unique(lesson.recording.session)) for lesson in lessons),
        left=float(np.mean(steering < -TURNS)),
        right=float(np.mean(steering > TURNS)),
        sharp=float(np.mean(np.abs(steering) > 0.5)),
        full_lock=float(np.mean(np.abs(steering) > 0.98)),
        steering_values=len(np.unique(np.round(steering, 3))),
        throttle_std=float(throttle.std()),
        brightness=float(light.mean()),
        brightness_spread=float(high - low),
        minutes=minutes,
    )


def _brightness(lesson: Lesson) -> np.ndarray:
    """Mean brightness of some pictures, 0 to 1."""
    count = len(lesson.steering)
    rows = np.unique(np.linspace(0, count - 1, min(count, LOOKED_AT)).astype(int))
    return np.array([float(lesson.recording.images[row].mean()) / 255.0 for row in rows])
