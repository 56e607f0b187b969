"""Learns from a batch at once, or in smaller portions after memory has run out."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import tensorflow as tf

from train.errors import TrainError
from train.learning.devices import Arrays, out_of_memory

Step = Callable[[float, Arrays], tf.Tensor]
"""Learns from examples once, with a learning rate; gives what the loss was made of."""

FEWEST = 8
"""Fewer examples in a step than this teach batch normalisation nothing."""


REMEDY = (
    "close what else uses the memory of this machine or its GPU, or learn on the CPU: "
    "CUDA_VISIBLE_DEVICES=-1 everlap train ..."
)


@contextmanager
def memory_watched() -> Iterator[None]:
    """Say plainly that memory ran out, wherever in learning it did.

    Raises:
        TrainError: memory ran out.
    """
    try:
        yield
    except (tf.errors.OpError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        raise TrainError(f"out of memory: {REMEDY}") from error


class Portions:
    """Steps of as many examples as memory takes.

    When a step runs out of memory its examples, and all later ones, are taken half as many at a
    time, from the weights as they are. The rate shrinks with the root of the share, which is right
    for Adam (Malladi et al. 2022).

    Attributes:
        size: examples in a step.
    """

    def __init__(self, step: Step, size: int, parts: int = 1) -> None:
        """Begin with whole batches.

        Args:
            step: learns once.
            size: examples in a batch, a multiple of `parts`.
            parts: how many devices share a step.
        """
        self.size = size
        self._step = step
        self._parts = parts

    def learn(self, rate: float, examples: Arrays, say: Callable[[str], None]) -> list[tf.Tensor]:
        """Learn from all examples once; gives what the loss was made of, step by step.

        Args:
            rate: for whole batches.
            examples: a whole batch.
            say: told, in a line, that steps are smaller from now on.

        Raises:
            TrainError: not even a few examples fit into memory.
        """
        losses: list[tf.Tensor] = []
        total, done = len(examples[0]), 0
        while done < total:
            portion = [array[done : done + self.size] for array in examples]
            count = len(portion[0])
            try:
                losses.append(self._step(rate * math.sqrt(count / total), portion))
            except (tf.errors.OpError, MemoryError) as error:
                if not out_of_memory(error):
                    raise
                self._halve(count, error)
                say(f"out of memory with {count} examples a step: going on with {self.size}")
            else:
                done += count
        return losses

    def _halve(self, count: int, error: Exception) -> None:
        smaller = count // 2 // self._parts * self._parts
        if smaller < max(FEWEST, self._parts):
            raise TrainError(
                f"out of memory even with {count} examples a step: {REMEDY}"
            ) from error
        self.size = smaller
