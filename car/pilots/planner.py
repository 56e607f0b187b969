"""The pilot that drives the middle of the road that a network's class map shows."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from car.command import STOP
from car.config import CarConfig
from car.errors import PilotError
from car.frame import Frame, Image, RoadClass
from car.pilots.curves import START_M, STEP_M, Curve, CurveSearch, trace
from car.pilots.pilot import Decision, Pilot
from car.pilots.pursuit import BRAKING_M_S2, Pace, Pursuit, shifted
from car.pilots.road_view import GroundGrid, RoadView, sampled

Floats = NDArray[np.float32]

GRID = GroundGrid(near_m=0.3, far_m=1.9, half_width_m=1.2, cell_m=0.04)
WIDEST_M = 0.6
"""Room beyond this to either side is as good as none; roads for small cars are narrower."""
PULL = 0.3
UNSEEN = 0.2
"""Metres of room that a stretch which is not in the picture counts as, in comparing ways."""
LEAST_ROOM_M = 0.07
"""A way with less free road to both sides ends there."""
LEAST_WAY_M = 0.3
MARGIN_M = 0.35
"""The car is to be able to stop so far before the road ends."""


class Corridor(NamedTuple):
    """The free road that a class map shows.

    Attributes:
        curve: along its middle.
        room_m: half its width along the curve, on average over what is seen of it.
        way_m: how long the road goes on along the curve.
    """

    curve: Curve
    room_m: float
    way_m: float


class CorridorEye:
    """Finds the corridor in class maps.

    Args:
        config: of the car.
    """

    def __init__(self, config: CarConfig) -> None:
        camera = config.camera
        self.view = RoadView(camera.lens, config.chassis.wheelbase_m, GRID)
        self._visible = self.view.visible(camera.height_px, camera.width_px)
        self._unknown = self._visible < 0.5
        self._search = CurveSearch(GRID, self._visible, (0.0,), UNSEEN)

    def look(self, class_map: Image, expected: Curve) -> Corridor:
        """Find the middle of the road.

        Args:
            class_map: uint8 (rows, columns) of RoadClass, of the whole picture.
            expected: where it should be.
        """
        drivable = (class_map <= RoadClass.LINE).astype(np.float32)
        free = np.asarray(self.view.from_above(drivable)) > 0.5
        free |= self._unknown
        room = cv2.distanceTransform(free.astype(np.uint8), cv2.DIST_L2, 3)
        room = np.minimum(room * np.float32(GRID.cell_m), np.float32(WIDEST_M))
        found = self._search.find(room, expected, PULL)
        return Corridor(found.curve, found.worth, self._way_m(room, found.curve))

    def _way_m(self, room: Floats, curve: Curve) -> float:
        """How far along a curve there is road, as far as the picture shows."""
        points, _ = trace(np.array([curve]))
        cells = GRID.cells(points)
        there = sampled(room, cells, cv2.BORDER_REPLICATE)[0]
        ended = np.flatnonzero(there < LEAST_ROOM_M)
        return float((ended[0] if len(ended) else len(there)) * STEP_M)


class Planner:
    """Drives the middle of the road in a network's class map, and stops where there is none.

    Args:
        network: gives a class map with its decisions.
        config: of the car.
    """

    def __init__(self, network: Pilot, config: CarConfig) -> None:
        planner = config.planner
        self._network = network
        self._eye = CorridorEye(config)
        pace = Pace(planner.speed_m_s, planner.slowest_m_s, planner.side_acceleration_m_s2)
        self._pursuit = Pursuit(config.chassis, pace)
        self._config = planner
        self._way: Curve | None = None
        self._missed = 0

    def decide(self, frame: Frame) -> Decision:
        """Steer along the middle of the road.

        Raises:
            PilotError: the network failed, or gives no class map.
        """
        seen = self._network.decide(frame)
        if seen.class_map is None:
            raise PilotError("this network gives no class map: the planner needs one, train anew")
        now_s = frame.captured_s
        corridor = self._eye.look(seen.class_map, self._expected(now_s))
        if corridor.way_m >= LEAST_WAY_M:
            self._way, self._missed = corridor.curve, 0
            command = self._pursuit.follow(corridor.curve, now_s, self._share(corridor))
            return Decision(command, class_map=seen.class_map)
        self._missed = min(self._missed + 1, self._config.lost_after_frames)
        self._way = None
        lost = self._missed >= self._config.lost_after_frames
        self._pursuit.stand(now_s)
        why = "there is no road ahead" if lost else None
        return Decision(STOP, class_map=seen.class_map, stop=why)

    def _share(self, corridor: Corridor) -> float:
        """How much of the speed is safe in so narrow or so short a stretch of road."""
        config = self._config
        wide = (corridor.room_m - config.narrow_m) / config.narrow_m
        stop_m = max(0.0, START_M + corridor.way_m - MARGIN_M)
        in_time = np.sqrt(2 * BRAKING_M_S2 * stop_m) / config.speed_m_s
        return float(np.clip(min(wide, in_time), 0.0, 1.0))

    def _expected(self, now_s: float) -> Curve:
        if self._way is None:
            return Curve()
        return shifted(self._way, self._pursuit.moved_since_last(now_s))
