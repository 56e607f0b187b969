"""Recordings of the simulator's expert: many short drives in many worlds, in one tub."""

import math
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec
import numpy as np

from car.actuators import Actuators
from car.config import CarConfig
from car.episode import Episode, drive_laps
from car.fleet import in_parallel, with_progress
from car.recorder import Recorder
from car.simulation.expert import DisturbedActuators, Expert, ExpertAtTheWheel
from car.simulation.world import World, WorldSpec
from tubs.about import TubAbout
from tubs.errors import OutputError
from tubs.writer import TubWriter

START_OFFSET = 0.6
"""Of the half width: how far off the middle a drive may start."""
START_TURN_RAD = 0.35


@dataclass(frozen=True)
class Recording:
    """How to record.

    Attributes:
        folder: the tub.
        config: of the car.
        seconds: length of a session.
        disturbed: push the wheel now and then, and start off the middle.
    """

    folder: Path
    config: CarConfig
    seconds: float
    disturbed: bool = True


class RecordingSummary(msgspec.Struct, frozen=True):
    """What was recorded."""

    records: int
    sessions: int
    off_road_events: int


Sessions = Iterator[tuple[int, int]]
"""Records and off-road events of each session, as they are done."""


def record_expert(
    recording: Recording,
    worlds: Sequence[WorldSpec],
    workers: int,
    shown: Callable[[Sessions, int, str], Sessions] = with_progress,
) -> RecordingSummary:
    """Record one session in every world; the tub is there whole or not at all.

    Args:
        recording: how.
        worlds: where.
        workers: processes.
        shown: passes sessions on, of so many, and says how far it is.

    Raises:
        OutputError: the folder exists already, or cannot be written.
        SimulationError: a world that cannot be made.
    """
    folder = recording.folder
    if folder.exists():
        raise OutputError(f"{folder} exists already: name a new folder for the tub")
    jobs = list(enumerate(worlds))
    try:
        done = in_parallel(partial(_record_session, recording), jobs, workers)
        sessions = list(shown(done, len(jobs), "recording"))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return RecordingSummary(
        records=sum(records for records, _ in sessions),
        sessions=len(sessions),
        off_road_events=sum(events for _, events in sessions),
    )


def _record_session(recording: Recording, job: tuple[int, WorldSpec]) -> tuple[int, int]:
    """Drive once and give the number of records and of off-road events."""
    number, spec = job
    config, world = recording.config, World(spec, recording.config.camera)
    about = TubAbout(
        car="simulated",
        config=msgspec.to_builtins(config),
        lens=msgspec.to_builtins(config.camera.lens),
    )
    name = f"session-{number:05d}-{spec.track.replace(':', '-').replace('/', '-')}"
    recorder = Recorder(
        TubWriter(recording.folder, about, name, math.inf), wait_s=60.0, drain_s=60.0
    )
    around = partial(_disturbed, spec.seed, config) if recording.disturbed else _undisturbed
    if recording.disturbed:
        _start_askew(world)
    episode = Episode(world, None, ExpertAtTheWheel(Expert(world)), recorder, around)
    result, _ = drive_laps(episode, config, 1_000_000, seconds=recording.seconds)
    if recorder.fault:
        raise OutputError(recorder.fault)
    return recorder.recorded, result.off_road_events


def _start_askew(world: World) -> None:
    """Begin off the middle and not quite along the road, where recoveries are to be learned."""
    rng = np.random.default_rng([world.spec.seed, 17])
    reach = START_OFFSET * world.track.width_m / 2
    world.restart(
        offset_m=float(rng.uniform(-reach, reach)),
        turned_rad=float(rng.uniform(-START_TURN_RAD, START_TURN_RAD)),
    )


def _disturbed(seed: int, config: CarConfig, actuators: Actuators) -> Actuators:
    return DisturbedActuators(actuators, seed, 1.0 / config.camera.frames_per_s)


def _undisturbed(actuators: Actuators) -> Actuators:
    return actuators
