"""The same drives with the monitor off, slowing, and stopping: what its acting is worth."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from car.command import STOP
from car.config import CarConfig
from car.episode import Episode, drive_laps
from car.human import Wish
from car.loop import Tick
from car.modes import Event, Mode
from car.simulation.world import World
from tests.monitor_study.drives import LAPS, Plan, troubled_pilot, world_spec

ACTIONS = ("off", "slow", "stop")
PATIENCE_S = 5.0
"""After a stop, until somebody lets the pilot drive again; the marshal puts a car that stands back
in the middle of the road before that."""


class PatientHuman:
    """Chooses the pilot, and again some time after every stop."""

    def __init__(self) -> None:
        self._mode = Mode.STOPPED
        self._due_s = 0.0
        self.stops = 0

    def wish(self, now_s: float) -> Wish:
        """Choose when it is time."""
        is_due = self._mode is Mode.STOPPED and now_s >= self._due_s
        return Wish(STOP, now_s, (Event.CHOOSE_PILOT,) if is_due else ())

    def watch(self, tick: Tick) -> None:
        """See what the car does."""
        if tick.mode is Mode.STOPPED and self._mode is not Mode.STOPPED:
            self.stops += 1
            self._due_s = tick.frame.captured_s + PATIENCE_S
        self._mode = tick.mode


class Acted(msgspec.Struct, frozen=True):
    """How one drive went.

    Attributes:
        laps: driven, with parts of laps.
        off_road_events: in it.
        event_speeds_m_s: of the car as it left the road.
        stops: by the monitor.
        seconds: driven in mode pilot.
        mean_speed_m_s: along the road while on it, in mode pilot.
    """

    plan: Plan
    action: str
    laps: float
    off_road_events: int
    event_speeds_m_s: list[float]
    stops: int
    seconds: float
    mean_speed_m_s: float


@dataclass
class Logbook:
    """Notes speed and events at every tick."""

    world: World
    human: PatientHuman
    speeds_m_s: list[float] = field(default_factory=list)
    at_events_m_s: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._seen = 0

    def watch(self, tick: Tick) -> None:
        """Take a tick."""
        self.human.watch(tick)
        standing = self.world.marshal.standing
        if tick.mode is Mode.PILOT and not standing.off_road:
            self.speeds_m_s.append(self.world.speed_m_s)
        if standing.off_road_events > self._seen:
            self._seen = standing.off_road_events
            self.at_events_m_s.append(self.world.speed_m_s)


def act(pilot: Path, plan: Plan, action: str, seconds: float, config: CarConfig) -> Acted:
    """Drive once with the monitor acting."""
    monitor = msgspec.structs.replace(config.monitor, action=action)
    config = msgspec.structs.replace(config, monitor=monitor)
    world, human = World(world_spec(plan), config.camera), PatientHuman()
    logbook = Logbook(world, human)
    episode = Episode(world, troubled_pilot(pilot, world, plan, config), human)
    result, _ = drive_laps(episode, config, LAPS, logbook.watch, seconds)
    return Acted(
        plan=plan,
        action=action,
        laps=result.distance_m / world.track.length_m,
        off_road_events=result.off_road_events,
        event_speeds_m_s=logbook.at_events_m_s,
        stops=human.stops,
        seconds=len(logbook.speeds_m_s) / config.camera.frames_per_s,
        mean_speed_m_s=float(np.mean(logbook.speeds_m_s)),
    )


def summary(drives: Sequence[Acted]) -> dict[str, Any]:
    """Figures by kind of drive and by what the monitor did."""
    return {
        f"{kind}, {action}": _summed(
            [drive for drive in drives if (drive.plan.kind, drive.action) == (kind, action)]
        )
        for kind in dict.fromkeys(drive.plan.kind for drive in drives)
        for action in ACTIONS
    }


def _summed(drives: Sequence[Acted]) -> dict[str, float]:
    laps = sum(drive.laps for drive in drives)
    hours = sum(drive.seconds for drive in drives) / 3600
    speeds = [speed for drive in drives for speed in drive.event_speeds_m_s]
    return {
        "drives": len(drives),
        "hours": hours,
        "laps": laps,
        "off_road_events": sum(drive.off_road_events for drive in drives),
        "off_road_per_100_laps": 100 * sum(drive.off_road_events for drive in drives) / laps,
        "off_road_per_hour": sum(drive.off_road_events for drive in drives) / hours,
        "speed_at_events_m_s": float(np.mean(speeds)) if speeds else float("nan"),
        "stops": sum(drive.stops for drive in drives),
        "stops_per_hour": sum(drive.stops for drive in drives) / hours,
        "mean_speed_m_s": float(np.average([d.mean_speed_m_s for d in drives])),
    }
