"""Places unlike those of life: foreign ones, to judge by, and invented ones, to learn from."""

import itertools
from typing import NamedTuple

import numpy as np

from car.simulation import materials
from car.simulation.dice import Colour, Dice
from car.simulation.look import Look, lamps, outdoors
from car.simulation.materials import Material
from car.simulation.stripes import Stripe, road_stripes, tape_stripes

INVENTED = "invented"
"""A road of any material and colour between any other: what no place looks like, to learn from."""

MATERIALS: tuple[Material, ...] = (
    *(materials.asphalt, materials.concrete, materials.carpet, materials.tiles),
    *(materials.planks, materials.grass, materials.soil, materials.paving),
)

LEAST_CONTRAST = 45.0
"""Of 255, in the colour that tells an invented road without lines from the ground beside it."""


class ForeignLook(NamedTuple):
    """A place unlike all that is recorded; for judging only.

    Attributes:
        indoors: there are walls and no sky.
        road: material of the road.
        road_rgb: its colour.
        ground: material beside it.
        ground_rgb: its colour.
        lines: what kind of them: none, taped, or painted.
    """

    indoors: bool
    road: Material
    road_rgb: tuple[int, int, int]
    ground: Material
    ground_rgb: tuple[int, int, int]
    lines: str


FOREIGN: dict[str, ForeignLook] = {
    "snow": ForeignLook(
        False, materials.soil, (150, 156, 166), materials.soil, (232, 236, 242), "none"
    ),
    "red-court": ForeignLook(
        True, materials.concrete, (168, 74, 52), materials.concrete, (168, 74, 52), "taped"
    ),
    "lawn-path": ForeignLook(
        False, materials.grass, (150, 172, 96), materials.grass, (40, 82, 34), "none"
    ),
    "heather": ForeignLook(
        False, materials.paving, (206, 196, 170), materials.grass, (132, 84, 120), "none"
    ),
    "garage-mat": ForeignLook(
        True, materials.carpet, (36, 36, 40), materials.concrete, (58, 96, 150), "none"
    ),
    "beach": ForeignLook(
        False, materials.planks, (132, 112, 92), materials.soil, (226, 204, 160), "none"
    ),
    "playroom": ForeignLook(
        True, materials.tiles, (64, 140, 158), materials.carpet, (224, 176, 52), "taped"
    ),
    "night-market": ForeignLook(
        True, materials.paving, (98, 70, 120), materials.planks, (52, 120, 84), "painted"
    ),
}
"""Looks outside of the families that SURFACES draw from: nothing may be recorded on them."""

INVENTED_PAIRS: tuple[tuple[Material, Material], ...] = tuple(
    pair
    for pair in itertools.product(MATERIALS, MATERIALS)
    if pair not in {(kind.road, kind.ground) for kind in FOREIGN.values()}
)
"""Road and ground of invented places: no pair that a foreign one has."""


def foreign_look(surface: str, width_m: float, dice: Dice) -> Look:
    """Choose the look of one of FOREIGN."""
    kind = FOREIGN[surface]
    road_colour, ground_colour = dice.near(kind.road_rgb, 14), dice.near(kind.ground_rgb, 14)
    stripes: tuple[Stripe, ...] = ()
    if kind.lines == "taped":
        stripes = tape_stripes(width_m, road_colour, dice)
    elif kind.lines == "painted":
        stripes = road_stripes("asphalt", width_m, dice)
    return Look(
        surface=surface,
        indoors=kind.indoors,
        road=kind.road,
        road_colour=road_colour,
        ground=kind.ground,
        ground_colour=ground_colour,
        one_floor=kind.road is kind.ground and kind.road_rgb == kind.ground_rgb,
        stripes=stripes,
        edge_m=0.015,
        wobble_m=0.0 if kind.indoors else dice.between(0.0, 0.015),
        rut=0.0,
        roughness=(0.5, 0.7),
        weather=lamps(dice) if kind.indoors else outdoors(dice),
    )


def invented_look(width_m: float, dice: Dice) -> Look:
    """Choose a place by chance alone, so that a network learns what a road is and not its colour.

    After Tobin et al., "Domain Randomization for Transferring Deep Neural Networks from
    Simulation to the Real World" (2017).
    """
    road, ground = dice.any_of(INVENTED_PAIRS)
    road_colour = dice.any_colour()
    lines = dice.any_of(("none", "none", "none", "taped", "painted"))
    ground_colour = _unlike(road_colour, dice) if lines == "none" else dice.any_colour()
    stripes: tuple[Stripe, ...] = ()
    if lines == "taped":
        stripes = tape_stripes(width_m, road_colour, dice)
    elif lines == "painted":
        stripes = road_stripes("asphalt", width_m, dice)
    indoors = dice.any_of((True, False))
    return Look(
        surface=INVENTED,
        indoors=indoors,
        road=road,
        road_colour=road_colour,
        ground=ground,
        ground_colour=ground_colour,
        one_floor=False,
        stripes=stripes,
        edge_m=dice.between(0.01, 0.06),
        wobble_m=0.0 if indoors else dice.between(0.0, 0.04),
        rut=dice.around(0.0, 0.15),
        roughness=(dice.between(0.2, 0.9), dice.between(0.2, 0.9)),
        weather=lamps(dice) if indoors else outdoors(dice),
    )


def _unlike(colour: Colour, dice: Dice) -> Colour:
    """Throw a colour that can be told from another."""
    other = dice.any_colour()
    while float(np.abs(other - colour).max()) < LEAST_CONTRAST:
        other = dice.any_colour()
    return other
