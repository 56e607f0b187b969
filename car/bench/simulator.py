"""Measures the simulator, in CPU time of one process."""

from time import process_time

import cv2
import msgspec
import numpy as np

from car.config import CarConfig
from car.episode import Episode, drive_laps
from car.simulation.env import EverlapEnv
from car.simulation.expert import Expert
from car.simulation.world import World, WorldSpec


class SimulatorSpeed(msgspec.Struct, frozen=True):
    """What was measured; rates are per second of CPU time on one core."""

    frames_per_s: float
    pictures_per_cpu_s: float
    steps_per_cpu_s: float
    ticks_per_cpu_s: float
    times_real_time: float
    paint_s: float


def measure_simulator(steps: int, surface: str) -> SimulatorSpeed:
    """Measure picture, environment step and tick through the chip, after a warm-up of each."""
    cv2.setNumThreads(1)
    config = CarConfig()
    spec = WorldSpec("random:1000", surface, 1, 0.7, 0.5)
    World(spec, config.camera).look()
    began = process_time()
    world = World(spec, config.camera)
    paint_s = process_time() - began
    ticks = _ticks(world, config, steps)
    return SimulatorSpeed(
        frames_per_s=config.camera.frames_per_s,
        pictures_per_cpu_s=_pictures(world, steps),
        steps_per_cpu_s=_steps(surface, steps),
        ticks_per_cpu_s=ticks,
        times_real_time=ticks / config.camera.frames_per_s,
        paint_s=paint_s,
    )


def _pictures(world: World, count: int) -> float:
    """Pictures with noise and labels, the car driven round by its expert in between."""
    expert, spent = Expert(world), 0.0
    for _ in range(count):
        world.advance(*expert.command(), 0.05)
        began = process_time()
        world.look()
        spent += process_time() - began
    return count / spent


def _steps(surface: str, count: int) -> float:
    env = EverlapEnv("random:1000", look=0.7, worlds=1)
    env.reset(seed=1, options={"surface": surface})
    expert = Expert(env.world)
    began = process_time()
    for _ in range(count):
        env.step(np.array(expert.command(), np.float32))
    return count / (process_time() - began)


def _ticks(world: World, config: CarConfig, count: int) -> float:
    """Whole ticks: world, camera, loop, guard, chip driver and chip, without a network."""
    seconds = count / config.camera.frames_per_s
    drive_laps(Episode(world, Expert(world)), config, 1_000_000, seconds=3.0)
    began = process_time()
    _, timing = drive_laps(Episode(world, Expert(world)), config, 1_000_000, seconds=3.0 + seconds)
    return timing.ticks / (process_time() - began)
