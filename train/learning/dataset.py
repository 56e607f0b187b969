"""What a network learns from: images, the commands that should act on them, what the ground is."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from car.config import Lens
from tubs.training.pictures import Pictures

Images = Pictures | NDArray[np.uint8]
UNKNOWN = 255
"""In class maps: nobody said what this pixel shows."""


class Recording(Protocol):
    """Recorded drives as arrays, one row a record, sessions one after another."""

    @property
    def images(self) -> Images:
        """Shape (n, height, width, 3), RGB."""
        ...

    @property
    def class_maps(self) -> Images | None:
        """Shape (n, rows, columns), 255 is unknown; None when there are none."""
        ...

    @property
    def speed_m_s(self) -> NDArray[np.floating]:
        """Shape (n,), nan where unknown."""
        ...

    @property
    def session(self) -> NDArray[np.integer]:
        """Shape (n,)."""
        ...


@dataclass(frozen=True, slots=True)
class Lesson:
    """One tub, ready to learn from.

    Attributes:
        name: the tub's.
        recording: its arrays.
        lens: its camera; None when nobody knows, then views are never shifted.
        steering: float32 (n,), the command to learn, label delay included; all nan in practice,
            where only class maps are learned.
        throttle: float32 (n,), likewise.
        train: indices of records to learn from.
        held_out: indices of records to measure on.
        split_kind: "sessions", "blocks" or "frames".
    """

    name: str
    recording: Recording
    lens: Lens | None
    steering: NDArray[np.float32]
    throttle: NDArray[np.float32]
    train: NDArray[np.intp]
    held_out: NDArray[np.intp]
    split_kind: str = "blocks"


def commands_after(
    values: NDArray[np.floating],
    captured_s: NDArray[np.floating],
    session: NDArray[np.integer],
    delay_s: float,
) -> NDArray[np.float32]:
    """The command that acted `delay_s` after each image, interpolated within its session.

    Past the end of a session its last command stands. Commands that are nan, which is unknown,
    are passed over.
    """
    result = np.asarray(values, dtype=np.float32).copy()
    if delay_s == 0.0:
        return result
    for number in np.unique(session):
        rows = np.flatnonzero((session == number) & np.isfinite(values))
        times_s = np.asarray(captured_s[rows], dtype=np.float64)
        if np.all(np.diff(times_s) > 0):
            result[rows] = np.interp(times_s + delay_s, times_s, values[rows])
    return result


def rarity_weights(
    steering: NDArray[np.floating], throttle: NDArray[np.floating]
) -> NDArray[np.float64]:
    """How often to show each record, so that curves and slow stretches are not drowned; sum 1."""
    weight = _rarity(np.abs(steering)) * _rarity(throttle)
    weight = np.clip(weight / weight.mean(), 0.3, 4.0)
    return np.asarray(weight / weight.sum())


def _rarity(values: NDArray[np.floating], bins: int = 8) -> NDArray[np.float64]:
    """One over the square root of the share of the bin that a value falls in."""
    low, high = np.quantile(values, [0.01, 0.99])
    if high - low < 1e-6:
        return np.ones(len(values))
    place = np.clip(((values - low) / (high - low) * bins).astype(np.int64), 0, bins - 1)
    share = np.bincount(place, minlength=bins) / len(values)
    return np.asarray(1.0 / np.sqrt(np.maximum(share[place], 0.01)))
