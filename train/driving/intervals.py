"""Figures with their 95 % confidence intervals, where tracks, not laps, are the sample."""

import math
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy import stats

CONFIDENCE = 0.95
TAIL = (1 - CONFIDENCE) / 2
RESAMPLES = 4000


class Interval(msgspec.Struct, frozen=True):
    """A figure with the bounds of its 95 % confidence interval."""

    value: float
    low: float
    high: float


UNKNOWN = Interval(math.nan, math.nan, math.nan)


def mean(values: Sequence[float]) -> Interval:
    """A mean over tracks with the bootstrap's interval; nan values are left out.

    The percentiles are those of Hesterberg's expanded interval (2014), without which the bootstrap
    of ten tracks is too sure of itself. With one value, or none, there is no interval.
    """
    known = np.array([value for value in values if math.isfinite(value)])
    if len(known) < 2:
        return Interval(float(known[0]) if len(known) else math.nan, math.nan, math.nan)
    means = known[_draws(len(known))].mean(axis=1)
    low, high = _quantiles(means, len(known))
    return Interval(float(known.mean()), low, high)


def share(values: Sequence[float]) -> Interval:
    """A mean of shares in [0, 1] over tracks; Wilson's interval (1927) where all are 0 or 1.

    A bootstrap of nothing but ones would claim to be certain.
    """
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return UNKNOWN
    if all(value in (0.0, 1.0) for value in known):
        return proportion(round(sum(known)), len(known))
    return mean(known)


def proportion(count: int, total: int) -> Interval:
    """A proportion of independent trials with Wilson's interval."""
    interval = stats.binomtest(count, total).proportion_ci(CONFIDENCE, "wilson")
    return Interval(count / total, float(interval.low), float(interval.high))


def rate(counts: Sequence[int], exposures: Sequence[float]) -> Interval:
    """Events per unit of exposure, a count and an exposure for each track.

    The wider of two intervals: the exact Poisson interval (Garwood 1936), which holds when events
    fall evenly, and the bootstrap over tracks, which sees that one track may supply most of them.
    """
    exposure = float(sum(exposures))
    if exposure <= 0:
        return UNKNOWN
    low, high = (bound / exposure for bound in poisson_bounds(sum(counts)))
    if len(counts) > 1 and any(counts):
        draws = _draws(len(counts))
        events, laps = np.array(counts, float)[draws].sum(1), np.array(exposures)[draws].sum(1)
        rates = events[laps > 0] / laps[laps > 0]
        fewest, most = _quantiles(rates, len(counts))
        low, high = min(low, fewest), max(high, most)
    return Interval(sum(counts) / exposure, low, high)


def ratio(counts: Sequence[tuple[float, float]]) -> Interval:
    """The sum of the first over the sum of the second, bootstrapped over tracks."""
    table = np.array(counts, float)
    value = float(table[:, 0].sum() / table[:, 1].sum())
    if len(table) < 2:
        return Interval(value, value, value)
    part, whole = table[_draws(len(table))].sum(axis=1).T
    low, high = _quantiles(part[whole > 0] / whole[whole > 0], len(table))
    return Interval(value, low, high)


def part_of(counts: Sequence[tuple[int, int]]) -> Interval:
    """A part of a whole, both by track: the wider of Wilson's interval and the bootstrap's."""
    part, whole = (sum(column) for column in zip(*counts, strict=True))
    if not whole:
        return UNKNOWN
    single = proportion(part, whole)
    if part in (0, whole):
        return single
    tracks = ratio(counts)
    return Interval(single.value, min(single.low, tracks.low), max(single.high, tracks.high))


def poisson_bounds(count: int) -> tuple[float, float]:
    """Bounds of the expected number when so many events were seen."""
    low = float(stats.chi2.ppf(TAIL, 2 * count)) / 2 if count else 0.0
    return low, float(stats.chi2.ppf(1 - TAIL, 2 * count + 2)) / 2


def reciprocal(of: Interval) -> Interval:
    """One over a figure; one over zero is infinite, and nan in a file."""
    return Interval(_one_over(of.value), _one_over(of.high), _one_over(of.low))


def paired(here: Sequence[float], there: Sequence[float]) -> Interval:
    """The mean difference `there` - `here` over tracks that both have.

    Where no track differs at all there is no interval: a bootstrap of zeros would be certain.
    """
    differences = [b - a for a, b in zip(here, there, strict=True)]
    if not any(differences):
        return Interval(0.0 if differences else math.nan, math.nan, math.nan)
    return mean(differences)


def _one_over(value: float) -> float:
    return 1.0 / value if value > 0 else math.inf if value == 0 else math.nan


def _quantiles(resampled: NDArray[np.float64], count: int) -> tuple[float, float]:
    """Bounds from resampled figures of so many tracks, with tails that allow for their number."""
    reach = math.sqrt(count / (count - 1)) * float(stats.t.ppf(1 - TAIL, count - 1))
    tail = float(stats.norm.cdf(-reach))
    low, high = np.quantile(resampled, [tail, 1 - tail]).tolist()
    return low, high


def _draws(count: int) -> NDArray[np.int64]:
    """Which tracks are in each resample: the same every time."""
    return np.random.default_rng(20_1927).integers(0, count, (RESAMPLES, count))
