"""What the study found, as figures and as lines to read."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from car.monitor_signs import MonitorWeights, Signs
from tests.monitor_study.alarms import Alarms, together
from tests.monitor_study.learning import by_road, choose, judge, try_all, without, worth
from tests.monitor_study.signs import Kept

KINDS = ("clean", "troubled", "weak")
ALLOWED_TRIED = (1.0, 5.0, 20.0, 60.0)
"""False alarms an hour that a monitor may be allowed, for the trade-off."""
FORESEEABLE_S = 1.3
"""Trouble that begins so long before its event can be flagged 1 s ahead."""


def figures_of(alarms: Alarms) -> dict[str, Any]:
    """The figures of some drives together."""
    leads = alarms.leads_s
    quartiles = np.percentile(leads, [10, 25, 50, 75, 90]) if len(leads) else []
    return {
        "events": len(leads),
        "recall_0.5_s": alarms.recall(0.5),
        "recall_1.0_s": alarms.recall(1.0),
        "foreseeable_events": int((~(alarms.since_s < FORESEEABLE_S)).sum()),
        "recall_1.0_s_foreseeable": alarms.recall(1.0, FORESEEABLE_S),
        "lead_s_p10_p25_p50_p75_p90": [float(each) for each in quartiles],
        "false_alarms": alarms.false,
        "false_alarms_per_hour": alarms.false_per_hour,
        "hours_that_count": alarms.hours,
    }


def held_out(drives: Sequence[Kept], allowed: Sequence[float]) -> dict[float, dict[str, Any]]:
    """Choose without some roads, judge on these, for all roads.

    Args:
        drives: all that were kept.
        allowed: false alarms an hour, each to choose by.

    Returns:
        For each of these the figures by kind of drive, and of all together.
    """
    parts = {each: {kind: list[Alarms]() for kind in KINDS} for each in allowed}
    for learn_from, try_on in by_road(drives):
        tried = try_all(learn_from)
        for each in allowed:
            learned = choose(tried, each)
            for drive in try_on:
                parts[each][drive.plan.kind].append(judge(learned, [drive]))
    return {each: _by_kind(found) for each, found in parts.items()}


def _by_kind(parts: dict[str, list[Alarms]]) -> dict[str, Any]:
    found = {kind: figures_of(together(each)) for kind, each in parts.items()}
    found["all"] = figures_of(together([each for every in parts.values() for each in every]))
    return found


def blinded(learned: MonitorWeights, drives: Sequence[Kept]) -> dict[str, dict[str, float]]:
    """What the monitor is worth without each sign, all else equal."""
    groups = {name: (name,) for name in Signs._fields}
    groups["class map"] = Signs._fields[:6]
    groups["pilot"] = ("unsure", "jump")
    return {
        name: worth(without(learned, names), drives)._asdict() for name, names in groups.items()
    }


def line(name: str, found: dict[str, Any]) -> str:
    """One line of figures."""
    return (
        f"{name:10s} {found['events']:4d} events, flagged 0.5 s ahead {found['recall_0.5_s']:.0%}, "
        f"1 s {found['recall_1.0_s']:.0%} (of {found['foreseeable_events']} foreseeable "
        f"{found['recall_1.0_s_foreseeable']:.0%}); false alarms {found['false_alarms']} in "
        f"{found['hours_that_count']:.2f} h = {found['false_alarms_per_hour']:.1f}/h"
    )
