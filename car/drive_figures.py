"""What a simulated drive was like: how far from the middle, how smooth, how fast, how it came back.

One value a tick is kept, in compact arrays: some 300 KB for an hour of driving.
"""

from array import array

import msgspec
import numpy as np
from numpy.typing import NDArray

from car.loop import Tick
from car.modes import Mode
from car.simulation.recovery import Recoveries
from car.simulation.vehicle import SIDE_ACCELERATION, SPEED
from car.simulation.world import World

REVERSAL_GAP = 0.1
"""Steering that turns back by less than this, in units of steering, is no reversal (SAE J2944)."""
STANDING_M_S, STANDING_S = 0.05, 1.0
"""Slower than this for so long, after it had moved, is a stop."""


class DriveFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of one drive; SI units, nan where there is nothing to measure.

    Attributes:
        cross_track_p95_m: 95th percentile of the distance from the middle of the road.
        cross_track_max_m: the largest.
        cross_track_bias_m: mean, left of the middle is positive.
        heading_error_rmse_rad: root mean square of the angle to the road.
        speed_m_s: mean.
        steering_rate_per_s: root mean square of the change of steering, units a second.
        steering_reversals_per_s: how often the steering turned back by 0.1 or more.
        throttle_rate_per_s: root mean square of the change of throttle, units a second.
        side_acceleration_p95_m_s2: 95th percentile, no sign.
        excursions: times that the car was beyond 0.6 half widths from the middle.
        recovered: those after which it came within 0.3 and stayed for 2 s, on the road all along.
        time_to_recover_s: mean over those.
        stops: times that it stood for a second after it had moved, or that its pilot was stopped.
    """

    cross_track_p95_m: float = float("nan")
    cross_track_max_m: float = float("nan")
    cross_track_bias_m: float = float("nan")
    heading_error_rmse_rad: float = float("nan")
    speed_m_s: float = float("nan")
    steering_rate_per_s: float = 0.0
    steering_reversals_per_s: float = 0.0
    throttle_rate_per_s: float = 0.0
    side_acceleration_p95_m_s2: float = float("nan")
    excursions: int = 0
    recovered: int = 0
    time_to_recover_s: float = float("nan")
    stops: int = 0


class FigureWatch:
    """Watches the ticks of a simulated drive.

    Args:
        world: where it drives.
        period_s: from tick to tick.
        recoveries: follows the excursions.
    """

    def __init__(self, world: World, period_s: float, recoveries: Recoveries) -> None:
        self._world, self._period_s, self.recoveries = world, period_s, recoveries
        self._half_m = world.track.width_m / 2
        self._kept = tuple(array("d") for _ in range(6))
        self._stops = _Stops()

    def watch(self, tick: Tick) -> None:
        """Note one tick."""
        standing, state = self._world.marshal.standing, self._world.vehicle.state
        sent, speed = tick.sent, float(state[SPEED])
        values = (
            standing.cross_track_m,
            standing.heading_error_rad,
            speed,
            float(state[SIDE_ACCELERATION]),
            sent.steering,
            sent.throttle,
        )
        for kept, value in zip(self._kept, values, strict=True):
            kept.append(value)
        events = standing.off_road_events + standing.interventions
        share = abs(standing.cross_track_m) / self._half_m
        self.recoveries.watch(standing.driven_s, share, events)
        self._stops.watch(standing.driven_s, speed, tick.mode is Mode.STOPPED)

    def figures(self) -> DriveFigures:
        """Work the figures out."""
        if not self._kept[0]:
            return DriveFigures()
        cross, heading, speed, side, steering, throttle = (np.array(kept) for kept in self._kept)
        times = self.recoveries.times_s
        driven_s = len(cross) * self._period_s
        return DriveFigures(
            cross_track_p95_m=float(np.percentile(np.abs(cross), 95)),
            cross_track_max_m=float(np.abs(cross).max()),
            cross_track_bias_m=float(cross.mean()),
            heading_error_rmse_rad=_rms(heading),
            speed_m_s=float(np.abs(speed).mean()),
            steering_rate_per_s=_rms(np.diff(steering) / self._period_s),
            steering_reversals_per_s=reversals(steering) / driven_s,
            throttle_rate_per_s=_rms(np.diff(throttle) / self._period_s),
            side_acceleration_p95_m_s2=float(np.percentile(np.abs(side), 95)),
            excursions=self.recoveries.excursions,
            recovered=len(times),
            time_to_recover_s=float(np.mean(times)) if times else float("nan"),
            stops=self._stops.count,
        )


class _Stops:
    """Counts how often a car that moved came to stand, or its pilot was stopped."""

    def __init__(self) -> None:
        self.count = 0
        self._moved_s: float | None = None
        self._was_stopped = True

    def watch(self, now_s: float, speed_m_s: float, stopped: bool) -> None:
        if abs(speed_m_s) > STANDING_M_S:
            self._moved_s = now_s
        stands = self._moved_s is not None and now_s - self._moved_s >= STANDING_S
        if (stopped and not self._was_stopped) or stands:
            self.count += 1
            self._moved_s = None
        self._was_stopped = stopped


def reversals(steering: NDArray[np.float64], gap: float = REVERSAL_GAP) -> int:
    """Count how often steering turns back by `gap` or more from its last extreme."""
    low = high = float(steering[0]) if len(steering) else 0.0
    direction = count = 0
    for value in steering.tolist():
        low, high = min(low, value), max(high, value)
        if direction >= 0 and value <= high - gap:
            count += direction > 0
            direction, low = -1, value
            high = value
        elif direction <= 0 and value >= low + gap:
            count += direction < 0
            direction, high = 1, value
            low = value
    return count


def _rms(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(values**2))) if len(values) else 0.0
