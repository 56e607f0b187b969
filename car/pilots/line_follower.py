"""The pilot that follows a line on the ground, painted or taped, without a network."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from car.command import STOP
from car.config import CarConfig
from car.errors import PilotError
from car.frame import Frame, Image
from car.pilots.curves import Curve, CurveSearch, Found
from car.pilots.line_likeness import LineLikeness
from car.pilots.pilot import Decision
from car.pilots.pursuit import Pace, Pursuit, shifted
from car.pilots.road_view import GroundGrid, RoadView

Floats = NDArray[np.float32]

PULL = 1.7
"""What a metre away from where the line was expected costs, in shares of a perfect line."""
UNSEEN = 0.12
"""What a stretch of a curve that is not in the picture counts as, in comparing curves."""
LEAST_WORTH = 0.13
"""Mean likeness along a curve that is no line is less; half of that along dashes is more."""
SURE_WORTH = 0.35
JUMP_M, JUMP_RAD, WAITED = 0.25, 0.9, 6
"""A line that is further from where the line must be is another one, and only followed when the
right one was not seen for so many frames."""
SMOOTH_CELLS = (5, 5)
SHOWN = 2.2
"""Makes good for what smoothing takes from a thin line."""


class Sighting(NamedTuple):
    """What the follower sees in one picture.

    Attributes:
        likeness: float32 of the ground grid, 0 to 1.
        found: the best way along the line; where it is poor there is no line.
    """

    likeness: Floats
    found: Found

    @property
    def is_line(self) -> bool:
        """Whether there is a line at all."""
        return self.found.worth >= LEAST_WORTH


class LineEye:
    """Finds the line in pictures of the car's camera.

    Attributes:
        view: the ground as the camera sees it.
    """

    def __init__(self, config: CarConfig) -> None:
        camera, line = config.camera, config.line
        self.view = RoadView(camera.lens, config.chassis.wheelbase_m, GroundGrid())
        self._likeness = LineLikeness(line, self.view.grid)
        self._shape = (camera.height_px, camera.width_px, 3)
        away = line.distance_m
        beside = {"centre": (0.0,), "left": (away,), "right": (-away,), "both": (away, -away)}
        visible = self.view.visible(camera.height_px, camera.width_px)
        self._search = CurveSearch(self.view.grid, visible, beside[line.side], UNSEEN)

    def look(self, image: Image, expected: Curve) -> Sighting:
        """Find the way along the line.

        Args:
            image: uint8 (height, width, 3) RGB of the camera's size.
            expected: where it should be.

        Raises:
            PilotError: the image has another size.
        """
        if image.shape != self._shape:
            raise PilotError(f"image of shape {image.shape}; car.toml says {self._shape}")
        likeness = self._likeness.of(np.asarray(self.view.from_above(image), np.uint8))
        soft = np.minimum(cv2.blur(likeness, SMOOTH_CELLS) * np.float32(SHOWN), 1.0)
        return Sighting(likeness, self._search.find(soft, expected, PULL))


class LineFollower:
    """Follows the line that car.toml [line] describes; stops when it is lost.

    Args:
        config: of the car.
    """

    def __init__(self, config: CarConfig) -> None:
        line = config.line
        self._eye = LineEye(config)
        pace = Pace(line.speed_m_s, line.slowest_m_s, line.side_acceleration_m_s2)
        self._pursuit = Pursuit(config.chassis, pace)
        self._patience = line.lost_after_frames
        self._way: Curve | None = None
        self._missed = 0

    def decide(self, frame: Frame) -> Decision:
        """Steer along the line; through a gap in it as it went before, and slower.

        Raises:
            PilotError: the image has another size than car.toml says.
        """
        now_s = frame.captured_s
        expected = self._expected(now_s)
        sighting = self._eye.look(frame.image, expected)
        if sighting.is_line and not self._is_another(sighting.found.curve, expected):
            self._way, self._missed = sighting.found.curve, 0
        else:
            self._way = None if self._way is None else expected
            self._missed = min(self._missed + 1, self._patience)
        if self._missed >= self._patience:
            self._way = None
            self._pursuit.stand(now_s)
            return Decision(STOP, stop="the line is lost")
        if self._way is None:
            return Decision(self._pursuit.stand(now_s))
        share = sighting.found.worth / SURE_WORTH if not self._missed else 0.0
        return Decision(self._pursuit.follow(self._way, now_s, min(1.0, share)))

    def _is_another(self, curve: Curve, expected: Curve) -> bool:
        """Whether this line lies where the one that was followed cannot have come to."""
        if self._way is None or self._missed >= WAITED:
            return False
        aside_m = abs(curve.offset_m - expected.offset_m)
        return aside_m > JUMP_M or abs(curve.heading_rad - expected.heading_rad) > JUMP_RAD

    def _expected(self, now_s: float) -> Curve:
        if self._way is None:
            return Curve()
        return shifted(self._way, self._pursuit.moved_since_last(now_s))
