"""Several things timed in turns, so that what else the machine does hits all of them alike."""

from collections.abc import Callable, Mapping
from time import perf_counter

import msgspec
import numpy as np

from car.bench.spread import Spread, ratio_of, spread_of

WARMING = 5
"""Calls before those that count, when a round comes to something else."""

Clock = Callable[[], float]


class Timings(msgspec.Struct, frozen=True):
    """What one thing took.

    Attributes:
        p50_ms: the median of each round, summed up over the rounds.
        p99_ms: likewise.
    """

    p50_ms: Spread
    p99_ms: Spread


class Interleaved:
    """What all of them took, round by round."""

    def __init__(self, p50_ms: dict[str, list[float]], p99_ms: dict[str, list[float]]) -> None:
        self._p50_ms, self._p99_ms = p50_ms, p99_ms

    def timings(self, name: str) -> Timings:
        """What one of them took."""
        return Timings(spread_of(self._p50_ms[name]), spread_of(self._p99_ms[name]))

    def ratio(self, name: str, other: str) -> Spread:
        """How many times as long one takes as another, of medians of one round."""
        return ratio_of(self._p50_ms[name], self._p50_ms[other])


def time_in_turns(
    things: Mapping[str, Callable[[], object]],
    rounds: int,
    calls: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
    clock: Clock = perf_counter,
) -> Interleaved:
    """Call each of them so often, one after the other, and all over again, rounds back and forth.

    Args:
        things: by name.
        rounds: at least one.
        calls: of each thing in a round, not counting those that warm up.
        progress: told how many rounds are done.
        clock: seconds.
    """
    p50_ms: dict[str, list[float]] = {name: [] for name in things}
    p99_ms: dict[str, list[float]] = {name: [] for name in things}
    for number in range(rounds):
        for name in list(things)[:: -1 if number % 2 else 1]:
            times_ms = _times_ms(things[name], calls, clock)
            p50_ms[name].append(float(np.median(times_ms)))
            p99_ms[name].append(float(np.percentile(times_ms, 99)))
        progress(number + 1, rounds)
    return Interleaved(p50_ms, p99_ms)


def _times_ms(thing: Callable[[], object], calls: int, clock: Clock) -> list[float]:
    for _ in range(WARMING):
        thing()
    times_ms = []
    for _ in range(calls):
        began_s = clock()
        thing()
        times_ms.append(1e3 * (clock() - began_s))
    return times_ms
