"""Where an episode went wrong, and the seconds before it, kept for a picture."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from car.command import Command
from car.frame import Image
from car.loop import Tick
from car.simulation.expert import Expert
from car.simulation.vehicle import HEADING, SPEED, X, Y
from car.simulation.world import World

BEFORE_S = 3.0
OFF_ROAD, PUT_BACK = "off the road", "stood still"


class Failure(msgspec.Struct, frozen=True):
    """Something that must not happen.

    Attributes:
        kind: OFF_ROAD, or PUT_BACK for a car that stood still until it was put back.
        at_s: simulated time.
        lap: being driven, from 1.
        x_m: east.
        y_m: north.
        speed_m_s: then.
        picture: name of the picture of the seconds before, empty without one.
    """

    kind: str
    at_s: float
    lap: int
    x_m: float
    y_m: float
    speed_m_s: float
    picture: str = ""


@dataclass(frozen=True)
class Moment:
    """One tick of the seconds before a failure.

    Attributes:
        at_s: simulated time.
        image: that the pilot saw, uint8 (height, width, 3) RGB.
        class_map: the pilot's own, or None.
        steering_std: the pilot's uncertainty, nan when unknown.
        sent: to the wheels.
        expert: what the expert would have sent from where the car truly was.
        x_m: east.
        y_m: north.
        heading_rad: counter-clockwise from east.
        speed_m_s: along the car.
        cross_track_m: left positive.
    """

    at_s: float
    image: Image
    class_map: Image | None
    steering_std: float
    sent: Command
    expert: Command
    x_m: float
    y_m: float
    heading_rad: float
    speed_m_s: float
    cross_track_m: float


class Sheets(Protocol):
    """Keeps what leads to a failure, and makes a picture of it."""

    def note(self, tick: Tick) -> None:
        """Keep a tick."""
        ...

    def draw(self, failure: Failure) -> str:
        """Make the picture of the last seconds; give its name, empty for none."""
        ...

    def forget(self) -> None:
        """The car was put somewhere else: what is kept leads to nothing."""
        ...


class NoPictures:
    """Keeps nothing."""

    def note(self, tick: Tick) -> None:
        """Forget the tick."""

    def draw(self, failure: Failure) -> str:
        """No picture."""
        return ""

    def forget(self) -> None:
        """Nothing is kept."""


Draw = Callable[[list[Moment], Failure, World, str, Path], None]


class Pictures:
    """Keeps the last seconds of a drive, and draws them when it fails.

    Args:
        folder: where the pictures go.
        stem: what their names begin with.
        title: what they show.
        world: where the car drives.
        draw: makes the picture.
    """

    def __init__(self, folder: Path, stem: str, title: str, world: World, draw: Draw) -> None:
        self._folder, self._stem, self._title, self._world = folder, stem, title, world
        self._draw = draw
        self._expert = Expert(world)
        self._moments: deque[Moment] = deque()
        self._drawn = 0

    def note(self, tick: Tick) -> None:
        """Keep a tick, and forget what is too old."""
        state, standing = self._world.vehicle.state, self._world.marshal.standing
        decision = tick.decision
        self._moments.append(
            Moment(
                at_s=standing.driven_s,
                image=tick.frame.image,
                class_map=decision.class_map if decision is not None else None,
                steering_std=decision.steering_std if decision is not None else float("nan"),
                sent=tick.sent,
                expert=self._expert.command(),
                x_m=float(state[X]),
                y_m=float(state[Y]),
                heading_rad=float(state[HEADING]),
                speed_m_s=float(state[SPEED]),
                cross_track_m=standing.cross_track_m,
            )
        )
        while standing.driven_s - self._moments[0].at_s > BEFORE_S + 1e-6:
            self._moments.popleft()

    def draw(self, failure: Failure) -> str:
        """Make the picture.

        Raises:
            OutputError: it cannot be written.
        """
        if not self._moments:
            return ""
        self._drawn += 1
        name = f"{self._stem}-{self._drawn:02d}.jpg"
        self._draw(list(self._moments), failure, self._world, self._title, self._folder / name)
        return name

    def forget(self) -> None:
        """Begin anew."""
        self._moments.clear()


class FailureWatch:
    """Watches the ticks of a drive for failures.

    Args:
        world: where it drives.
        sheets: makes pictures of them.

    Attributes:
        failures: so far.
    """

    def __init__(self, world: World, sheets: Sheets) -> None:
        self.failures: list[Failure] = []
        self._world, self._sheets = world, sheets
        self._events = self._put_back = 0
        self._is_off_road = False

    def watch(self, tick: Tick) -> None:
        """Look at the marshal's standing after a tick; failures before notes.

        A car that was put back is somewhere else by now: what is kept ends before that.
        """
        standing = self._world.marshal.standing
        if standing.interventions > self._put_back:
            self._note_put_back()
        self._sheets.note(tick)
        if standing.off_road_events > self._events:
            self._events = standing.off_road_events
            self._fail(OFF_ROAD)
        self._is_off_road = standing.off_road

    def end(self) -> None:
        """Look once more: the drive may end before the tick that would tell."""
        standing = self._world.marshal.standing
        if standing.off_road_events > self._events:
            self._events = standing.off_road_events
            self._fail(OFF_ROAD)

    def _note_put_back(self) -> None:
        """A car that had left the road has had its failure; one that stood has not."""
        self._put_back = self._world.marshal.standing.interventions
        if not self._is_off_road:
            self._fail(PUT_BACK)
        self._sheets.forget()

    def _fail(self, kind: str) -> None:
        standing, state = self._world.marshal.standing, self._world.vehicle.state
        failure = Failure(
            kind=kind,
            at_s=round(standing.driven_s, 3),
            lap=standing.laps + 1,
            x_m=float(state[X]),
            y_m=float(state[Y]),
            speed_m_s=float(state[SPEED]),
        )
        picture = self._sheets.draw(failure)
        self.failures.append(msgspec.structs.replace(failure, picture=picture))
