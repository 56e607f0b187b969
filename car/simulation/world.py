"""One car on one track in one scene: what moves when a command is held, and what is seen."""

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from car.config import CameraConfig, Lens
from car.errors import SimulationError
from car.simulation.marshal import Marshal
from car.simulation.renderer import Renderer, View
from car.simulation.scene import SURFACES, Scene
from car.simulation.sensor import Sensor
from car.simulation.track import Track
from car.simulation.tracks import parse_track
from car.simulation.vehicle import (
    ACCELERATION,
    HEADING,
    SIDE_ACCELERATION,
    SPEED,
    YAW_RATE,
    Vehicle,
    VehicleParameters,
    X,
    Y,
)

OFF_ROAD_GRIP = 0.6


@dataclass(frozen=True)
class WorldSpec:
    """Everything that fixes a world; two worlds of one spec are the same to the last bit.

    Attributes:
        track: a name that `parse_track` takes.
        surface: one of `SURFACES`; None draws one by the seed.
        seed: fixes look, camera pose, vehicle and noise.
        look: domain randomisation of what is seen, from 0 (one clean look a surface) to 1.
        car: randomisation of the vehicle and camera pose, from 0 (as configured) to 1.
        extra_delay_s: added between light and wheels.
    """

    track: str = "random:0"
    surface: str | None = None
    seed: int = 0
    look: float = 0.5
    car: float = 0.0
    extra_delay_s: float = 0.0

    def __post_init__(self) -> None:
        for name, value in (("look", self.look), ("car", self.car)):
            if not 0.0 <= value <= 1.0:
                raise SimulationError(f"{name} = {value}: the level goes from 0 to 1")
        if not 0.0 <= self.extra_delay_s <= 0.5:
            raise SimulationError(f"an extra delay of {self.extra_delay_s} s is not in 0 to 0.5 s")


class World:
    """A simulated car in its surroundings, moved by commands and seen through its camera.

    Attributes:
        track: the road.
        surface: what it is made of.
        vehicle: the car and its hidden parameters.
        lens: the camera's true pose and lens.
        marshal: counts laps and off-road events.
    """

    def __init__(self, spec: WorldSpec, camera: CameraConfig) -> None:
        looks, cars, noise = np.random.default_rng([spec.seed, 11]).spawn(3)
        drawn = SURFACES[int(looks.integers(len(SURFACES)))]
        self.spec = spec
        self.track: Track = parse_track(spec.track)
        self.surface = spec.surface or drawn
        self.scene = Scene(self.track, self.surface, int(looks.integers(2**31)), spec.look)
        self.vehicle = Vehicle(VehicleParameters().varied(cars, spec.car))
        self.lens = _varied_lens(camera.lens, cars, spec.car)
        self.renderer = Renderer(self.scene, self.lens, camera.width_px, camera.height_px)
        self.sensor = Sensor(
            int(looks.integers(2**31)), spec.look, camera.width_px, camera.height_px
        )
        self.marshal = Marshal(self.track, self.vehicle)
        self.camera_delay_s = self.vehicle.parameters.camera_delay_s + spec.extra_delay_s / 2
        self._dead_time_s = self.vehicle.parameters.dead_time_s + spec.extra_delay_s / 2
        self._noise = noise
        self.restart()

    def reseed(self, seed: int) -> None:
        """Draw noise, body motion and starting places anew from a seed."""
        self._noise = np.random.default_rng(seed)

    def restart(
        self, index: int | None = None, offset_m: float = 0.0, turned_rad: float = 0.0
    ) -> None:
        """Put the car on the road at rest and count from zero.

        Args:
            index: centre line point; None draws one.
            offset_m: to the left of the centre line.
            turned_rad: counter-clockwise of the road's heading.
        """
        track = self.track
        i = int(self._noise.integers(len(track))) if index is None else index % len(track)
        x, y = track.centre_m[i] + offset_m * track.normal[i]
        self.vehicle.place(float(x), float(y), float(track.heading_rad[i]) + turned_rad)
        self.marshal.start()
        self.elapsed_s = 0.0
        self._orders: deque[tuple[float, float, float]] = deque()
        self._order = (0.0, 0.0)
        self._bob_rad = 0.0

    def advance(self, steering: float, throttle: float, duration_s: float) -> None:
        """Hold a command at the servo and ESC for a while; it acts after their dead time."""
        self._orders.append((self.elapsed_s + self._dead_time_s, steering, throttle))
        end = self.elapsed_s + duration_s
        friction = self.vehicle.parameters.friction
        if self.marshal.standing.off_road:
            friction *= OFF_ROAD_GRIP
        while self.elapsed_s < end - 1e-9:
            while self._orders and self._orders[0][0] <= self.elapsed_s + 1e-9:
                self._order = self._orders.popleft()[1:]
            until = min(end, self._orders[0][0]) if self._orders else end
            self.vehicle.move(*self._order, until - self.elapsed_s, friction)
            self.elapsed_s = until
        self.marshal.watch(duration_s)

    def look(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Take a picture now.

        Returns:
            image uint8 (height, width, 3) RGB, and its exact class map uint8 (height, width).
        """
        state = self.vehicle.state
        pace = min(1.0, abs(float(state[SPEED])))
        self._bob_rad = 0.8 * self._bob_rad + 0.2 * pace * float(self._noise.normal(0, 0.012))
        image, class_map = self.renderer.render(
            View(
                x_m=float(state[X]),
                y_m=float(state[Y]),
                heading_rad=float(state[HEADING]),
                pitch_rad=-0.0045 * float(state[ACCELERATION]) + self._bob_rad,
                roll_rad=0.002 * float(state[SIDE_ACCELERATION]),
                speed_m_s=float(state[SPEED]),
                yaw_rate_rad_s=float(state[YAW_RATE]),
            )
        )
        return self.sensor.expose(image, self._noise), class_map

    @property
    def delay_s(self) -> float:
        """From light to the first movement of a wheel."""
        return self.camera_delay_s + self._dead_time_s

    @property
    def speed_m_s(self) -> float:
        """Along the car."""
        return float(self.vehicle.state[SPEED])


def _varied_lens(lens: Lens, rng: np.random.Generator, level: float) -> Lens:
    """A camera mounted by another hand: pose and lens off by what screws and brackets allow."""

    def off(spread: float) -> float:
        return level * spread * float(rng.uniform(-1, 1))

    return Lens(
        field_of_view_deg=lens.field_of_view_deg + off(8.0),
        distortion=max(-0.4, min(0.2, lens.distortion + off(0.06))),
        height_m=lens.height_m * math.exp(off(0.18)),
        forward_m=lens.forward_m + off(0.04),
        pitch_deg=lens.pitch_deg + off(4.0),
        roll_deg=lens.roll_deg + off(1.5),
    )
