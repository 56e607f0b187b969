"""Records to measure tubs with: pictures of a simulated drive, 20 a second."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from car.config import CarConfig
from car.simulation.expert import Expert
from car.simulation.world import World, WorldSpec
from tubs.record import Record

PICTURES = 100
PERIOD_S = 0.05


def take_pictures(count: int = PICTURES) -> NDArray[np.uint8]:
    """Let the expert drive; uint8 (count, 120, 160, 3) RGB."""
    world = World(WorldSpec("random:1000", "asphalt", 1, 0.7, 0.5), CarConfig().camera)
    expert = Expert(world)
    images = []
    for _ in range(count):
        world.advance(*expert.command(), PERIOD_S)
        images.append(world.look()[0])
    return np.stack(images)


def drive_records(images: NDArray[np.uint8], count: int) -> list[Record]:
    """A drive at 20 Hz in which the pictures come round again and again."""
    return [
        Record(
            image=images[number % len(images)],
            captured_s=PERIOD_S * number,
            applied_s=PERIOD_S * number + 0.004,
            steering=number % 201 / 100 - 1,
            throttle=0.3,
            mode="human",
            human_steering=number % 201 / 100 - 1,
            human_throttle=0.35,
            speed_m_s=1.5,
        )
        for number in range(count)
    ]


def keep_pictures(path: Path, images: NDArray[np.uint8]) -> Path:
    """Put them where a process of another Python finds them."""
    np.save(path, images)
    return path
