"""Random choices that widen with the level of domain randomisation."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Colour = NDArray[np.float32]
Choice = TypeVar("Choice")


def rgb(red: float, green: float, blue: float) -> Colour:
    """Make a colour, or a gain by colour, of three numbers."""
    return np.array([red, green, blue], np.float32)


class Dice:
    """Throws that all fall on the canonical value at level 0 and far from it at level 1."""

    def __init__(self, rng: np.random.Generator, level: float) -> None:
        self.rng = rng
        self.level = level

    def around(self, value: float, spread: float) -> float:
        """Throw evenly within `spread` x level on both sides of a value."""
        return float(value + spread * self.level * self.rng.uniform(-1.0, 1.0))

    def between(self, low: float, high: float) -> float:
        """Throw evenly between two values, whatever the level."""
        return float(self.rng.uniform(low, high))

    def chance(self, at_one: float, at_zero: float = 0.0) -> bool:
        """Say yes with a probability that goes from `at_zero` at level 0 to `at_one` at level 1."""
        return bool(self.rng.random() < at_zero + (at_one - at_zero) * self.level)

    def is_strange(self) -> bool:
        """Say whether to leave what is realistic: never below level 0.4, 1 in 3 at level 1."""
        return bool(self.rng.random() < 0.55 * max(0.0, self.level - 0.4))

    def pick(self, options: Sequence[Choice]) -> Choice:
        """Choose one of several; the first is the canonical one."""
        chosen = int(self.rng.integers(len(options)))
        return options[chosen if self.chance(1.0) else 0]

    def any_of(self, options: Sequence[Choice]) -> Choice:
        """Choose one of several with equal chances, whatever the level."""
        return options[int(self.rng.integers(len(options)))]

    def near(self, middle: Sequence[float], spread: float = 25.0) -> Colour:
        """Throw a colour near another; brightness varies more than hue.

        Args:
            middle: red, green, blue in 0..255.
            spread: of brightness, in the same units, at level 1.
        """
        brightness = self.around(0.0, spread)
        hue = self.rng.uniform(-1.0, 1.0, 3) * spread * 0.35 * self.level
        return np.clip(np.asarray(middle) + brightness + hue, 3.0, 252.0).astype(np.float32)

    def any_colour(self, lowest: float = 20.0, highest: float = 240.0) -> Colour:
        """Throw any colour at all."""
        return self.rng.uniform(lowest, highest, 3).astype(np.float32)

    def paint(self, options: Sequence[Sequence[float]], spread: float = 25.0) -> Colour:
        """Throw a colour near one of several realistic ones, or, when strange, any."""
        if self.is_strange():
            return self.any_colour()
        return self.near(self.pick(options), spread)
