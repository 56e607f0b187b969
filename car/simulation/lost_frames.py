"""Pictures that never arrive: single ones and runs of them, the same for a seed."""

import numpy as np


class LostFrames:
    """Says of each picture whether it is lost on its way."""

    def __init__(self, share: float, in_a_row: int, seed: int) -> None:
        """Decide how many are lost.

        Args:
            share: of all pictures, 0 to 0.5.
            in_a_row: so many at a time, 1 or more.
            seed: fixes which.
        """
        self._rng = np.random.default_rng([seed, 29])
        self._chance = share / (in_a_row * (1.0 - share))
        self._in_a_row = in_a_row
        self._left = 0

    def next_is_lost(self) -> bool:
        """Decide about the next picture; between two losses at least one arrives."""
        if self._chance == 0.0:
            return False
        if self._left > 0:
            self._left -= 1
            return self._left > 0
        if self._rng.random() >= self._chance:
            return False
        self._left = self._in_a_row
        return True
