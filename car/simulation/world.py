"""One car on one track in one scene: what moves when a command is held, and what is seen."""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from car.config import CameraConfig, Lens
from car.errors import SimulationError
from car.simulation.conditions import (
    ORDINARY,
    Conditions,
    changed_car,
    changed_lens,
    drawn_start,
)
from car.simulation.lost_frames import LostFrames
from car.simulation.marshal import Marshal
from car.simulation.picture_layers import layers_for
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
USUAL_EXPOSURE_S = 0.006

Paint = Callable[[Track, str, int, float], Scene]
"""Makes a scene of a road, a surface, a seed and a level."""


@dataclass(frozen=True)
class WorldSpec:
    """Everything that fixes a world; two worlds of one spec are the same to the last bit.

    Attributes:
        track: a name that `parse_track` takes.
        surface: as `choose_look` takes it; None draws one of SURFACES by the seed.
        seed: fixes look, camera pose, vehicle and noise.
        look: domain randomisation of what is seen, from 0 (one clean look a surface) to 1.
        car: randomisation of the vehicle and camera pose, from 0 (as configured) to 1.
        extra_delay_s: added between light and wheels.
        conditions: what is out of the ordinary; the rest of the world does not depend on it.
    """

    track: str = "random:0"
    surface: str | None = None
    seed: int = 0
    look: float = 0.5
    car: float = 0.0
    extra_delay_s: float = 0.0
    conditions: Conditions = ORDINARY

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
        losses: says which pictures never arrive.
    """

    def __init__(self, spec: WorldSpec, camera: CameraConfig, paint: Paint = Scene) -> None:
        """Make a world.

        Args:
            spec: all that fixes it.
            camera: size of the pictures, and where the camera should sit.
            paint: makes the scene, or has one of the same road, surface, seed and level.
        """
        looks, cars, noise = np.random.default_rng([spec.seed, 11]).spawn(3)
        drawn = SURFACES[int(looks.integers(len(SURFACES)))]
        conditions, size = spec.conditions, (camera.width_px, camera.height_px)
        self._odd = np.random.default_rng([spec.seed, 17])
        self.spec = spec
        self.track: Track = _widened(parse_track(spec.track), conditions.road_width)
        self.surface = spec.surface or drawn
        self.scene = paint(self.track, self.surface, int(looks.integers(2**31)), spec.look)
        parameters = VehicleParameters().varied(cars, spec.car)
        self.vehicle = Vehicle(changed_car(parameters, conditions, self._odd))
        self.lens = changed_lens(_varied_lens(camera.lens, cars, spec.car), conditions)
        self.renderer = Renderer(self.scene, self.lens, *size, exposure_s=_exposure_s(conditions))
        self.sensor = Sensor(int(looks.integers(2**31)), spec.look, *size)
        self._layers = layers_for(conditions, self.lens, *size, spec.seed)
        self._yaw_rad = math.radians(conditions.camera_yaw_deg)
        self.losses = LostFrames(conditions.lost_frames, conditions.lost_in_a_row, spec.seed)
        self.marshal = Marshal(self.track, self.vehicle)
        self.camera_delay_s = self.vehicle.parameters.camera_delay_s + spec.extra_delay_s / 2
        self._dead_time_s = self.vehicle.parameters.dead_time_s + spec.extra_delay_s / 2
        self._noise = noise
        offset_m, turned_rad = drawn_start(conditions, self.track.width_m / 2, self._odd)
        self.restart(offset_m=offset_m, turned_rad=turned_rad)

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
        view = View(
            x_m=float(state[X]),
            y_m=float(state[Y]),
            heading_rad=float(state[HEADING]) + self._yaw_rad,
            pitch_rad=-0.0045 * float(state[ACCELERATION]) + self._bob_rad,
            roll_rad=0.002 * float(state[SIDE_ACCELERATION]),
            speed_m_s=float(state[SPEED]),
            yaw_rate_rad_s=float(state[YAW_RATE]),
        )
        image, class_map = self.renderer.render(view)
        for layer in self._layers:
            image = layer.put(image, class_map, view)
        return self.sensor.expose(image, self._noise), class_map

    @property
    def delay_s(self) -> float:
        """From light to the first movement of a wheel."""
        return self.camera_delay_s + self._dead_time_s

    @property
    def speed_m_s(self) -> float:
        """Along the car."""
        return float(self.vehicle.state[SPEED])


def _widened(track: Track, factor: float) -> Track:
    return track if factor == 1.0 else replace(track, width_m=track.width_m * factor)


def _exposure_s(conditions: Conditions) -> float:
    exposure_ms = conditions.exposure_ms
    return USUAL_EXPOSURE_S if exposure_ms is None else exposure_ms / 1000.0


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
