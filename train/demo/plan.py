"""What the demo is to do: how much of everything, and where."""

from dataclasses import dataclass
from pathlib import Path

from car.simulation.scene import SURFACES
from car.simulation.world import WorldSpec

TRAINED_ON, DRIVEN_ON = 100_000, 700_000
"""Track seeds begin here; those driven at the end are never among those learned from."""
EXTRA_DELAY_S = 0.06
LABEL_DELAY_S = 0.06


@dataclass(frozen=True)
class DemoPlan:
    """How much of everything.

    Attributes:
        folder: where all goes.
        seed: of everything random.
        worlds: how many roads to record on.
        seconds: length of each recording.
        minutes: of training.
        tracks: how many new roads to drive.
        laps: on each of them.
    """

    folder: Path
    seed: int = 0
    worlds: int = 120
    seconds: float = 9.0
    minutes: float = 5.0
    tracks: int = 3
    laps: int = 10


def training_worlds(plan: DemoPlan) -> list[WorldSpec]:
    """Roads to learn from: all surfaces in turn, looks from plain to wild, cars of all kinds."""
    first = TRAINED_ON + 1000 * plan.seed
    return [
        WorldSpec(
            f"random:{first + number}",
            SURFACES[number % len(SURFACES)],
            first + number,
            look=0.3 + 0.7 * (number % 5) / 4,
            car=0.6,
        )
        for number in range(plan.worlds)
    ]


def new_worlds(plan: DemoPlan) -> list[WorldSpec]:
    """Roads, looks and cars that were not learned from, with 60 ms more delay."""
    first = DRIVEN_ON + 1000 * plan.seed
    return [
        WorldSpec(
            f"random:{first + number}",
            SURFACES[(2 * number) % len(SURFACES)],
            first + number,
            look=0.5,
            car=0.0,
            extra_delay_s=EXTRA_DELAY_S,
        )
        for number in range(plan.tracks)
    ]
