"""Which kinds of things there are outdoors and indoors, how large, and how far from the road."""

from collections.abc import Callable
from dataclasses import dataclass

from car.simulation import furniture, plants, props
from car.simulation.canvas import Sprite
from car.simulation.dice import Dice


@dataclass(frozen=True)
class Kind:
    """A kind of thing and where it stands.

    Attributes:
        paint: makes its picture.
        height_m: least and greatest height.
        slimness: width over height.
        away_m: least and greatest distance from the edge of the road.
        shadow: width of what throws the shadow, in widths of the picture.
        common: how often against the other kinds.
    """

    paint: Callable[[Dice], Sprite]
    height_m: tuple[float, float]
    slimness: float
    away_m: tuple[float, float]
    shadow: float
    common: float


OUTDOORS = (
    Kind(props.cone, (0.14, 0.34), 0.72, (0.15, 0.6), 0.8, 2.0),
    Kind(plants.tree, (1.2, 3.4), 0.9, (0.7, 3.5), 0.7, 4.0),
    Kind(plants.tree, (1.6, 4.0), 0.85, (0.9, 3.5), 0.7, 2.0),
    Kind(plants.conifer, (1.2, 3.2), 0.7, (0.8, 3.5), 0.6, 1.5),
    Kind(plants.bush, (0.25, 0.9), 1.3, (0.3, 3.0), 0.9, 3.0),
    Kind(plants.tuft, (0.1, 0.35), 1.0, (0.15, 2.0), 0.5, 2.0),
    Kind(plants.rock, (0.08, 0.45), 1.5, (0.2, 3.0), 0.9, 1.0),
    Kind(props.box, (0.2, 0.6), 1.1, (0.2, 2.0), 0.9, 0.8),
    Kind(props.crate, (0.2, 0.6), 1.2, (0.25, 2.0), 0.9, 0.6),
    Kind(props.tyre, (0.2, 0.4), 1.0, (0.15, 0.9), 0.9, 0.6),
    Kind(props.post, (0.25, 0.5), 0.22, (0.15, 0.4), 0.6, 1.0),
    Kind(props.hay, (0.25, 0.5), 1.6, (0.25, 1.5), 0.9, 0.6),
    Kind(props.fence, (0.4, 0.8), 2.2, (0.9, 3.0), 0.9, 0.8),
    Kind(props.ball, (0.1, 0.3), 1.0, (0.15, 1.5), 0.8, 0.4),
)

INDOORS = (
    Kind(props.cone, (0.12, 0.3), 0.72, (0.15, 0.5), 0.8, 1.5),
    Kind(props.box, (0.15, 0.6), 1.1, (0.2, 1.5), 0.9, 2.0),
    Kind(props.crate, (0.15, 0.5), 1.2, (0.2, 1.5), 0.9, 1.2),
    Kind(props.ball, (0.08, 0.25), 1.0, (0.15, 1.2), 0.8, 1.0),
    Kind(furniture.chair, (0.8, 0.95), 0.55, (0.25, 2.0), 0.9, 2.0),
    Kind(furniture.table, (0.7, 0.8), 1.7, (0.4, 2.5), 0.9, 1.0),
    Kind(furniture.sofa, (0.75, 0.9), 2.2, (0.5, 2.5), 0.95, 0.8),
    Kind(plants.plant, (0.4, 1.3), 0.7, (0.3, 2.0), 0.5, 1.0),
    Kind(furniture.bin_, (0.25, 0.4), 0.8, (0.2, 2.0), 0.8, 0.8),
    Kind(furniture.shelf, (1.2, 2.0), 0.6, (0.6, 3.0), 0.95, 0.8),
)
