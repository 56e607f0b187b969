"""Drives over a recorded tub: real frames in at their own pace, pulses out."""

import math
import time
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np

from car.assembly import Bench, on_the_bench
from car.command import Command
from car.config import CarConfig
from car.driver import driver_of
from car.drivers.replay import ReplayCamera
from car.errors import GuardError
from car.human import Starter
from car.loop import Tick, drive
from car.modes import Event, Mode
from car.pictures.overlay import Hud, draw_overlay
from car.pictures.video import VideoWriter
from car.pilots.choice import open_pilot
from car.pilots.pilot import Decision, Pilot
from car.recorder import NoRecorder
from car.timing import Timing
from tubs.atomic import written_whole
from tubs.figures import write_figures
from tubs.reader import Tub

COLUMNS = (
    "frame,captured_s,human_steering,human_throttle,pilot_steering,pilot_throttle,"
    "sent_steering,sent_throttle,steering_us,throttle_us"
)


class Row(NamedTuple):
    """One frame of a replay, in the order of COLUMNS."""

    frame: int
    captured_s: float
    human: Command
    pilot: Command
    sent: Command
    steering_us: float
    throttle_us: float


class Replay(NamedTuple):
    """What came out of a replay; one row and one decision a frame."""

    rows: list[Row]
    decisions: list[Decision]
    stopped: int
    timing: Timing
    late_frames: int


def replay_tub(
    tub: Path,
    pilot: str,
    config: CarConfig,
    pace: float,
    video: Path | None,
    pulses: Path | None,
    json_path: Path | None,
) -> None:
    """Replay a tub through pilot, loop, guard process and chip; print how the two compare.

    Raises:
        TubError: the tub cannot be read.
        PilotError: the pilot cannot be used with its images.
        OutputError: a result cannot be written.
    """
    opened = open_pilot(pilot, config)
    source = Tub(tub)
    longest_s = 0.6 * config.guard.deadline_s
    camera = ReplayCamera(source, time.monotonic, time.sleep, pace, longest_s)
    result = _run(camera, opened, config, pace)
    click.echo(_describe(result, len(source)))
    click.echo(result.timing.table())
    if pulses is not None:
        with written_whole(pulses) as draft:
            draft.write_text("\n".join([COLUMNS, *map(_line, result.rows)]) + "\n")
    if video is not None:
        _film(result, source, video, config.camera.frames_per_s)
    write_figures(json_path, _figures(result))
    if result.stopped:
        raise GuardError(
            f"the guard stopped the drive: {result.stopped} of {len(result.rows)} frames were not "
            "driven, for commands came too late; try a smaller --pace or a less busy machine"
        )


def _run(camera: ReplayCamera, pilot: Pilot, config: CarConfig, pace: float) -> Replay:
    timing = Timing(1.0 / (config.camera.frames_per_s * pace))
    rows: list[Row] = []
    decisions: list[Decision] = []
    modes: list[Mode] = []
    driver = driver_of(config, Starter(Event.CHOOSE_PILOT), pilot)
    with on_the_bench(config) as bench:

        def watch(tick: Tick) -> None:
            assert tick.decision is not None
            rows.append(_row(tick, tick.decision, camera, bench))
            decisions.append(tick.decision)
            modes.append(tick.mode)

        drive(camera, driver, bench.actuators, NoRecorder(), time.monotonic, timing, watch)
    stopped = sum(mode is not Mode.PILOT for mode in modes)
    return Replay(rows, decisions, stopped, timing, camera.late)


def _row(tick: Tick, decision: Decision, camera: ReplayCamera, bench: Bench) -> Row:
    record = camera.record
    assert record is not None
    steering = record.human_steering if record.human_steering is not None else record.steering
    throttle = record.human_throttle if record.human_throttle is not None else record.throttle
    return Row(
        tick.frame.number,
        tick.frame.captured_s,
        Command(steering, throttle),
        decision.command,
        tick.sent,
        bench.steering_us() or math.nan,
        bench.throttle_us() or math.nan,
    )


def _film(replay: Replay, tub: Tub, path: Path, frames_per_s: float) -> None:
    """Draw the film after the drive, for which it would be too slow."""
    with VideoWriter(path, frames_per_s) as film:
        for row, decision in zip(replay.rows, replay.decisions, strict=True):
            hud = Hud(
                steering=row.sent.steering,
                throttle=row.sent.throttle,
                steering_std=decision.steering_std,
                reference_steering=row.human.steering,
                reference_name="human",
                mode="pilot",
                caption=f"frame {row.frame} · {row.steering_us:.0f} us · {row.throttle_us:.0f} us",
            )
            film.write(draw_overlay(tub[row.frame].image, decision.class_map, hud))


def _line(row: Row) -> str:
    commands = (*row.human, *row.pilot, *row.sent)
    numbers = ",".join(f"{value:.4f}" for value in commands)
    return f"{row.frame},{row.captured_s:.4f},{numbers},{row.steering_us:.1f},{row.throttle_us:.1f}"


def _errors(result: Replay) -> tuple[float, float]:
    """Mean absolute difference between human and pilot, and between human and their median."""
    human = np.array([row.human.steering for row in result.rows])
    pilot = np.array([row.pilot.steering for row in result.rows])
    return float(np.abs(human - pilot).mean()), float(np.abs(human - np.median(human)).mean())


def _describe(result: Replay, records: int) -> str:
    error, constant = _errors(result)
    servo = [row.steering_us for row in result.rows]
    return (
        f"{len(result.rows)} of {records} frames, {result.late_frames} fetched late\n"
        f"steering differs from the human's by {error:.3f} on average "
        f"(holding the human's median still: {constant:.3f})\n"
        f"servo pulses {np.nanmin(servo):.0f} to {np.nanmax(servo):.0f} us"
    )


def _figures(result: Replay) -> dict[str, object]:
    error, constant = _errors(result)
    summary = result.timing.summary()
    return {
        "frames": len(result.rows),
        "stopped_frames": result.stopped,
        "late_frames": result.late_frames,
        "late_ticks": result.timing.late_ticks,
        "steering_mae": error,
        "constant_mae": constant,
        "tick_ms": summary.get("tick", {}),
        "ms": summary,
    }
