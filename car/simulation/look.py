"""How a place looks: materials, colours, lines and the light of the hour."""

from dataclasses import dataclass

import numpy as np

from car.simulation.dice import Colour, Dice, rgb
from car.simulation.materials import Material
from car.simulation.stripes import Stripe


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
        surface: name of the kind of place.
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


def outdoors(dice: Dice) -> Weather:
    """Choose the light of an hour outside."""
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


def lamps(dice: Dice) -> Weather:
    """Choose the light of a room."""
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
