"""Films a drive: the camera's pictures with what the pilot saw and did drawn over them."""

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from car.frame import Image
from car.loop import Tick
from car.pictures.overlay import Hud, draw_overlay
from car.pictures.track_map import TrackMap
from car.simulation.vehicle import X, Y
from car.simulation.world import World

TRAIL_POINTS = 400


class Film(Protocol):
    """Takes pictures, uint8 (height, width, 3) RGB."""

    def write(self, image: Image) -> None:
        """Add a picture."""
        ...


class LapFilm:
    """Draws every tick of a simulated drive onto a film.

    Args:
        film: written to, and entered and left with this.
        world: where the car drives.
        laps: how many are to be driven.
        every: takes one tick in this many.
    """

    def __init__(
        self, film: AbstractContextManager[Film], world: World, laps: int, every: int = 1
    ) -> None:
        self._context = film
        self._world = world
        self._laps = laps
        self._every = every
        self._map = TrackMap(world.track.centre_m, world.track.width_m)
        self._trail: list[tuple[float, float]] = []

    def __enter__(self) -> Self:
        self._film = self._context.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._context.__exit__(kind, error, traceback)

    def watch(self, tick: Tick) -> None:
        """Add a picture of this tick."""
        state = self._world.vehicle.state
        self._trail.append((float(state[X]), float(state[Y])))
        if tick.frame.number % self._every == 0:
            self._film.write(self._picture(tick))

    def _picture(self, tick: Tick) -> Image:
        standing, decision = self._world.marshal.standing, tick.decision
        hud = Hud(
            steering=tick.sent.steering,
            throttle=tick.sent.throttle,
            steering_std=decision.steering_std if decision else float("nan"),
            speed_m_s=self._world.speed_m_s,
            lap=min(standing.laps + 1, self._laps),
            laps=self._laps,
            time_s=standing.driven_s,
            mode=tick.mode.value,
            cross_track_m=standing.cross_track_m,
            caption=f"{self._world.track.name} · {self._world.surface}",
            position_m=self._trail[-1],
            trail_m=self._recent_trail(),
        )
        return draw_overlay(
            tick.frame.image, decision.class_map if decision else None, hud, self._map
        )

    def _recent_trail(self) -> NDArray[np.floating]:
        return np.array(self._trail[-TRAIL_POINTS:])
