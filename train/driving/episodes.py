"""What a worker process does: one episode from its job to its figures and pictures."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec
import numpy as np

from car.episode import Episode, EpisodeResult, drive_laps, with_expert_lap
from car.simulation.attendant import Attendant
from car.simulation.conditions import drawn_start
from car.simulation.marshal import Standing
from car.simulation.recovery import Recoveries
from car.simulation.scene import Scene
from car.simulation.track import Track
from car.simulation.world import World
from car.timing import Timing
from train.driving.evaluate import Trial, pilot_of
from train.driving.failure_sheet import draw_sheet
from train.driving.failures import Failure, FailureWatch, NoPictures, Pictures

NOMINAL = "nominal"
START_SECONDS = 12.0
"""A disturbed start has so long to be back; two seconds of it are for staying."""


@dataclass(frozen=True)
class Job:
    """An episode to drive.

    Attributes:
        key: of all that it depends on; see train.driving.ledger.
        trial: who drives where.
        scenario: its name; NOMINAL without one.
        start: number of the disturbed start, which ends once the car is back or off the road; None
            drives the trial's laps.
        pictures: folder for pictures of failures; None makes none.
    """

    key: str
    trial: Trial
    scenario: str = NOMINAL
    start: int | None = None
    pictures: Path | None = None

    @property
    def name(self) -> str:
        """In words, for messages."""
        world = self.trial.world
        start = "" if self.start is None else f", start {self.start}"
        return f"{world.track} ({self.scenario}, {world.surface}, seed {world.seed}{start})"


class Driven(msgspec.Struct, frozen=True):
    """An episode that was driven.

    Attributes:
        key: that of its job.
        scenario: its name.
        start: number of the disturbed start, or None.
        result: its figures, the same every time but for `late_ticks`.
        failures: where it left the road or had to be put back.
        decide_ms: median and 99th percentile of the pilot's decisions, by the wall clock.
    """

    key: str
    scenario: str
    start: int | None
    result: EpisodeResult
    failures: list[Failure]
    decide_ms: tuple[float, float]


def run_job(job: Job) -> Driven:
    """Drive a job's episode in virtual time through loop, guard and chip.

    Raises:
        EverlapError: a part failed, or a picture could not be written.
    """
    logging.getLogger("car").setLevel(logging.ERROR)  # stops are counted, not told one by one
    trial = job.trial
    world = World(trial.world, trial.config.camera, painted)
    if job.start is not None:
        _start_elsewhere(world, job.start)
    failures = FailureWatch(world, _pictures(job, world))
    recoveries = Recoveries(away=job.start is not None)
    episode = Episode(
        world, pilot_of(trial, world), Attendant(world.marshal), recoveries=recoveries
    )
    if job.start is None:
        result, timing = drive_laps(episode, trial.config, trial.laps, failures.watch)
        result = with_expert_lap(result, world)
    else:
        result, timing = drive_laps(
            episode, trial.config, 1, failures.watch, START_SECONDS, enough=_decided(recoveries)
        )
    failures.end()
    return Driven(job.key, job.scenario, job.start, result, failures.failures, _decide_ms(timing))


def _start_elsewhere(world: World, start: int) -> None:
    """Put the car at one of the disturbed starts of its world."""
    rng = np.random.default_rng([world.spec.seed, 41, start])
    index = int(rng.integers(len(world.track)))
    offset_m, turned_rad = drawn_start(world.spec.conditions, world.track.width_m / 2, rng)
    world.reseed(int(rng.integers(2**31)))
    world.restart(index, offset_m, turned_rad)


def _decided(recoveries: Recoveries) -> Callable[[Standing], bool]:
    def decided(standing: Standing) -> bool:
        return bool(recoveries.times_s or standing.off_road_events or standing.interventions)

    return decided


def _pictures(job: Job, world: World) -> Pictures | NoPictures:
    if job.pictures is None:
        return NoPictures()
    return Pictures(job.pictures, f"{job.scenario}-{job.key[:10]}", job.name, world, draw_sheet)


def _decide_ms(timing: Timing) -> tuple[float, float]:
    summary = timing.summary().get("decide")
    return (summary["p50"], summary["p99"]) if summary else (float("nan"), float("nan"))


def painted(track: Track, surface: str, seed: int, level: float) -> Scene:
    """Paint a scene, or take one of the last two of this process: scenarios share their worlds."""
    return _painted(_Road(track), surface, seed, level)


class _Road:
    """A track as the key of a cache: the same when its line and width are."""

    def __init__(self, track: Track) -> None:
        self.track = track
        self._key = (track.width_m, track.centre_m.tobytes())

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Road) and self._key == other._key


@lru_cache(maxsize=2)
def _painted(road: _Road, surface: str, seed: int, level: float) -> Scene:
    return Scene(road.track, surface, seed, level)
