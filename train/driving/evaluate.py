"""Closed-loop evaluation of one episode: a pilot drives a road, in a look and a car of its own."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from car.config import CarConfig
from car.episode import Episode, EpisodeResult, drive_laps, with_expert_lap
from car.loop import Tick
from car.pilots.choice import open_pilot
from car.pilots.pilot import Pilot
from car.simulation.attendant import Attendant
from car.simulation.vehicle import X, Y
from car.simulation.world import World, WorldSpec


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
        pilot: as open_pilot takes it, or a pilot file, or None for the expert.
        world: where.
        laps: how many.
        config: of the car.
    """

    pilot: Path | str | None
    world: WorldSpec
    laps: int
    config: CarConfig


def run_trial(trial: Trial) -> tuple[EpisodeResult, Path2d]:
    """Drive one trial in virtual time through loop, guard and chip."""
    world = World(trial.world, trial.config.camera)
    episode = Episode(world, pilot_of(trial, world), Attendant(world.marshal))
    trace: list[tuple[float, float, float]] = []
    result, _ = drive_laps(episode, trial.config, trial.laps, partial(_note, world, trace))
    events = np.array(world.marshal.standing.events).reshape(-1, 2)
    track = np.array(trace).reshape(-1, 3)
    return with_expert_lap(result, world), Path2d(track[:, :2], track[:, 2], events)


def pilot_of(trial: Trial, world: World) -> Pilot:
    """Open the pilot of a trial.

    Raises:
        PilotError: the file cannot be used with this camera here.
    """
    word = "expert" if trial.pilot is None else str(trial.pilot)
    return open_pilot(word, trial.config, world)


def _note(world: World, trace: list[tuple[float, float, float]], tick: Tick) -> None:
    state = world.vehicle.state
    trace.append((float(state[X]), float(state[Y]), world.marshal.standing.cross_track_m))
