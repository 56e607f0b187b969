"""What a car's own sensors measure, each at its own rate."""

from collections.abc import Mapping
from dataclasses import dataclass

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Imu:
    """One measurement of an inertial sensor; x ahead, y left, z up (ISO 8855, REP 103).

    Attributes:
        measured_s: when, seconds on the monotonic clock of the drive.
        acceleration_m_s2: with gravity, as the sensor feels it.
        angular_velocity_rad_s: about the axes.
    """

    measured_s: float
    acceleration_m_s2: Vector
    angular_velocity_rad_s: Vector


@dataclass(frozen=True, slots=True)
class Telemetry:
    """Measured numbers by name; the name ends in the unit: `speed_m_s`, `battery_v`.

    Attributes:
        measured_s: when, seconds on the monotonic clock of the drive.
        values: any that were measured at that time.
    """

    measured_s: float
    values: Mapping[str, float]
