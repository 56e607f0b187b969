"""The worlds of a suite: roads, looks and cars, one of each a track."""

import msgspec

from car.errors import SimulationError
from car.simulation.scene import FOREIGN, INVENTED, SURFACES
from car.simulation.tracks import parse_track, parse_tracks
from car.simulation.world import WorldSpec
from train.driving.scenarios import Suite, foreign_surface


def worlds_of(suite: Suite, surface: str | None = None) -> list[WorldSpec]:
    """The nominal worlds of a suite.

    Raises:
        SimulationError: no such track or surface, or a level out of range.
    """
    names = parse_tracks(suite.tracks)
    for name in names:
        if not name.partition(":")[2].isdecimal():
            parse_track(name)
    surfaces = (*SURFACES, INVENTED, *FOREIGN)
    if surface is not None and surface not in surfaces:
        known = ", ".join(surfaces)
        raise SimulationError(f"unknown surface {surface!r}: give one of {known}")
    in_turn = foreign_surface if suite.surfaces else surface_in_turn
    return [
        WorldSpec(
            track=name,
            surface=surface or in_turn(number),
            seed=suite.seed + number,
            look=suite.look,
            car=suite.car_level,
            extra_delay_s=suite.delay,
            conditions=suite.conditions,
        )
        for number, name in enumerate(names)
    ]


def surface_in_turn(number: int) -> str:
    """The surfaces one after the other."""
    return SURFACES[number % len(SURFACES)]


def with_disturbed_starts(suite: Suite) -> Suite:
    """Starts up to 0.8 half widths off the middle and 25 degrees askew, where none are named."""
    conditions = msgspec.structs.replace(
        suite.conditions, start_offset_share=0.8, start_turned_deg=25.0
    )
    return msgspec.structs.replace(suite, conditions=conditions)
