"""Closed-loop evaluation: a pilot drives many roads, each in a look and a car of its own."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
from scipy import stats

from car.config import CarConfig
from car.episode import Episode, EpisodeResult, drive_laps, with_expert_lap
from car.loop import Tick
from car.pilots.network import NetworkPilot
from car.pilots.pilot import Pilot
from car.simulation.expert import Expert
from car.simulation.vehicle import X, Y
from car.simulation.world import World, WorldSpec

CONFIDENCE = 0.95


class Interval(msgspec.Struct, frozen=True):
    """A figure with the bounds of its 95 % confidence interval."""

    value: float
    low: float
    high: float


class Total(msgspec.Struct, frozen=True):
    """All episodes together; tracks, not laps, are the sample.

    Attributes:
        episodes: how many.
        laps_asked: in all.
        laps_done: in all.
        off_road_events: in all.
        interventions: in all.
        off_road_per_100_laps: with the exact Poisson interval (Garwood 1936).
        clean_episodes: share of episodes without any event (Wilson 1927).
        autonomy: mean over episodes (Student's t).
        cross_track_rmse_m: mean over episodes (Student's t).
        lap_time_ratio: lap time over the expert's, mean over episodes (Student's t).
        steering_rate_per_s: mean over episodes (Student's t).
    """

    episodes: int
    laps_asked: int
    laps_done: int
    off_road_events: int
    interventions: int
    off_road_per_100_laps: Interval
    clean_episodes: Interval
    autonomy: Interval
    cross_track_rmse_m: Interval
    lap_time_ratio: Interval
    steering_rate_per_s: Interval


@dataclass(frozen=True)
class Path2d:
    """Where the car was, a point a tick.

    Attributes:
        path_m: float64 (n, 2).
        cross_track_m: float64 (n,), left positive.
        off_road_m: float64 (events, 2).
    """

    path_m: np.ndarray[tuple[int, int], np.dtype[np.float64]]
    cross_track_m: np.ndarray[tuple[int], np.dtype[np.float64]]
    off_road_m: np.ndarray[tuple[int, int], np.dtype[np.float64]]


@dataclass(frozen=True)
class Trial:
    """One episode to drive.

    Attributes:
        pilot: a pilot file, or None for the expert.
        world: where.
        laps: how many.
        config: of the car.
    """

    pilot: Path | None
    world: WorldSpec
    laps: int
    config: CarConfig


def run_trial(trial: Trial) -> tuple[EpisodeResult, Path2d]:
    """Drive one trial in virtual time through loop, guard and chip."""
    world = World(trial.world, trial.config.camera)
    pilot = _pilot(trial, world)
    trace: list[tuple[float, float, float]] = []
    result, _ = drive_laps(
        Episode(world, pilot), trial.config, trial.laps, partial(_note, world, trace)
    )
    events = np.array(world.marshal.standing.events).reshape(-1, 2)
    track = np.array(trace).reshape(-1, 3)
    return with_expert_lap(result, world), Path2d(track[:, :2], track[:, 2], events)


def _pilot(trial: Trial, world: World) -> Pilot:
    if trial.pilot is None:
        return Expert(world)
    return NetworkPilot(trial.pilot, trial.config.camera)


def _note(world: World, trace: list[tuple[float, float, float]], tick: Tick) -> None:
    state = world.vehicle.state
    trace.append((float(state[X]), float(state[Y]), world.marshal.standing.cross_track_m))


def summarise(results: Sequence[EpisodeResult]) -> Total:
    """Add up episodes."""
    laps = sum(result.laps_done for result in results)
    events = sum(result.off_road_events for result in results)
    clean = sum(not result.off_road_events for result in results)
    ratios = [
        float(np.mean(result.lap_times_s)) / result.expert_lap_time_s
        for result in results
        if result.lap_times_s
    ]
    return Total(
        episodes=len(results),
        laps_asked=sum(result.laps_asked for result in results),
        laps_done=laps,
        off_road_events=events,
        interventions=sum(result.interventions for result in results),
        off_road_per_100_laps=_rate(events, laps / 100),
        clean_episodes=_share(clean, len(results)),
        autonomy=_mean([result.autonomy for result in results]),
        cross_track_rmse_m=_mean([result.cross_track_rmse_m for result in results]),
        lap_time_ratio=_mean(ratios),
        steering_rate_per_s=_mean([result.steering_rate_per_s for result in results]),
    )


def _rate(count: int, exposure: float) -> Interval:
    """Events per unit of exposure, with the exact Poisson interval."""
    if exposure <= 0:
        return Interval(math.nan, math.nan, math.nan)
    tail = (1 - CONFIDENCE) / 2
    low = stats.chi2.ppf(tail, 2 * count) / 2 if count else 0.0
    high = stats.chi2.ppf(1 - tail, 2 * count + 2) / 2
    return Interval(count / exposure, float(low) / exposure, float(high) / exposure)


def _share(count: int, total: int) -> Interval:
    """A proportion with Wilson's interval."""
    interval = stats.binomtest(count, total).proportion_ci(CONFIDENCE, "wilson")
    return Interval(count / total, float(interval.low), float(interval.high))


def _mean(values: Sequence[float]) -> Interval:
    """A mean with Student's interval."""
    if len(values) < 2:
        value = float(np.mean(values)) if values else math.nan
        return Interval(value, math.nan, math.nan)
    mean = float(np.mean(values))
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * stats.sem(values))
    return Interval(mean, mean - half, mean + half)
