"""Steering along a curve by pure pursuit, from where the car will be when the command acts.

Pure pursuit after Coulter, "Implementation of the Pure Pursuit Path Tracking Algorithm" (CMU
1992).
"""

import math
from collections import deque
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from car.command import STOP, Command
from car.pilots.curves import ALONG_M, START_M, STEP_M, Curve, trace
from car.pilots.settings import ChassisConfig

LOOK_AHEAD_M = 0.42
LOOK_AHEAD_S = 0.2
BRAKING_M_S2 = 1.2
KEPT_S = 1.0
LONGEST_GAP_S = 0.3
"""A longer time between two frames says nothing about what the car did between them."""


class Pace(NamedTuple):
    """How fast to go.

    Attributes:
        speed_m_s: on the straight.
        slowest_m_s: in the sharpest curve.
        side_acceleration_m_s2: how hard curves are taken.
    """

    speed_m_s: float
    slowest_m_s: float
    side_acceleration_m_s2: float


class Moved(NamedTuple):
    """How the rear axle moved: x ahead, y left, and a turn that is positive counter-clockwise."""

    x_m: float
    y_m: float
    turn_rad: float


class Sent(NamedTuple):
    """What was asked for at a frame, and is taken to have acted `delay_s` later."""

    captured_s: float
    steering: float
    speed_m_s: float


class Pursuit:
    """Knows what it asked of the car, and steers along curves."""

    def __init__(self, chassis: ChassisConfig, pace: Pace) -> None:
        self._chassis, self._pace = chassis, pace
        self._sent: deque[Sent] = deque()
        self._speed_m_s = 0.0

    def moved_since_last(self, captured_s: float) -> Moved:
        """How far the car came from the last frame to this one, by what it was told."""
        if not self._sent or captured_s - self._sent[-1].captured_s > LONGEST_GAP_S:
            return Moved(0.0, 0.0, 0.0)
        return self._moved(self._sent[-1].captured_s, captured_s)

    def follow(self, curve: Curve, captured_s: float, share: float = 1.0) -> Command:
        """Steer along a curve.

        Args:
            curve: where to drive, as seen at `captured_s`.
            captured_s: of the frame.
            share: of the speed that the curve allows, 0 to 1; never below the slowest.
        """
        points = trace(np.array([curve]))[0][0].astype(np.float64)
        points = np.concatenate([_run_up(curve), points])
        ahead = self._moved(captured_s, captured_s + self._chassis.delay_s)
        arc = self._arc(seen_from(points, ahead), self._speed_m_s)
        wanted = max(self._pace.slowest_m_s, share * self._speed_for(curve, arc))
        steering = self._steering(arc)
        self._remember(captured_s, steering, wanted)
        return Command(steering, self._throttle(wanted))

    def stand(self, captured_s: float) -> Command:
        """Let the car roll out with its wheels straight."""
        self._remember(captured_s, 0.0, 0.0)
        return STOP

    def _arc(self, points: NDArray[np.float64], speed_m_s: float) -> float:
        """Curvature of the circle through the goal point; left is positive."""
        reach = LOOK_AHEAD_M + LOOK_AHEAD_S * speed_m_s
        away = np.hypot(points[:, 0], points[:, 1])
        beyond = np.flatnonzero((away >= reach) & (points[:, 0] > -0.1))
        x, y = points[beyond[0] if len(beyond) else -1]
        return float(2 * y / max(0.01, x * x + y * y))

    def _steering(self, arc: float) -> float:
        chassis = self._chassis
        angle = math.atan(chassis.wheelbase_m * arc)
        return min(1.0, max(-1.0, -angle / math.radians(chassis.wheel_angle_max_deg)))

    def _speed_for(self, curve: Curve, arc: float) -> float:
        """The speed here from which all of the curve can be taken, braking on the way."""
        along = np.arange(0.0, 1.0, STEP_M)
        bend = np.abs(curve.curvature + curve.curvature_per_m * along)
        bend[0] = max(bend[0], abs(arc))
        allowed = self._pace.side_acceleration_m_s2 / np.maximum(bend, 1e-3)
        fastest = math.sqrt(float(np.min(allowed + 2 * BRAKING_M_S2 * along)))
        return min(self._pace.speed_m_s, fastest)

    def _throttle(self, speed_m_s: float) -> float:
        start = self._chassis.starting_throttle
        return min(1.0, start + (1.0 - start) * speed_m_s / self._chassis.full_speed_m_s)

    def _remember(self, captured_s: float, steering: float, wanted_m_s: float) -> None:
        passed = captured_s - self._sent[-1].captured_s if self._sent else 0.0
        share = min(1.0, max(0.0, passed) / 0.3)
        self._speed_m_s += share * (wanted_m_s - self._speed_m_s)
        self._sent.append(Sent(captured_s, steering, self._speed_m_s))
        while self._sent[0].captured_s < captured_s - KEPT_S:
            self._sent.popleft()

    def _moved(self, start_s: float, end_s: float) -> Moved:
        """Where the car came to, by the commands that acted between two times."""
        x = y = turn = 0.0
        delay_s, now_s = self._chassis.delay_s, start_s
        for index, sent in enumerate(self._sent):
            later = index + 1 < len(self._sent)
            until_s = self._sent[index + 1].captured_s + delay_s if later else end_s
            for_s = min(end_s, until_s) - now_s
            if for_s <= 0.0:
                continue
            way_m = for_s * sent.speed_m_s
            bend = self._turn_per_m(sent.steering)
            x += way_m * math.cos(turn + bend * way_m / 2)
            y += way_m * math.sin(turn + bend * way_m / 2)
            turn += bend * way_m
            now_s += for_s
        return Moved(x, y, turn)

    def _turn_per_m(self, steering: float) -> float:
        angle = -steering * math.radians(self._chassis.wheel_angle_max_deg)
        return math.tan(angle) / self._chassis.wheelbase_m


def seen_from(points: NDArray[np.float64], moved: Moved) -> NDArray[np.float64]:
    """The same points, (n, 2), for a car that has moved."""
    cos, sin = math.cos(moved.turn_rad), math.sin(moved.turn_rad)
    x, y = points[:, 0] - moved.x_m, points[:, 1] - moved.y_m
    return np.stack([cos * x + sin * y, cos * y - sin * x], axis=1)


def shifted(curve: Curve, moved: Moved) -> Curve:
    """The same curve for a car that has moved; it still begins START_M ahead of the rear axle."""
    points, _ = trace(np.array([curve]))
    there = seen_from(points[0].astype(np.float64), moved)
    along = float(np.interp(START_M, np.maximum.accumulate(there[:, 0]), ALONG_M))
    heading = curve.heading_rad + along * (curve.curvature + curve.curvature_per_m * along / 2)
    x, y = (float(np.interp(along, ALONG_M, there[:, k])) for k in (0, 1))
    turned = heading - moved.turn_rad
    offset = y + (START_M - x) * math.tan(max(-1.2, min(1.2, turned)))
    bend = curve.curvature + curve.curvature_per_m * along
    return Curve(offset, turned, bend, curve.curvature_per_m)


def _run_up(curve: Curve) -> NDArray[np.float64]:
    """The stretch between the rear axle and the begin of a curve, as far as it matters."""
    back = np.arange(-4, 0)[:, None] * STEP_M
    direction = np.array([[math.cos(curve.heading_rad), math.sin(curve.heading_rad)]])
    return np.array([[START_M, curve.offset_m]]) + back * direction
