"""Pictures as a car's camera takes them, driven past by the simulator's expert."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from car.config import CarConfig
from car.simulation.expert import Expert
from car.simulation.world import World, WorldSpec


def take_pictures(count: int, seed: int) -> NDArray[np.uint8]:
    """Drive for a while; uint8 (count, 120, 160, 3) RGB, no two the same."""
    world = World(WorldSpec(f"random:{seed}", "asphalt", seed, 0.7, 0.5), CarConfig().camera)
    expert = Expert(world)
    images = []
    for _ in range(count):
        world.advance(*expert.command(), 0.05)
        images.append(world.look()[0])
    return np.stack(images)


def keep_pictures(path: Path, count: int, seed: int) -> Path:
    """Put them into a file that every process can open without rendering them again."""
    np.save(path, take_pictures(count, seed))
    return path
