"""Which epoch's weights are kept: what is measured after each, and what is made of it."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import keras
import msgspec
import numpy as np
from numpy.typing import NDArray

from train.metrics import checkpoint_score

SETTLED = 1.04
"""A later epoch is kept unless it is worse than the best by more than this: steps grow smaller, and
what is held out is a small sample.
"""


class Epoch(msgspec.Struct, frozen=True):
    """One line of the history: losses on changed training examples, errors on held-out records."""

    epoch: int
    elapsed_s: float
    images_per_s: float
    rate: float
    steering_loss: float
    throttle_loss: float
    class_map_loss: float
    held_out_steering_mae: float
    held_out_throttle_mae: float
    held_out_throttle_r2: float
    held_out_class_map_miou: float | None
    held_out_steering_rmse: float = math.nan
    held_out_throttle_rmse: float = math.nan


def by_all_heads(line: Epoch) -> float:
    """All three errors, steering first."""
    return checkpoint_score(
        line.held_out_steering_mae, line.held_out_throttle_mae, line.held_out_class_map_miou
    )


def by_commands(line: Epoch) -> float:
    """Steering and throttle, where nobody learns the class map."""
    return checkpoint_score(line.held_out_steering_mae, line.held_out_throttle_mae, None)


def by_squared_error(line: Epoch) -> float:
    """Squared errors of both commands."""
    return line.held_out_steering_rmse**2 + line.held_out_throttle_rmse**2


@dataclass(frozen=True, slots=True)
class Choice:
    """How an epoch is judged.

    Attributes:
        score: smaller is better.
        settled: a later epoch is kept unless it is worse than the best by more than this factor.
    """

    score: Callable[[Epoch], float] = by_all_heads
    settled: float = SETTLED


class Best:
    """The weights to keep, and how good the best were."""

    def __init__(self, weights: list[NDArray[np.float32]], choice: Choice) -> None:
        self.weights = weights
        self._choice = choice
        self._score = math.inf

    def takes(self, line: Epoch, network: keras.Model) -> bool:
        """Keep the weights as they are now, unless they are clearly worse than the best."""
        score = self._choice.score(line)
        taken = score < self._choice.settled * self._score
        if taken:
            self.weights = network.get_weights()
        self._score = min(self._score, score)
        return taken
