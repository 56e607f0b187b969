"""One picture from the camera, and when it was taken."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


class RoadClass(IntEnum):
    """What a pixel shows. The numbers are those in class maps, tubs and pilot files."""

    ROAD = 0
    LINE = 1
    GROUND = 2
    """Beside the road: grass, soil, floor."""
    SKY = 3
    """Sky, or the wall of a room above its floor: what lies at the horizon and over it."""
    OBSTACLE = 4
    """Cones, boxes, trees, furniture and all other things."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A camera image.

    Attributes:
        image: uint8 (height, width, 3), RGB, row 0 at the top.
        captured_s: when the light fell in, on the clock that the drive loop uses.
        number: counts up by one a frame; a gap is a lost frame.
        class_map: uint8 (height, width) of RoadClass, exact; only a simulated camera knows it.
    """

    image: Image
    captured_s: float
    number: int
    class_map: Image | None = None


class Camera(Protocol):
    """Where frames come from. Iterating waits for the next new frame and ends with the drive."""

    def __enter__(self) -> Self:
        """Open the camera; raises CameraError."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def __iter__(self) -> Iterator[Frame]: ...
