"""Drives the simulated car and says how it went."""

import math
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import msgspec

from car.assembly import in_real_time, in_virtual_time
from car.bench.bare import bare_invocation_ms
from car.card_space import CardSpace, bytes_per_s
from car.config import CarConfig
from car.episode import Episode, EpisodeResult, drive_laps, with_expert_lap
from car.loop import Tick
from car.pictures.film import LapFilm
from car.pictures.video import VideoWriter
from car.pilots.choice import open_pilot
from car.pilots.network import NetworkPilot
from car.pilots.pilot import Pilot
from car.recorder import NoRecorder, Recorder
from car.simulation.world import World, WorldSpec
from car.timing import Timing
from tubs.about import TubAbout
from tubs.disk import LocalDisk
from tubs.errors import OutputError
from tubs.figures import write_figures
from tubs.writer import TubWriter


@dataclass(frozen=True)
class Drive:
    """What was asked for on the command line.

    Attributes:
        world: where to drive.
        pilot: its name, see car.pilots.choice.
        laps: how many.
        real_time: keep to the wall clock.
        record: folder of the tub to record in.
        video: file of the film.
    """

    world: WorldSpec
    pilot: str
    laps: int
    real_time: bool
    record: Path | None
    video: Path | None


def drive_simulated(drive: Drive, config: CarConfig, json_path: Path | None) -> bool:
    """Drive, print the result and the timing table, write the figures.

    Returns:
        Whether all laps were done without leaving the road.
    """
    world = World(drive.world, config.camera)
    pilot = open_pilot(drive.pilot, config, world)
    result, timing = _drive(drive, config, world, pilot)
    result = with_expert_lap(result, world)
    click.echo(describe(result))
    click.echo(timing.table())
    bare = bare_invocation_ms(pilot) if isinstance(pilot, NetworkPilot) else math.nan
    write_figures(json_path, figures(result, timing, bare))
    return result.laps_done >= result.laps_asked and not result.off_road_events


def _drive(
    drive: Drive, config: CarConfig, world: World, pilot: Pilot
) -> tuple[EpisodeResult, Timing]:
    """Drive the laps, with film and recorder where they are asked for."""
    watchers = []
    with ExitStack() as stack:
        recorder = _recorder(drive, config)
        if drive.video is not None:
            writer = VideoWriter(drive.video, config.camera.frames_per_s)
            watchers.append(stack.enter_context(LapFilm(writer, world, drive.laps)).watch)

        def watch(tick: Tick) -> None:
            for look in watchers:
                look(tick)

        assemble = in_real_time if drive.real_time else in_virtual_time
        outcome = drive_laps(
            Episode(world, pilot, recorder=recorder), config, drive.laps, watch, assemble=assemble
        )
    if drive.record is not None:
        click.echo(recorder.last_words())
        if recorder.fault:
            raise OutputError(recorder.fault)
    return outcome


def _recorder(drive: Drive, config: CarConfig) -> Recorder | NoRecorder:
    """A recorder; in virtual time the drive waits for it, in real time never."""
    if drive.record is None:
        return NoRecorder()
    about = TubAbout(
        car="simulated",
        config=msgspec.to_builtins(config),
        lens=msgspec.to_builtins(config.camera.lens),
    )
    wait_s = 0.0 if drive.real_time else 30.0
    camera = config.camera
    growth = bytes_per_s(camera.width_px, camera.height_px, camera.frames_per_s)
    space = CardSpace(LocalDisk(), drive.record, growth)
    return Recorder(TubWriter(drive.record, about), space=space, wait_s=wait_s)


def describe(result: EpisodeResult) -> str:
    """A drive in a few lines for a terminal."""
    laps = ", ".join(f"{seconds:.1f}" for seconds in result.lap_times_s) or "none"
    return (
        f"{result.track} on {result.surface}, seed {result.look_seed}: "
        f"{result.laps_done} of {result.laps_asked} laps, "
        f"{result.off_road_events} off-road events, {result.interventions} interventions\n"
        f"lap times {laps} s (the expert: {result.expert_lap_time_s:.1f} s); "
        f"cross-track error {100 * result.cross_track_rmse_m:.1f} cm rms; "
        f"delay {1000 * result.delay_s:.0f} ms from light to wheels"
    )


def figures(result: EpisodeResult, timing: Timing, bare_p50_ms: float) -> dict[str, Any]:
    """What `drive --json` writes."""
    summary = timing.summary()
    tick = {**summary.get("tick", {}), "bare_p50": bare_p50_ms}
    return {**msgspec.to_builtins(result), "ticks": timing.ticks, "tick_ms": tick, "ms": summary}
