"""Variants beside the default: totals, and differences in the same worlds by the same seeds."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
import numpy as np

from train.ablation.measuring import Measured
from train.ablation.training import Made
from train.ablation.variants import DEFAULT, Variant
from train.driving import intervals
from train.driving.episodes import Driven
from train.driving.evaluation import Recoveries, differences, recovered, starts
from train.driving.intervals import Interval
from train.driving.totals import Total, summarise

EVENTS = "off_road_per_100_laps"


class Pilot(msgspec.Struct, frozen=True):
    """One training, measured."""

    made: Made
    measured: Measured


class Compared(msgspec.Struct, frozen=True):
    """One variant, all its seeds together; intervals are over tracks or worlds.

    Attributes:
        name: of the variant.
        label: for people.
        question: that it answers.
        seeds: that were trained.
        made: what each training was.
        total: of all laps.
        starts: disturbed starts; None when none were driven.
        steering_mae: on recorded disturbed worlds.
        throttle_r2: mean over seeds, likewise.
        claimed_mae: of steering on what the trainings held out themselves, mean over seeds.
        difference: variant - default by metric of driving, for seeds that both have.
        recovery_difference: of the share of disturbed starts, or None.
        steering_mae_difference: variant - default.
        events_by_seed: off-road events per 100 laps.
        event_differences_by_seed: variant - default, for seeds that both have.
    """

    name: str
    label: str
    question: str
    seeds: list[int]
    made: list[Made]
    total: Total
    starts: Recoveries | None
    steering_mae: Interval
    throttle_r2: float
    claimed_mae: float
    difference: dict[str, Interval]
    recovery_difference: Interval | None
    steering_mae_difference: Interval
    events_by_seed: list[float]
    event_differences_by_seed: list[float]


def compare(variants: Sequence[Variant], pilots: Mapping[tuple[str, int], Pilot]) -> list[Compared]:
    """Every variant of which there is a pilot, the default first.

    Args:
        variants: in order.
        pilots: by name of the variant and seed.
    """
    usual = {seed: pilot for (name, seed), pilot in pilots.items() if name == DEFAULT}
    found = []
    for variant in variants:
        own = {seed: pilot for (name, seed), pilot in pilots.items() if name == variant.name}
        if own:
            found.append(_compared(variant, own, usual))
    return found


def made_by_several(compared: Sequence[Compared]) -> bool:
    """Whether pilots of different code are compared."""
    return len({made.software for each in compared for made in each.made}) > 1


def uneven_budgets(compared: Sequence[Compared]) -> bool:
    """Whether some saw more examples than others by more than a twentieth."""
    seen = [made.examples for each in compared for made in each.made]
    return max(seen) > 1.05 * min(seen)


def _compared(variant: Variant, own: Mapping[int, Pilot], usual: Mapping[int, Pilot]) -> Compared:
    both = [seed for seed in own if seed in usual]
    here, there = [usual[seed] for seed in both], [own[seed] for seed in both]
    laps = _laps(own.values())
    pushed = [each for pilot in own.values() for each in pilot.measured.starts]
    return Compared(
        name=variant.name,
        label=variant.label,
        question=variant.question,
        seeds=list(own),
        made=[pilot.made for pilot in own.values()],
        total=summarise([each.result for each in laps]),
        starts=starts(pushed) if pushed else None,
        steering_mae=intervals.mean(_mae(own.values())),
        throttle_r2=_mean(own.values(), lambda pilot: pilot.measured.offline.throttle_r2),
        claimed_mae=_mean(own.values(), lambda pilot: pilot.made.claimed_mae),
        difference=differences(_laps(here), _laps(there)),
        recovery_difference=_recovery_difference(here, there) if pushed else None,
        steering_mae_difference=intervals.paired(_mae(here), _mae(there)),
        events_by_seed=[_events(pilot) for pilot in own.values()],
        event_differences_by_seed=[
            _events(there) - _events(here) for here, there in zip(here, there, strict=True)
        ],
    )


Pilots = Sequence[Pilot]


def _laps(pilots: Iterable[Pilot]) -> list[Driven]:
    return [each for pilot in pilots for each in pilot.measured.laps]


def _mae(pilots: Iterable[Pilot]) -> list[float]:
    """By world, mean over the pilots."""
    table = [pilot.measured.offline.steering_mae for pilot in pilots]
    return np.mean(table, axis=0).tolist() if table else []


def _mean(pilots: Iterable[Pilot], figure: Callable[[Pilot], float]) -> float:
    return float(np.mean([figure(pilot) for pilot in pilots]))


def _events(pilot: Pilot) -> float:
    return summarise([each.result for each in pilot.measured.laps]).off_road_per_100_laps.value


def _recovery_difference(here: Pilots, there: Pilots) -> Interval:
    """Of the share of starts after which the car came back, by world."""
    first, second = _recovery_by_world(here), _recovery_by_world(there)
    worlds = [world for world in first if world in second]
    return intervals.paired([first[w] for w in worlds], [second[w] for w in worlds])


def _recovery_by_world(pilots: Pilots) -> dict[int, float]:
    worlds: dict[int, list[bool]] = {}
    for pilot in pilots:
        for each in pilot.measured.starts:
            worlds.setdefault(each.result.look_seed, []).append(recovered(each.result))
    return {world: float(np.mean(came_back)) for world, came_back in worlds.items()}
