"""How a small car moves: servo and motor with lag, and a single-track model with tyres that slip.

The model is the dynamic single-track ("bicycle") model with load transfer and a tyre force that
saturates as mu N tanh(C alpha / mu); see Rajamani, Vehicle Dynamics and Control, chapter 2, and
for tyre saturation in small cars the F1TENTH course notes. Below walking pace, where slip angles
are ill-defined, it is the kinematic model.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

GRAVITY_M_S2 = 9.81
STEP_S = 0.0025

X, Y, HEADING, SPEED, SIDE_SPEED, YAW_RATE, STEER_RAD, DRIVE, ACCELERATION, SIDE_ACCELERATION = (
    range(10)
)


@dataclass(frozen=True)
class VehicleParameters:
    """A car's hidden truth; the defaults are a 1/10 touring car with a hobby servo and ESC.

    Attributes:
        mass_kg: all up.
        front_axle_m: from the centre of mass.
        rear_axle_m: from the centre of mass.
        yaw_inertia_kg_m2: about the vertical axis.
        mass_height_m: of the centre of mass.
        steer_max_rad: wheel angle at full lock.
        steer_rate_rad_s: fastest the servo turns the wheels (0.16 s per 60 degrees of horn).
        steer_lag_s: first-order lag of servo and linkage.
        steer_trim: added to the command by a horn that sits askew, in units of steering.
        top_speed_m_s: at full throttle.
        acceleration_m_s2: at full throttle from rest.
        braking_m_s2: at full brake.
        rolling_m_s2: deceleration by rolling resistance.
        drive_lag_s: first-order lag of the ESC and motor.
        dead_band: throttle below which the ESC does nothing.
        friction: of tyre on road.
        cornering_stiffness: per radian and newton of load.
        dead_time_s: from the pulse to the first movement.
        camera_delay_s: from light to a frame in the hands of the drive loop.
    """

    mass_kg: float = 1.9
    front_axle_m: float = 0.1285
    rear_axle_m: float = 0.1285
    yaw_inertia_kg_m2: float = 0.027
    mass_height_m: float = 0.05
    steer_max_rad: float = math.radians(25)
    steer_rate_rad_s: float = 3.4
    steer_lag_s: float = 0.03
    steer_trim: float = 0.0
    top_speed_m_s: float = 6.0
    acceleration_m_s2: float = 5.0
    braking_m_s2: float = 6.0
    rolling_m_s2: float = 0.25
    drive_lag_s: float = 0.06
    dead_band: float = 0.06
    friction: float = 0.85
    cornering_stiffness: float = 6.5
    dead_time_s: float = 0.02
    camera_delay_s: float = 0.03

    @property
    def wheelbase_m(self) -> float:
        """Between the axles."""
        return self.front_axle_m + self.rear_axle_m

    def varied(self, rng: np.random.Generator, level: float) -> "VehicleParameters":
        """Another car of the kind.

        At level 1: speed response and friction +-30 %, servo speed +-30 %, trim +-0.05, and 30 to
        120 ms from light to wheels in all.
        """
        share = float(rng.uniform(0.3, 0.7))
        delay = (1 - level) * (self.dead_time_s + self.camera_delay_s) + level * float(
            rng.uniform(0.03, 0.12)
        )
        speed = 1 + 0.3 * level * float(rng.uniform(-1, 1))
        return replace(
            self,
            top_speed_m_s=self.top_speed_m_s * speed,
            acceleration_m_s2=self.acceleration_m_s2 * speed,
            friction=self.friction * (1 + 0.3 * level * float(rng.uniform(-1, 1))),
            steer_rate_rad_s=self.steer_rate_rad_s * (1 + 0.3 * level * float(rng.uniform(-1, 1))),
            steer_trim=0.05 * level * float(rng.uniform(-1, 1)),
            dead_time_s=delay * share,
            camera_delay_s=delay * (1 - share),
        )


class Vehicle:
    """A car on the ground plane.

    Attributes:
        parameters: its hidden truth.
        state: float64 (10,), see the indices above; SI units, left and counter-clockwise positive.
    """

    def __init__(self, parameters: VehicleParameters) -> None:
        self.parameters = parameters
        self.state: NDArray[np.float64] = np.zeros(10)
        p = parameters
        self._constants = np.array(
            [
                p.mass_kg, p.front_axle_m, p.rear_axle_m, p.yaw_inertia_kg_m2, p.mass_height_m,
                p.steer_max_rad, p.steer_rate_rad_s, p.steer_lag_s, p.steer_trim,
                p.top_speed_m_s, p.acceleration_m_s2, p.braking_m_s2, p.rolling_m_s2,
                p.drive_lag_s, p.dead_band, p.cornering_stiffness,
            ]
        )  # fmt: skip

    def place(self, x_m: float, y_m: float, heading_rad: float, speed_m_s: float = 0.0) -> None:
        """Put the car somewhere, wheels straight."""
        self.state[:] = 0.0
        self.state[[X, Y, HEADING, SPEED]] = x_m, y_m, heading_rad, speed_m_s

    def move(self, steering: float, throttle: float, duration_s: float, friction: float) -> None:
        """Hold a command for a while.

        Args:
            steering: -1 full left to +1 full right.
            throttle: -1 to +1.
            duration_s: how long; integrated in equal steps of at most 2.5 ms.
            friction: of the ground under the tyres.
        """
        steps = max(1, math.ceil(duration_s / STEP_S - 1e-9))
        _integrate(
            self.state, self._constants, steering, throttle, friction, duration_s / steps, steps
        )


@njit(cache=True)
def _integrate(state, constants, steering, throttle, friction, step, steps):  # type: ignore[no-untyped-def]
    """Advance the state in place by explicit Euler steps."""
    (mass, front, rear, inertia, height, steer_max, steer_rate, steer_lag, trim, top_speed, pull,
     braking, rolling, drive_lag, dead_band, stiffness) = constants  # fmt: skip
    wheelbase = front + rear
    target = -min(1.0, max(-1.0, steering + trim)) * steer_max
    wish = 0.0
    if abs(throttle) > dead_band:
        wish = math.copysign((abs(throttle) - dead_band) / (1 - dead_band), throttle)
    for _ in range(steps):
        x, y, heading, v = state[0], state[1], state[2], state[3]
        side, yaw, steer, drive = state[4], state[5], state[6], state[7]
        limit = steer_rate * step
        steer += max(-limit, min(limit, (target - steer) * min(1.0, step / steer_lag)))
        drive += (wish - drive) * min(1.0, step / drive_lag)
        a = _traction(drive, v, top_speed, pull, braking)
        a -= (rolling + 0.02 * v * v) * math.tanh(20 * v)
        grip = friction * GRAVITY_M_S2
        a = max(-grip, min(grip, a))
        if abs(v) < 0.5:
            v += a * step
            yaw = v * math.tan(steer) / wheelbase
            side = yaw * rear
            across = v * yaw
        else:
            slip_front = steer - math.atan2(side + front * yaw, abs(v)) * math.copysign(1.0, v)
            slip_rear = -math.atan2(side - rear * yaw, abs(v))
            load_front = mass * (GRAVITY_M_S2 * rear - a * height) / wheelbase
            load_rear = mass * (GRAVITY_M_S2 * front + a * height) / wheelbase
            left = math.sqrt(max(0.05, 1 - (a / grip) ** 2))
            force_front = (
                friction * load_front * left * math.tanh(stiffness * slip_front / friction)
            )
            force_rear = friction * load_rear * left * math.tanh(stiffness * slip_rear / friction)
            across = (force_front * math.cos(steer) + force_rear) / mass
            yaw_acceleration = (front * force_front * math.cos(steer) - rear * force_rear) / inertia
            v += (a - force_front * math.sin(steer) / mass + side * yaw) * step
            side += (across - v * yaw) * step
            yaw += yaw_acceleration * step
        cosine, sine = math.cos(heading), math.sin(heading)
        state[0] = x + (v * cosine - side * sine) * step
        state[1] = y + (v * sine + side * cosine) * step
        state[2] = heading + yaw * step
        state[3], state[4], state[5], state[6], state[7] = v, side, yaw, steer, drive
        state[8], state[9] = a, across
    for k in range(10):
        if abs(state[k]) < 1e-12:  # denormal numbers cost a hundred times as much
            state[k] = 0.0


@njit(cache=True)
def _traction(drive, v, top_speed, pull, braking):  # type: ignore[no-untyped-def]
    """Acceleration by motor or brake: torque falls with speed, as in a DC motor."""
    if drive > 0.01:
        return pull * (drive - v / top_speed)
    if drive < -0.01:
        if v > 0.05:
            return braking * drive
        return pull * (0.5 * drive - v / top_speed)
    return -0.35 * v
