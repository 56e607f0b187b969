"""Learns what each sign is worth, and chooses how evidence becomes doubt; see the recipe below.

1. Frames 0.2 to 2 s before an event (and after its trouble began) against frames that count and
   have no event within the next 4 s: logistic regression, both sides of equal weight in all, a
   little ridge, no weight below zero.
2. Of all ways to cut off evidence, and of all thresholds, take those with at most `ALLOWED` false
   alarms an hour while the pilot is as it should be (clean drives, and troubled ones between their
   troubles); among these the one that flags most events 0.5 and 1 s ahead, where every drive
   counts alike: one bad road can supply most of all events.
3. For figures to report, both are done without the roads on which they are then tried.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from car.monitor_signs import MonitorWeights, Signs, SignValues
from tests.monitor_study.alarms import Alarms, alarms_of, doubts, together
from tests.monitor_study.signs import Floats, Kept

ALLOWED = 5.0
"""False alarms an hour: more than one, for by default they only slow the car for a moment."""
FOLDS = 5
RIDGE = 1e-4
OFFSETS, LEAST, MOST = (1.0, 2.0, 3.0, 4.0), (-1.0, -3.0), (3.0, 8.0)
THRESHOLDS = tuple(np.geomspace(0.1, 1.5, 8).tolist())
"""Above, doubt would rise so slowly that only pilots that err all the time are noticed."""


def labelled(drive: Kept) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Frames just before an event, and frames in which all is well."""
    before = np.zeros(len(drive.time_s), bool)
    well = drive.counts & (drive.speed_m_s > 0.2)
    starts = np.flatnonzero(drive.off_road[1:] & ~drive.off_road[:-1]) + 1
    for start in starts:
        ahead_s = drive.time_s[start] - drive.time_s
        well &= ~((ahead_s > -0.01) & (ahead_s < 4.0))
    for event, since_s in zip(drive.events, drive.since_s, strict=True):
        ahead_s = drive.time_s[event] - drive.time_s
        longest_s = 2.0 if np.isnan(since_s) else min(2.0, since_s)
        before |= (ahead_s > 0.2) & (ahead_s < longest_s) & ~drive.off_road
    return before, well


def fit(drives: Sequence[Kept]) -> tuple[Floats, float, Floats]:
    """Weights of the signs, the bias, and what the signs are while all is well."""
    bad, good = [], []
    for drive in drives:
        before, well = labelled(drive)
        bad.append(drive.signs[before])
        good.append(drive.signs[well])
    signs = np.concatenate([*bad, *good])
    ill = np.arange(len(signs)) < sum(map(len, bad))
    share = np.where(ill, 0.5 / ill.sum(), 0.5 / (~ill).sum())
    scale = signs.std(axis=0) + 1e-3
    side = np.where(ill, 1.0, -1.0)

    def loss(x: Floats) -> tuple[float, Floats]:
        margin = side * (signs / scale @ x[:-1] + x[-1])
        slope = -share * side / (1.0 + np.exp(np.clip(margin, -500, 500)))
        penalty = RIDGE * np.append(x[:-1], 0.0)
        total = share @ np.logaddexp(0.0, -margin) + 0.5 * penalty @ x
        return total, np.append(signs.T @ slope / scale, slope.sum()) + penalty

    count = signs.shape[1]
    bounds = [(0.0, None)] * count + [(None, None)]
    found = minimize(loss, np.zeros(count + 1), jac=True, bounds=bounds, method="L-BFGS-B").x
    return found[:-1] / scale, float(found[-1]), signs[~ill].mean(axis=0)


class Worth(NamedTuple):
    """What a monitor is worth.

    Attributes:
        false_per_hour: alarms for nothing, of a pilot that is as it should be.
        warned: share of events flagged 0.5 and 1 s ahead, in the middle of both and of all drives.
    """

    false_per_hour: float
    warned: float


def evidence_of(learned: MonitorWeights, signs: Floats) -> Floats:
    """Log odds of every frame, cut off as the monitor does."""
    weights = np.array([getattr(learned.weights, name) for name in Signs._fields])
    return np.clip(signs @ weights + learned.bias, learned.least, learned.most)


def judge(learned: MonitorWeights, drives: Sequence[Kept]) -> Alarms:
    """Let a monitor watch drives."""
    return together(
        [
            alarms_of(
                drive,
                doubts(evidence_of(learned, drive.signs), drive.time_s, learned.threshold),
            )
            for drive in drives
        ]
    )


def candidates(drives: Sequence[Kept]) -> list[MonitorWeights]:
    """All monitors with the fitted weights: by cut-offs and threshold."""
    weights, bias, calm = fit(drives)
    values = [
        SignValues(**{n: round(float(v), 4) for n, v in zip(Signs._fields, each, strict=True)})
        for each in (weights, np.maximum(calm, 0.0))
    ]
    return [
        MonitorWeights(round(threshold, 4), round(bias - offset, 4), least, most, *values)
        for offset, least, most, threshold in itertools.product(OFFSETS, LEAST, MOST, THRESHOLDS)
    ]


def worth(learned: MonitorWeights, drives: Sequence[Kept]) -> Worth:
    """Say how often a monitor warns in time, by drive, and how often for nothing."""
    alarms = {drive.plan.name: judge(learned, [drive]) for drive in drives}
    sound = [alarms[drive.plan.name] for drive in drives if drive.plan.kind != "weak"]
    hit = [each for each in alarms.values() if len(each.leads_s)]
    recalls = [(each.recall(0.5) + each.recall(1.0)) / 2 for each in hit]
    return Worth(together(sound).false_per_hour, float(np.mean(recalls)) if recalls else 0.0)


Tried = tuple[MonitorWeights, Worth]


def try_all(drives: Sequence[Kept]) -> list[Tried]:
    """Try every monitor that may be chosen."""
    return [(each, worth(each, drives)) for each in candidates(drives)]


def choose(tried: Sequence[Tried], allowed: float = ALLOWED) -> MonitorWeights:
    """Take the best monitor with few enough false alarms; the most careful when none has."""
    few = [each for each in tried if each[1].false_per_hour <= allowed]
    if not few:
        return min(tried, key=lambda each: each[1].false_per_hour)[0]
    return max(few, key=lambda each: each[1].warned)[0]


def without(learned: MonitorWeights, names: Sequence[str]) -> MonitorWeights:
    """The same monitor, blind to some signs: they count as calm."""
    calm = {name: getattr(learned.calm, name) for name in names}
    gone = dict.fromkeys(names, 0.0)
    bias = learned.bias + sum(getattr(learned.weights, n) * v for n, v in calm.items())
    weights = msgspec.structs.replace(learned.weights, **gone)
    return msgspec.structs.replace(learned, weights=weights, bias=bias)


def by_road(drives: Sequence[Kept]) -> list[tuple[list[Kept], list[Kept]]]:
    """Folds of (to learn from, to try on); no road is in both."""
    roads = sorted({drive.plan.track for drive in drives})
    order = np.random.default_rng(0).permutation(len(roads))
    fold_of = {roads[each]: position % FOLDS for position, each in enumerate(order)}
    return [
        (
            [drive for drive in drives if fold_of[drive.plan.track] != fold],
            [drive for drive in drives if fold_of[drive.plan.track] == fold],
        )
        for fold in range(FOLDS)
    ]
