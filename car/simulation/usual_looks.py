"""The families of places that are recorded and judged on, as they are met in life."""

import numpy as np

from car.simulation import materials
from car.simulation.dice import Colour, Dice
from car.simulation.look import Look, lamps, outdoors
from car.simulation.materials import Material
from car.simulation.stripes import road_stripes, tape_stripes

SURFACES: tuple[str, ...] = (
    "asphalt",
    "two-lanes",
    "tape-wood",
    "tape-tile",
    "tape-concrete",
    "tape-carpet",
    "dirt",
)

LEAST_CONTRAST = 45.0
"""Of 255, between earth roads and earth beside them: with less nobody could drive there."""

GREENS = (
    (86, 128, 52),
    (70, 120, 50),
    (110, 130, 60),
    (96, 112, 62),
    (140, 134, 84),
    (58, 104, 48),
)
EARTHS = ((158, 126, 92), (128, 98, 70), (176, 150, 112), (150, 104, 70), (110, 96, 82))
GREYS = ((92, 92, 94), (74, 74, 78), (118, 116, 112), (62, 62, 64), (134, 132, 130))
FLOORS: dict[str, tuple[Material, tuple[tuple[int, int, int], ...]]] = {
    "wood": (
        materials.planks,
        ((176, 132, 86), (142, 98, 62), (200, 164, 118), (112, 78, 54), (168, 150, 128)),
    ),
    "tile": (
        materials.tiles,
        ((196, 194, 188), (150, 152, 154), (214, 204, 186), (164, 128, 104), (110, 114, 118)),
    ),
    "concrete": (
        materials.concrete,
        ((152, 152, 150), (124, 126, 128), (176, 172, 164), (104, 106, 108)),
    ),
    "carpet": (
        materials.carpet,
        (
            (104, 108, 118),
            (84, 90, 112),
            (128, 104, 90),
            (92, 108, 92),
            (120, 60, 60),
            (70, 70, 74),
        ),
    ),
}


def usual_look(surface: str, width_m: float, dice: Dice) -> Look:
    """Choose the look of one of SURFACES."""
    if surface.startswith("tape-"):
        return _indoors(surface, width_m, dice)
    if surface == "dirt":
        return _dirt(dice)
    return _paved(surface, width_m, dice)


def _paved(surface: str, width_m: float, dice: Dice) -> Look:
    ground, ground_colour = _meadow(dice)
    return Look(
        surface=surface,
        indoors=False,
        road=dice.pick([materials.asphalt] * 4 + [materials.concrete, materials.paving]),
        road_colour=dice.paint(GREYS, 28),
        ground=ground,
        ground_colour=ground_colour,
        one_floor=False,
        stripes=road_stripes(surface, width_m, dice),
        edge_m=0.012,
        wobble_m=dice.between(0.0, 0.012) * dice.level,
        rut=dice.around(0.03, 0.09),
        roughness=(dice.around(0.55, 0.4), 0.8),
        weather=outdoors(dice),
    )


def _dirt(dice: Dice) -> Look:
    ground, ground_colour = _meadow(dice)
    road_colour = dice.paint(EARTHS, 28)
    if ground is materials.soil:
        ground_colour = apart(ground_colour, road_colour)
    return Look(
        surface="dirt",
        indoors=False,
        road=materials.soil,
        road_colour=road_colour,
        ground=ground,
        ground_colour=ground_colour,
        one_floor=False,
        stripes=(),
        edge_m=dice.around(0.05, 0.04),
        wobble_m=dice.around(0.03, 0.02),
        rut=dice.around(-0.09, 0.1),
        roughness=(0.7, 0.8),
        weather=outdoors(dice),
    )


def apart(colour: Colour, other: Colour) -> Colour:
    """Darken or lighten a colour until it can be told from another of the same material."""
    step = 4.0 if float(colour.mean()) > float(other.mean()) else -4.0
    if not 60.0 < float(other.mean()) + np.sign(step) * LEAST_CONTRAST < 230.0:
        step = -step
    while float(np.abs(colour - other).max()) < LEAST_CONTRAST:
        colour = np.clip(colour + np.float32(step), 3.0, 252.0)
    return colour


def _meadow(dice: Dice) -> tuple[Material, Colour]:
    if dice.chance(0.25):
        return materials.soil, dice.paint(EARTHS, 25)
    return materials.grass, dice.paint(GREENS, 22)


def _indoors(surface: str, width_m: float, dice: Dice) -> Look:
    floor, colours = FLOORS[surface.removeprefix("tape-")]
    colour = dice.paint(colours, 28)
    return Look(
        surface=surface,
        indoors=True,
        road=floor,
        road_colour=colour,
        ground=floor,
        ground_colour=colour,
        one_floor=True,
        stripes=tape_stripes(width_m, colour, dice),
        edge_m=0.01,
        wobble_m=0.0,
        rut=0.0,
        roughness=(0.25, 0.25) if floor is not materials.carpet else (0.9, 0.9),
        weather=lamps(dice),
    )
