"""How a place is to look: materials, colours, light and weather, chosen by seed and level."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from car.errors import SimulationError
from car.simulation import materials
from car.simulation.dice import Colour, Dice, rgb
from car.simulation.materials import Material
from car.simulation.stripes import Stripe, road_stripes, tape_stripes

SURFACES: tuple[str, ...] = (
    "asphalt",
    "two-lanes",
    "tape-wood",
    "tape-tile",
    "tape-concrete",
    "tape-carpet",
    "dirt",
)


@dataclass(frozen=True)
class Weather:
    """The light of an hour.

    Attributes:
        name: clear, cloudy, overcast, dusk, or fog; indoors lamps.
        lit: RGB gain in full light.
        shaded: RGB gain in a shadow.
        shadow: how dark shadows are, 0 none, 1 as dark as `shaded`.
        haze_per_m: reciprocal of the distance over which things fade.
        sun_rad: direction of the light, counter-clockwise from east.
        shadow_length: of a shadow, in heights of what throws it.
    """

    name: str
    lit: Colour
    shaded: Colour
    shadow: float
    haze_per_m: float
    sun_rad: float
    shadow_length: float


@dataclass(frozen=True)
class Look:
    """Everything about a place that is not its shape.

    Attributes:
        surface: one of SURFACES.
        indoors: there are walls and no sky.
        road: material of the road.
        road_colour: RGB 0..255.
        ground: material beside the road.
        ground_colour: RGB 0..255.
        one_floor: the road is the same floor as the ground beside it.
        stripes: the lines.
        edge_m: over how much the road fades into the ground.
        wobble_m: how far the edge of the road strays.
        rut: how much the wheel tracks differ in brightness; below zero is darker.
        roughness: strength of the fine grain seen close up (road, ground), 0..1.
        weather: the light.
    """

    surface: str
    indoors: bool
    road: Material
    road_colour: Colour
    ground: Material
    ground_colour: Colour
    one_floor: bool
    stripes: tuple[Stripe, ...]
    edge_m: float
    wobble_m: float
    rut: float
    roughness: tuple[float, float]
    weather: Weather


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


def choose_look(surface: str, width_m: float, dice: Dice) -> Look:
    """Choose the look of a surface.

    Raises:
        SimulationError: no such surface.
    """
    if surface in FOREIGN:
        return _foreign(surface, width_m, dice)
    if surface not in SURFACES:
        known = ", ".join((*SURFACES, *FOREIGN))
        raise SimulationError(f"unknown surface {surface!r}: give one of {known}")
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
        weather=_weather(dice),
    )


def _foreign(surface: str, width_m: float, dice: Dice) -> Look:
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
        weather=_lamps(dice) if kind.indoors else _weather(dice),
    )


def _dirt(dice: Dice) -> Look:
    ground, ground_colour = _meadow(dice)
    return Look(
        surface="dirt",
        indoors=False,
        road=materials.soil,
        road_colour=dice.paint(EARTHS, 28),
        ground=ground,
        ground_colour=ground_colour,
        one_floor=False,
        stripes=(),
        edge_m=dice.around(0.05, 0.04),
        wobble_m=dice.around(0.03, 0.02),
        rut=dice.around(-0.09, 0.1),
        roughness=(0.7, 0.8),
        weather=_weather(dice),
    )


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
        weather=_lamps(dice),
    )


def _weather(dice: Dice) -> Weather:
    name = dice.pick(("clear", "cloudy", "overcast", "dusk", "clear", "cloudy", "fog"))
    warm, bright, shadow, haze = {
        "clear": (1.04, 1.08, 0.8, 0.008),
        "cloudy": (1.0, 1.0, 0.6, 0.012),
        "overcast": (0.97, 0.82, 0.2, 0.022),
        "dusk": (1.18, 0.72, 0.5, 0.02),
        "fog": (0.98, 0.9, 0.1, 0.09),
    }[name]
    bright = dice.around(bright, 0.22)
    lit = rgb(warm, 1.0, 2.0 - warm) * bright
    shaded = rgb(0.45, 0.52, 0.62) * bright * dice.around(1.0, 0.25)
    return Weather(
        name=name,
        lit=lit,
        shaded=shaded,
        shadow=shadow * dice.around(0.9, 0.3),
        haze_per_m=haze * dice.around(1.0, 0.5),
        sun_rad=dice.between(0.0, 2 * np.pi),
        shadow_length=dice.between(0.6, 2.2),
    )


def _lamps(dice: Dice) -> Weather:
    bright = dice.around(1.0, 0.28)
    warm = dice.around(1.0, 0.12)
    return Weather(
        name="lamps",
        lit=rgb(warm, 1.0, 2.0 - warm) * bright,
        shaded=rgb(0.5, 0.5, 0.52) * bright,
        shadow=dice.around(0.5, 0.3),
        haze_per_m=0.0,
        sun_rad=dice.between(0.0, 2 * np.pi),
        shadow_length=dice.between(0.2, 0.8),
    )
