"""The marshal beside the track: counts laps and what goes wrong, and puts a lost car back."""

import math
from dataclasses import dataclass, field

from car.simulation.track import Track
from car.simulation.vehicle import HEADING, SPEED, Vehicle, X, Y

LOST_M = 0.4
LOST_S = 2.0
STUCK_S = 4.0


@dataclass
class Standing:
    """How a drive is going; cross-track error is positive to the left of the centre line.

    Attributes:
        laps: full laps done.
        lap_times_s: how long each took.
        off_road_events: times that the middle of the car left the road; it counts again once the
            car was back within 0.9 of the half width.
        interventions: times that the marshal had to put the car back on the road.
        progress_m: along the road since the start.
        cross_track_m: now.
        heading_error_rad: now; counter-clockwise of the road's heading is positive.
        off_road: whether the middle of the car is off the road now.
        driven_s: simulated seconds.
        events: (x_m, y_m) of every off-road event.
    """

    laps: int = 0
    lap_times_s: list[float] = field(default_factory=list)
    off_road_events: int = 0
    interventions: int = 0
    progress_m: float = 0.0
    cross_track_m: float = 0.0
    heading_error_rad: float = 0.0
    off_road: bool = False
    driven_s: float = 0.0
    squared_cross_track_sum: float = 0.0
    samples: int = 0
    events: list[tuple[float, float]] = field(default_factory=list)

    @property
    def cross_track_rmse_m(self) -> float:
        """Root mean square of the distance from the centre line; 0 before the start."""
        return math.sqrt(self.squared_cross_track_sum / max(1, self.samples))

    @property
    def autonomy(self) -> float:
        """Share of the time without a helping hand, 6 s for each (Bojarski et al. 2016, 1 - 6n/t).

        In [0, 1].
        """
        if self.driven_s <= 0.0:
            return 1.0
        return max(0.0, 1.0 - 6.0 * self.interventions / self.driven_s)


class Marshal:
    """Watches one car on one track.

    A car counts as lost, and is put back on the centre line at rest, when it is 0.4 m beyond the
    edge, off the road for 2 s, or standing still for 4 s after it once moved.
    """

    def __init__(self, track: Track, vehicle: Vehicle) -> None:
        self.track = track
        self.vehicle = vehicle
        self.start()

    def start(self) -> None:
        """Begin to count from where the car stands."""
        self.standing = Standing()
        self.index = self.track.nearest(self.vehicle.state[X], self.vehicle.state[Y])
        self._lap_started_s = self._on_road_s = self._moved_s = 0.0
        self._measure()

    def watch(self, duration_s: float) -> None:
        """Look at the car after it moved for a while; call at least ten times a second."""
        standing, track = self.standing, self.track
        standing.driven_s += duration_s
        before = self.index
        self.index = track.nearest(self.vehicle.state[X], self.vehicle.state[Y], before)
        steps = (self.index - before + len(track) // 2) % len(track) - len(track) // 2
        standing.progress_m += steps * track.spacing_m
        self._measure()
        standing.squared_cross_track_sum += standing.cross_track_m**2
        standing.samples += 1
        self._count_laps()
        self._watch_edges()

    def _measure(self) -> None:
        state, standing = self.vehicle.state, self.standing
        standing.cross_track_m = self.track.cross_track_m(state[X], state[Y], self.index)
        turn = float(state[HEADING] - self.track.heading_rad[self.index])
        standing.heading_error_rad = (turn + math.pi) % (2 * math.pi) - math.pi

    def _count_laps(self) -> None:
        standing = self.standing
        if standing.progress_m >= (standing.laps + 1) * self.track.length_m:
            standing.laps += 1
            standing.lap_times_s.append(standing.driven_s - self._lap_started_s)
            self._lap_started_s = standing.driven_s

    def _watch_edges(self) -> None:
        standing, half = self.standing, self.track.width_m / 2
        distance = abs(standing.cross_track_m)
        if distance > half and not standing.off_road:
            standing.off_road = True
            standing.off_road_events += 1
            standing.events.append((float(self.vehicle.state[X]), float(self.vehicle.state[Y])))
        elif distance < 0.9 * half:
            standing.off_road = False
        if not standing.off_road:
            self._on_road_s = standing.driven_s
        if abs(self.vehicle.state[SPEED]) > 0.05 or standing.progress_m < 0.1:
            self._moved_s = standing.driven_s
        lost = distance > half + LOST_M or standing.driven_s - self._on_road_s > LOST_S
        if lost or standing.driven_s - self._moved_s > STUCK_S:
            self._put_back()

    def _put_back(self) -> None:
        (x, y), heading = self.track.centre_m[self.index], self.track.heading_rad[self.index]
        self.vehicle.place(float(x), float(y), float(heading))
        self.standing.interventions += 1
        self.standing.off_road = False
        self._on_road_s = self._moved_s = self.standing.driven_s
        self._measure()
