"""What can go wrong with a pilot's eyes and hands for a second or two, by chance from a seed."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from car.config import Lens
from car.frame import Frame, Image
from car.pilots.pilot import Decision, Pilot
from car.simulation.vehicle import HEADING, X, Y
from car.simulation.world import World
from train.learning.ground import pixel_rays

KINDS = ("frozen", "biased", "covered", "glare", "cloth", "patch")
QUIET_S = (3.0, 9.0)
"""Between two troubles."""
PATCH_AHEAD_M = 2.5
"""How far ahead of the car a cover lies over the road when it appears."""


class TroubledPilot:
    """A pilot to whom things happen; without kinds, nothing does.

    Args:
        pilot: decides.
        world: where it drives; asked for the pose only, to lay a cover over the road.
        kinds: of trouble, from KINDS, that may happen.
        seed: decides what happens when.
        gain: its steering is multiplied by this: a pilot that cuts or widens every bend.
        lag: share of the steering before that is kept at every frame.

    Attributes:
        trouble: the kind that is happening now; empty when none is.
    """

    def __init__(
        self,
        pilot: Pilot,
        world: World,
        kinds: tuple[str, ...],
        seed: int,
        gain: float = 1.0,
        lag: float = 0.0,
    ) -> None:
        self._pilot, self._world, self._kinds = pilot, world, kinds
        self._dice = np.random.default_rng([seed, 17])
        self._gain, self._lag = gain, lag
        self.trouble = ""
        self._change_s: float | None = None
        self._steering = self._held = self._bias = 0.0
        self._cover = np.zeros((1, 1, 1), bool)
        self._paint = np.zeros(3)
        self._patch: tuple[float, float, float] | None = None

    def decide(self, frame: Frame) -> Decision:
        """Let trouble come or go, and ask the pilot behind it."""
        self._pass_time(frame)
        decision = self._pilot.decide(replace(frame, image=self._see(frame.image)))
        wanted = self._gain * decision.command.steering
        self._steering = self._lag * self._steering + (1 - self._lag) * wanted
        if self.trouble == "frozen":
            self._steering = self._held
        elif self.trouble != "biased":
            self._held = self._steering
        biased = self._steering + (self._bias if self.trouble == "biased" else 0.0)
        command = decision.command._replace(steering=max(-1.0, min(1.0, biased)))
        return decision._replace(command=command)

    def _pass_time(self, frame: Frame) -> None:
        if self._change_s is None:
            self._change_s = frame.captured_s + 3.0
        if not self._kinds or frame.captured_s < self._change_s:
            return
        if self.trouble:
            self.trouble = ""
            self._change_s = frame.captured_s + float(self._dice.uniform(*QUIET_S))
            return
        self.trouble = str(self._dice.choice(self._kinds))
        lasting_s = 4.0 if self.trouble == "patch" else float(self._dice.uniform(0.8, 2.0))
        self._change_s = frame.captured_s + lasting_s
        self._prepare(frame.image.shape[:2])

    def _prepare(self, shape: tuple[int, int]) -> None:
        dice = self._dice
        self._bias = float(dice.uniform(0.35, 0.9) * dice.choice([-1, 1]))
        self._paint = dice.uniform(20, 235, 3)
        rows, columns = np.mgrid[: shape[0], : shape[1]]
        match self.trouble:
            case "covered":
                angle, share = dice.uniform(0, 2 * math.pi), dice.uniform(-0.1, 0.35)
                across = (columns / shape[1] - 0.5) * math.cos(angle)
                self._cover = across + (rows / shape[0] - 0.5) * math.sin(angle) > share
            case "cloth":
                self._cover = np.ones(shape, bool)
            case "glare":
                row, column = dice.uniform(0.2, 0.9) * shape[0], dice.uniform(0, 1) * shape[1]
                reach = dice.uniform(0.2, 0.5) * shape[1]
                self._cover = (rows - row) ** 2 + (columns - column) ** 2 < reach**2
            case "patch":
                self._patch = self._place_ahead()

    def _place_ahead(self) -> tuple[float, float, float]:
        track = self._world.track
        index = self._world.marshal.index + round(PATCH_AHEAD_M / track.spacing_m)
        x, y = track.centre_m[index % len(track)]
        return float(x), float(y), float(track.heading_rad[index % len(track)])

    def _see(self, image: Image) -> Image:
        match self.trouble:
            case "covered" | "cloth":
                return self._painted(image, self._cover, self._paint)
            case "glare":
                return self._painted(image, self._cover, np.full(3, 252.0))
            case "patch":
                return self._painted(image, self._seen_patch(image.shape[:2]), self._paint)
        return image

    def _painted(
        self, image: Image, where: NDArray[np.bool_], colour: NDArray[np.float64]
    ) -> Image:
        """Paint with noise, so that no two pictures are the same and none is blank."""
        seen = image.copy()
        noise = self._dice.normal(0, 6, (int(where.sum()), 3))
        seen[where] = np.clip(colour + noise, 0, 255).astype(np.uint8)
        return seen

    def _seen_patch(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Pixels that look at a cover 1.2 m long that hides the road and some ground beside it."""
        assert self._patch is not None
        ground = ground_of_pixels(self._world.lens, *shape)
        state = self._world.vehicle.state
        x, y, heading = float(state[X]), float(state[Y]), float(state[HEADING])
        c, s = math.cos(heading), math.sin(heading)
        east = x + c * ground[..., 0] - s * ground[..., 1] - self._patch[0]
        north = y + s * ground[..., 0] + c * ground[..., 1] - self._patch[1]
        along = east * math.cos(self._patch[2]) + north * math.sin(self._patch[2])
        across = -east * math.sin(self._patch[2]) + north * math.cos(self._patch[2])
        return np.asarray((np.abs(along) < 0.6) & (np.abs(across) < 0.9))


def ground_of_pixels(lens: Lens, rows: int, columns: int) -> NDArray[np.float64]:
    """Where pixels meet the ground, metres ahead of the car and to its left; 1e6 above it."""
    rays = pixel_rays(lens, rows, columns)
    down = np.where(rays[..., 2] < -1e-3, -rays[..., 2], 1e-6)
    reach = np.minimum(lens.height_m / down, 1e6)
    return np.stack([reach * rays[..., 0] + lens.forward_m, reach * rays[..., 1]], axis=-1)
