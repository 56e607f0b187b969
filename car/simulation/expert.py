"""A driver who knows the road: pure pursuit, with the speed planned from curvature.

Pure pursuit after Coulter, "Implementation of the Pure Pursuit Path Tracking Algorithm" (CMU
1992). The disturbance while recording, whose label stays the expert's own wish, after Laskey et
al., "DART: Noise Injection for Robust Imitation Learning" (2017).
"""

import math

import numpy as np
from numpy.typing import NDArray

from car.actuators import Actuators
from car.command import STOP, Command
from car.frame import Frame
from car.human import Wish
from car.modes import Event
from car.pilots.pilot import Decision
from car.simulation.track import Track
from car.simulation.vehicle import HEADING, SPEED, VehicleParameters, X, Y
from car.simulation.world import World

LOOK_AHEAD_M = 0.45
LOOK_AHEAD_S = 0.22
SIDE_ACCELERATION_M_S2 = 1.8
BRAKING_M_S2 = 1.2
TOP_SPEED_M_S = 2.0


class Expert:
    """Drives the middle of the road; a pilot that knows the world and needs no picture of it.

    The throttle is what the *nominal* car needs for the planned speed, with a mild correction:
    what a person does who drives by feel, and what can be read off a single picture.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._nominal = VehicleParameters()
        self.speed_plan_m_s = plan_speed(world.track)

    def decide(self, frame: Frame) -> Decision:
        """Steer at a point of the centre line some way ahead of the rear axle."""
        return Decision(self.command())

    def command(self) -> Command:
        """What the expert wants now, from where the car truly is."""
        world, track, nominal = self._world, self._world.track, self._nominal
        state = world.vehicle.state
        speed, heading = float(state[SPEED]), float(state[HEADING])
        rear_x = state[X] - nominal.rear_axle_m * math.cos(heading)
        rear_y = state[Y] - nominal.rear_axle_m * math.sin(heading)
        reach = LOOK_AHEAD_M + LOOK_AHEAD_S * max(0.0, speed)
        here = world.marshal.index
        goal = track.centre_m[(here + round(reach / track.spacing_m)) % len(track)]
        dx, dy = goal[0] - rear_x, goal[1] - rear_y
        bearing = math.atan2(dy, dx) - heading
        arc = 2 * math.sin(bearing) / max(0.1, math.hypot(dx, dy))
        steering = -math.atan(nominal.wheelbase_m * arc) / nominal.steer_max_rad
        soon = (here + round((0.1 + 0.15 * speed) / track.spacing_m)) % len(track)
        wanted = float(self.speed_plan_m_s[soon])
        throttle = throttle_for(wanted, nominal) + 0.02 * (wanted - speed)
        return Command(max(-1.0, min(1.0, steering)), max(0.0, min(1.0, throttle)))


def throttle_for(speed_m_s: float, car: VehicleParameters) -> float:
    """The throttle at which a car goes at a steady speed."""
    drag = (car.rolling_m_s2 + 0.02 * speed_m_s**2) / car.acceleration_m_s2
    return car.dead_band + (1 - car.dead_band) * (speed_m_s / car.top_speed_m_s + drag)


def plan_speed(track: Track) -> NDArray[np.float64]:
    """The speed at every centre line point: side acceleration bounded, braking in good time.

    Returns:
        float64 (n,), m/s.
    """
    window = round(0.3 / track.spacing_m)
    bend = np.abs(track.curvature)
    sharpest = np.max([np.roll(bend, k) for k in range(-window, window + 1)], axis=0)
    speed = np.minimum(TOP_SPEED_M_S, np.sqrt(SIDE_ACCELERATION_M_S2 / np.maximum(sharpest, 1e-3)))
    for _ in range(2):
        for i in range(len(track) - 1, -1, -1):
            after = speed[(i + 1) % len(track)]
            speed[i] = min(speed[i], math.sqrt(after**2 + 2 * BRAKING_M_S2 * track.spacing_m))
    return np.asarray(speed)


class ExpertAtTheWheel:
    """The expert as a human: lets go of everything once, chooses to drive, and drives."""

    def __init__(self, expert: Expert) -> None:
        self._expert = expert
        self._has_chosen = False

    def wish(self, now_s: float) -> Wish:
        """What the expert's hands do now."""
        if self._has_chosen:
            return Wish(self._expert.command(), now_s)
        self._has_chosen = True
        return Wish(STOP, now_s, (Event.CHOOSE_HUMAN,))


class DisturbedActuators:
    """Actuators with a clumsy hand on the wheel: what is sent differs smoothly from what is asked.

    Pushes come at random, last 0.3 to 1 s and fade in and out; between them there is a slow
    wander. The throttle wanders by some 15 %. All of it is fixed by the seed.
    """

    def __init__(self, actuators: Actuators, seed: int, period_s: float) -> None:
        self._actuators = actuators
        self._rng = np.random.default_rng([seed, 13])
        self._period_s = period_s
        self._push = self._drift = self._pace = 0.0
        self._phase_s = self._length_s = 0.0
        self._quiet_s = float(self._rng.uniform(0.2, 1.0))

    def __enter__(self) -> "DisturbedActuators":
        self._actuators.__enter__()
        return self

    def __exit__(self, *reason: object) -> None:
        self._actuators.__exit__(*reason)  # type: ignore[arg-type]

    def send(self, command: Command) -> Command:
        """Disturb a command, send it, and say what really went out."""
        if command.throttle == 0.0:
            return self._actuators.send(command)
        steering = command.steering + self._shove() + self._wander()
        throttle = command.throttle * math.exp(self._pace)
        return self._actuators.send(
            Command(max(-1.0, min(1.0, steering)), max(0.0, min(1.0, throttle)))
        )

    @property
    def latched(self) -> bool:
        """Whether the actuators withhold throttle."""
        return self._actuators.latched

    def _shove(self) -> float:
        if self._quiet_s > 0.0:
            self._quiet_s -= self._period_s
            return 0.0
        if self._length_s == 0.0:
            self._length_s = float(self._rng.uniform(0.3, 1.0))
            self._push = float(self._rng.uniform(0.25, 1.1) * self._rng.choice([-1, 1]))
            self._phase_s = 0.0
        self._phase_s += self._period_s
        if self._phase_s >= self._length_s:
            self._length_s = 0.0
            self._quiet_s = float(self._rng.uniform(0.3, 1.8))
            return 0.0
        return self._push * math.sin(math.pi * self._phase_s / self._length_s) ** 2

    def _wander(self) -> float:
        self._drift = 0.9 * self._drift + 0.1 * float(self._rng.normal(0, 0.35))
        self._pace = 0.97 * self._pace + 0.03 * float(self._rng.normal(0, 0.6))
        return self._drift
