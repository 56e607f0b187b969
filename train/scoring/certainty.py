"""Whether a pilot knows when it is unsure: its standard deviations beside its true errors."""

from statistics import NormalDist

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.floating]

LEAST_STD = 0.005
"""Standard deviations below this count as this: a tenth of a steering bin is as sure as one gets.
"""


class Certainty(msgspec.Struct, frozen=True):
    """How far a pilot's own uncertainty can be trusted.

    Attributes:
        coverage_50: share of the truth within the interval that should hold 50 % of it.
        coverage_80: likewise, 80 %.
        coverage_95: likewise, 95 %.
        calibration_error: mean distance of coverage from what it should be, over 19 levels.
        negative_log_likelihood: of the truth under normal distributions; less is better.
        std_error_correlation: Spearman's, of standard deviation and |error|; None when the
            deviation does not vary.
        mean_std: what the pilot says on average.
        levels: what the intervals should hold, 0.05 to 0.95.
        coverages: what they hold, one for each level.
    """

    coverage_50: float
    coverage_80: float
    coverage_95: float
    calibration_error: float
    negative_log_likelihood: float
    std_error_correlation: float | None
    mean_std: float
    levels: list[float]
    coverages: list[float]


def certainty(truth: Floats, guess: Floats, std: Floats) -> Certainty | None:
    """Judge the uncertainty of steering; None when the pilot gives none."""
    if not np.all(np.isfinite(std)):
        return None
    error, std = np.abs(truth - guess), np.maximum(std, LEAST_STD)
    levels = np.linspace(0.05, 0.95, 19)
    coverages = np.array([coverage(error, std, level) for level in levels])
    likelihood = 0.5 * np.log(2 * np.pi * std**2) + error**2 / (2 * std**2)
    return Certainty(
        coverage_50=coverage(error, std, 0.5),
        coverage_80=coverage(error, std, 0.8),
        coverage_95=coverage(error, std, 0.95),
        calibration_error=float(np.mean(np.abs(coverages - levels))),
        negative_log_likelihood=float(np.mean(likelihood)),
        std_error_correlation=rank_correlation(std, error),
        mean_std=float(np.mean(std)),
        levels=[round(float(level), 2) for level in levels],
        coverages=coverages.tolist(),
    )


def coverage(error: Floats, std: Floats, level: float) -> float:
    """Share of errors within the interval of a normal distribution that should hold `level`."""
    reach = NormalDist().inv_cdf((1 + level) / 2)
    return float(np.mean(error <= reach * std))


def rank_correlation(first: Floats, second: Floats) -> float | None:
    """Spearman's correlation; None when either series is one value or shorter than 3."""
    if len(first) < 3 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return float(np.corrcoef(stats.rankdata(first), stats.rankdata(second))[0, 1])
