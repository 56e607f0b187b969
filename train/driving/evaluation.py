"""What an evaluation found, as it is written to JSON."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from car.episode import EpisodeResult
from train.driving import intervals
from train.driving.campaign import Campaign, Outcome
from train.driving.episodes import NOMINAL, Driven
from train.driving.intervals import Interval
from train.driving.ledger import Header
from train.driving.scenarios import Scenario
from train.driving.totals import (
    MEANS,
    METRICS,
    Total,
    lap_time_ratio,
    laps_driven,
    speed_share,
    summarise,
)

BY_CLOCK = ("late_ticks",)
"""Figures by the wall clock: they stand apart, for the others are the same every time."""


class Recoveries(msgspec.Struct, frozen=True):
    """Disturbed starts; intervals are over tracks.

    Attributes:
        starts: how many.
        recovered: those after which the car came within 0.3 half widths of the middle and stayed
            there for 2 s without leaving the road.
        recovery_share: of all.
        time_to_recover_s: of the recovered.
    """

    starts: int
    recovered: int
    recovery_share: Interval
    time_to_recover_s: Interval


class InScenario(msgspec.Struct, frozen=True):
    """A scenario beside the nominal drives.

    Attributes:
        name: of the scenario.
        what: in words.
        total: over its episodes.
        difference: scenario - nominal by metric, in the same worlds, with intervals over tracks.
        starts: its disturbed starts, or None.
        episodes: its episodes.
    """

    name: str
    what: str
    total: Total
    difference: dict[str, Interval]
    starts: Recoveries | None
    episodes: list[dict[str, Any]]


def figures(campaign: Campaign, outcome: Outcome, header: Header, command: str) -> dict[str, Any]:
    """Everything, in a stable order of stable keys."""
    everyone = [each for driven in outcome.driven.values() for each in driven]
    return {
        "command": command,
        "pilot_sha256": header.pilot_sha256,
        "software": header.software,
        "episodes": [episode(driven) for driven in outcome.driven[NOMINAL]],
        "total": summarise(outcome.results()) if outcome.results() else None,
        "starts": starts(outcome.driven[NOMINAL]) if campaign.starts else None,
        "scenarios": in_scenarios(campaign, outcome),
        "failed": [{"episode": name, "reason": reason} for name, reason in outcome.failed],
        "wall_clock": by_clock(everyone),
    }


def episode(driven: Driven) -> dict[str, Any]:
    """An episode without what the wall clock said."""
    result = msgspec.to_builtins(driven.result)
    kept = {name: value for name, value in result.items() if name not in BY_CLOCK}
    return {**kept, "start": driven.start, "failures": msgspec.to_builtins(driven.failures)}


def by_clock(driven: Sequence[Driven]) -> dict[str, float]:
    """How long decisions took: medians over episodes; not the same every time."""
    known = np.array([each.decide_ms for each in driven]).reshape(-1, 2)
    middle = np.nanmedian(known, axis=0) if len(known) else (float("nan"), float("nan"))
    return {
        "decide_p50_ms": float(middle[0]),
        "decide_p99_ms": float(middle[1]),
        "late_ticks": sum(each.result.late_ticks for each in driven),
    }


def starts(driven: Sequence[Driven]) -> Recoveries:
    """Count the disturbed starts after which the car came back."""
    by_world: dict[tuple[str, int], list[EpisodeResult]] = {}
    for each in driven:
        world = (each.result.track, each.result.look_seed)
        by_world.setdefault(world, []).append(each.result)
    counts = [(sum(map(recovered, world)), len(world)) for world in by_world.values()]
    times = [
        float(np.mean(known))
        if (known := [r.time_to_recover_s for r in world if recovered(r)])
        else float("nan")
        for world in by_world.values()
    ]
    done, total = (sum(column) for column in zip(*counts, strict=True))
    return Recoveries(total, done, intervals.part_of(counts), intervals.mean(times))


def recovered(result: EpisodeResult) -> bool:
    """Whether a disturbed start ended well."""
    return result.recovered > 0 and not result.off_road_events and not result.interventions


def in_scenarios(campaign: Campaign, outcome: Outcome) -> list[InScenario]:
    """Each scenario beside the nominal drives."""
    return [
        _in_scenario(scenario, outcome, campaign)
        for scenario in campaign.scenarios
        if outcome.driven.get(scenario.name) and outcome.driven[NOMINAL]
    ]


def _in_scenario(scenario: Scenario, outcome: Outcome, campaign: Campaign) -> InScenario:
    driven = outcome.driven[scenario.name]
    return InScenario(
        name=scenario.name,
        what=scenario.what,
        total=summarise(outcome.results(scenario.name)),
        difference=differences(outcome.driven[NOMINAL], driven),
        starts=starts(driven) if campaign.starts else None,
        episodes=[episode(each) for each in driven],
    )


def differences(nominal: Sequence[Driven], scenario: Sequence[Driven]) -> dict[str, Interval]:
    """Scenario - nominal for each metric that an episode has, over worlds that both have."""
    here, there = _by_seed(nominal), _by_seed(scenario)
    worlds = [seed for seed in here if seed in there]
    return {
        name: intervals.paired(
            [_mean(name, here[world]) for world in worlds],
            [_mean(name, there[world]) for world in worlds],
        )
        for name in METRICS
        if name in (*MEANS, *_FIGURES)
    }


def _by_seed(driven: Sequence[Driven]) -> dict[int, list[EpisodeResult]]:
    """Worlds are paired by their seed: the road may be another one in a scenario."""
    worlds: dict[int, list[EpisodeResult]] = {}
    for each in driven:
        worlds.setdefault(each.result.look_seed, []).append(each.result)
    return worlds


def _mean(name: str, results: Sequence[EpisodeResult]) -> float:
    figure = _FIGURES.get(name, lambda result: float(getattr(result, name)))
    values = [value for value in map(figure, results) if np.isfinite(value)]
    return float(np.mean(values)) if values else float("nan")


def _per_100_laps(count: int, result: EpisodeResult) -> float:
    laps = laps_driven(result)
    return 100 * count / laps if laps else float("nan")


_FIGURES = {
    "off_road_per_100_laps": lambda r: _per_100_laps(r.off_road_events, r),
    "stops_per_100_laps": lambda r: _per_100_laps(r.stops, r),
    "clean_episodes": lambda r: float(not r.off_road_events),
    "laps_done_share": lambda r: r.laps_done / r.laps_asked,
    "autonomy": lambda r: r.autonomy,
    "lap_time_ratio": lap_time_ratio,
    "speed_share": speed_share,
}
"""How the metrics that are no field of an episode come from it."""
