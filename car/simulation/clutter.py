"""Where things stand beside a road: never on it, and never within a hand's breadth of its edge."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from car.simulation.canvas import Sprite
from car.simulation.dice import Dice
from car.simulation.kinds import INDOORS, OUTDOORS, Kind

CLEARANCE_M = 0.15
_PICTURES = 10


class Road(Protocol):
    """The shape of a road, as a track has it."""

    @property
    def centre_m(self) -> NDArray[np.float64]:
        """float64 (n, 2), points along its middle."""
        ...

    @property
    def normal(self) -> NDArray[np.float64]:
        """float64 (n, 2), unit vectors to the left."""
        ...

    @property
    def tangent(self) -> NDArray[np.float64]:
        """float64 (n, 2), unit vectors along it."""
        ...

    @property
    def width_m(self) -> float:
        """From edge to edge."""
        ...

    @property
    def spacing_m(self) -> float:
        """From point to point."""
        ...

    @property
    def length_m(self) -> float:
        """Once around."""
        ...


@dataclass(frozen=True)
class Thing:
    """Something that stands on the ground.

    Attributes:
        x_m: of its foot.
        y_m: of its foot.
        width_m: of its picture.
        height_m: of its picture.
        picture: which of the sprites.
        shadow_m: width of what throws its shadow.
    """

    x_m: float
    y_m: float
    width_m: float
    height_m: float
    picture: int
    shadow_m: float


@dataclass(frozen=True)
class Clutter:
    """All that stands around, and the pictures of it."""

    things: tuple[Thing, ...]
    sprites: tuple[Sprite, ...]


def scatter(
    road: Road, box_m: tuple[float, float, float, float], indoors: bool, dice: Dice
) -> Clutter:
    """Put things beside a road.

    Args:
        road: which they leave free.
        box_m: least x, least y, greatest x, greatest y at which anything may stand.
        indoors: furniture instead of trees.
        dice: decides.
    """
    kinds = INDOORS if indoors else OUTDOORS
    weights = np.array([kind.common for kind in kinds])
    chosen = [
        kinds[i] for i in dice.rng.choice(len(kinds), _PICTURES, p=weights / weights.sum()).tolist()
    ]
    sprites = tuple(kind.paint(dice) for kind in chosen)
    amount = road.length_m * dice.around(0.75 if indoors else 1.3, 0.6)
    things = [
        thing
        for picture in dice.rng.integers(0, _PICTURES, max(4, round(amount))).tolist()
        if (thing := _place(road, box_m, chosen[picture], picture, dice)) is not None
    ]
    return Clutter(tuple(things), sprites)


def _place(
    road: Road, box_m: tuple[float, float, float, float], kind: Kind, picture: int, dice: Dice
) -> Thing | None:
    height = dice.between(*kind.height_m)
    width = height * kind.slimness
    beside = int(dice.rng.integers(len(road.centre_m)))
    away = road.width_m / 2 + dice.between(*kind.away_m) + width / 2
    side = dice.any_of((-1.0, 1.0))
    x, y = (road.centre_m[beside] + side * away * road.normal[beside]).tolist()
    left, bottom, right, top = box_m
    reach = width / 2 if _is_solid(kind) else 0.2 * width
    if not (left + reach < x < right - reach and bottom + reach < y < top - reach):
        return None
    nearest = float(np.hypot(road.centre_m[:, 0] - x, road.centre_m[:, 1] - y).min())
    if nearest < road.width_m / 2 + CLEARANCE_M + reach:
        return None
    return Thing(x, y, width, height, picture, width * kind.shadow)


def _is_solid(kind: Kind) -> bool:
    """Say whether a thing is as wide at its foot as in its picture (a tree is not)."""
    return kind.height_m[1] < 3.0
