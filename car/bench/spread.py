"""A figure that was measured several times."""

from collections.abc import Sequence

import msgspec
import numpy as np


class Spread(msgspec.Struct, frozen=True):
    """The median of some repetitions, the lowest and the highest."""

    median: float
    lowest: float
    highest: float


def spread_of(values: Sequence[float]) -> Spread:
    """Sum up repetitions; at least one."""
    return Spread(float(np.median(values)), float(min(values)), float(max(values)))


def ratio_of(values: Sequence[float], others: Sequence[float]) -> Spread:
    """The ratio of neighbours: what was measured one after the other, in each repetition."""
    return spread_of([value / other for value, other in zip(values, others, strict=True)])
