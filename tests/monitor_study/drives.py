"""Drives on many roads while nobody but the study watches, kept frame by frame."""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from car.config import CarConfig
from car.episode import Episode, drive_laps
from car.loop import Tick
from car.monitor_settings import MonitorConfig
from car.pilots.network import NetworkPilot
from car.simulation.world import World, WorldSpec
from tests.monitor_study.trouble import KINDS, TroubledPilot

LAPS = 10_000


class Plan(msgspec.Struct, frozen=True):
    """One drive.

    Attributes:
        kind: `clean` is the pilot as it is; `troubled` is one to whom things happen; `weak` is one
            that widens its bends and reacts late.
        track: name of the road.
        seed: of look, car and trouble.
        look: how varied the look is, 0 to 1.
        car: how varied the car is, 0 to 1.
        extra_delay_s: between light and wheels.
    """

    kind: str
    track: str
    seed: int
    look: float
    car: float
    extra_delay_s: float

    @property
    def name(self) -> str:
        """Of the file that keeps it."""
        return f"{self.kind}-{self.track.replace(':', '')}-{self.seed}"


HARD = ("hairpins", "figure-eight", "chicane")


def plan(kind: str, number: int) -> Plan:
    """The drive of a number: every eighth on a hard road, all others on roads of their own."""
    dice = np.random.default_rng([number, ("clean", "troubled", "weak").index(kind), 23])
    hard = number % 8 == 7
    track = HARD[number // 8 % len(HARD)] if hard else f"random:{810_000 + number}"
    return Plan(
        kind=kind,
        track=track,
        seed=int(dice.integers(2**31)),
        look=float(dice.choice([0.5, 0.5, 1.0])),
        car=float(dice.uniform(0, 1)),
        extra_delay_s=float(dice.uniform(0, 0.06)),
    )


@dataclass
class Watcher:
    """Notes what a monitor could know at each frame, and what it cannot: the truth.

    Attributes:
        rows: time, steering, steering_std, throttle, off road, put back so often, cross-track
            error over half the width, speed, trouble.
        maps: class maps.
    """

    world: World
    pilot: TroubledPilot

    def __post_init__(self) -> None:
        self.rows: list[tuple[float, ...]] = []
        self.maps: list[NDArray[np.uint8]] = []

    def watch(self, tick: Tick) -> None:
        """Take a tick."""
        decision, standing = tick.decision, self.world.marshal.standing
        assert decision is not None
        assert decision.class_map is not None
        trouble = self.pilot.trouble
        self.rows.append(
            (
                standing.driven_s,
                decision.command.steering,
                decision.steering_std,
                decision.command.throttle,
                float(standing.off_road),
                float(standing.interventions),
                standing.cross_track_m / (self.world.track.width_m / 2),
                self.world.speed_m_s,
                float(1 + KINDS.index(trouble)) if trouble else 0.0,
            )
        )
        self.maps.append(decision.class_map)


def record(pilot: Path, drive: Plan, seconds: float, folder: Path, config: CarConfig) -> Path:
    """Drive once with the monitor only watching, and keep it; what is kept already is not driven.

    Returns:
        The file.
    """
    path = folder / f"{drive.name}.npz"
    if path.exists():
        return path
    config = msgspec.structs.replace(config, monitor=MonitorConfig(action="off"))
    world = World(world_spec(drive), config.camera)
    troubled = troubled_pilot(pilot, world, drive, config)
    watcher = Watcher(world, troubled)
    drive_laps(Episode(world, troubled), config, LAPS, watcher.watch, seconds)
    beginning = path.with_suffix(".part.npz")
    np.savez_compressed(
        beginning,
        rows=np.array(watcher.rows, np.float32),
        maps=np.array(watcher.maps, np.uint8),
        plan=msgspec.json.encode(drive).decode(),
    )
    beginning.rename(path)
    return path


def world_spec(drive: Plan) -> WorldSpec:
    """The world of a drive."""
    return WorldSpec(
        drive.track,
        seed=drive.seed,
        look=drive.look,
        car=drive.car,
        extra_delay_s=drive.extra_delay_s,
    )


def troubled_pilot(pilot: Path, world: World, drive: Plan, config: CarConfig) -> TroubledPilot:
    """The pilot of a drive, with what happens to it."""
    network = NetworkPilot(pilot, config.camera)
    dice = np.random.default_rng([drive.seed, 29])
    if drive.kind == "weak":
        gain, lag = float(dice.uniform(0.45, 0.75)), float(dice.uniform(0.2, 0.6))
        return TroubledPilot(network, world, (), drive.seed, gain, lag)
    return TroubledPilot(network, world, KINDS if drive.kind == "troubled" else (), drive.seed)
