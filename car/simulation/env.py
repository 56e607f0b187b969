"""The simulated car as a Gymnasium environment, for those who bring their own learner."""

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from car.config import CameraConfig
from car.simulation.world import World, WorldSpec

Observation = dict[str, NDArray[Any]]


class EverlapEnv(gymnasium.Env[Observation, NDArray[np.float32]]):
    """Steer and drive a small car along a road that it sees through its camera.

    Observation: `image` uint8 (height, width, 3) RGB and `speed` float32 (1,) in m/s.
    Action: float32 (2,), steering (+1 right) and throttle (+1 ahead), both in [-1, +1].
    Reward: metres along the road a step, less 5 and the end of the episode off the road.
    Info: cte_m (left positive), heading_error_rad, speed_m_s, lap, lap_time_s, progress (laps),
    off_track, off_track_count, hit, label (uint8 (height, width) of car.frame.RoadClass).
    `reset(seed=..., options={"track", "surface", "look", "car", "world", "offset_m",
    "turned_rad"})` fixes everything; without a seed worlds are drawn from a pool and reused.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 20}  # noqa: RUF012

    def __init__(
        self,
        track: str = "random:0",
        camera: CameraConfig = CameraConfig(),  # noqa: B008
        look: float = 0.5,
        car: float = 0.0,
        max_steps: int = 1200,
        worlds: int = 4,
        render_mode: str | None = None,
    ) -> None:
        size = (camera.height_px, camera.width_px, 3)
        self.observation_space = spaces.Dict(  # type: ignore[assignment]
            image=spaces.Box(0, 255, size, np.uint8),
            speed=spaces.Box(-20.0, 20.0, (1,), np.float32),
        )
        self.action_space = spaces.Box(-1.0, 1.0, (2,), np.float32)
        self.render_mode = render_mode
        self._defaults = {"track": track, "look": look, "car": car}
        self._camera = camera
        self._max_steps = max_steps
        self._count = worlds
        self._pool: dict[WorldSpec, World] = {}

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Put the car at rest on a road.

        Raises:
            SimulationError: an unknown track or surface, or a level out of range.
        """
        super().reset(seed=seed)
        wish = {**self._defaults, **(options or {})}
        drawn = int(self.np_random.integers(self._count))
        spec = WorldSpec(
            track=wish["track"],
            surface=wish.get("surface"),
            seed=int(wish.get("world", drawn)),
            look=wish["look"],
            car=wish["car"],
        )
        self.world = self._world(spec)
        self.world.reseed(int(self.np_random.integers(2**31)))
        self.world.restart(
            offset_m=float(wish.get("offset_m", self.np_random.normal(0, 0.04))),
            turned_rad=float(wish.get("turned_rad", self.np_random.normal(0, 0.04))),
        )
        self._steps = 0
        return self._observe(), self._info()

    def step(
        self, action: NDArray[np.float32]
    ) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Hold an action for one frame period."""
        before = self.world.marshal.standing.progress_m
        put_back = self.world.marshal.standing.interventions
        self.world.advance(float(action[0]), float(action[1]), 1.0 / self._camera.frames_per_s)
        standing = self.world.marshal.standing
        self._steps += 1
        off = standing.off_road or standing.interventions > put_back
        reward = standing.progress_m - before - (5.0 if off else 0.0)
        return self._observe(), reward, off, self._steps >= self._max_steps, self._info()

    def render(self) -> NDArray[np.uint8]:
        """The camera's image, uint8 (height, width, 3) RGB."""
        return self._image

    def _world(self, spec: WorldSpec) -> World:
        """Worlds are dear to paint: keep a few."""
        if spec not in self._pool:
            if len(self._pool) >= self._count:
                self._pool.pop(next(iter(self._pool)))
            self._pool[spec] = World(spec, self._camera)
        return self._pool[spec]

    def _observe(self) -> Observation:
        self._image, self._label = self.world.look()
        return {"image": self._image, "speed": np.array([self.world.speed_m_s], np.float32)}

    def _info(self) -> dict[str, Any]:
        standing = self.world.marshal.standing
        return {
            "cte_m": standing.cross_track_m,
            "heading_error_rad": standing.heading_error_rad,
            "speed_m_s": self.world.speed_m_s,
            "lap": standing.laps,
            "lap_time_s": standing.lap_times_s[-1] if standing.lap_times_s else 0.0,
            "progress": standing.progress_m / self.world.track.length_m,
            "off_track": standing.off_road,
            "off_track_count": standing.off_road_events,
            "hit": False,
            "label": self._label,
        }
