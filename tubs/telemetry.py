"""What a car's own sensors measure, each at its own rate."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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


@dataclass(frozen=True, slots=True)
class ImuSamples:
    """All inertial measurements of a tub, in the order of sessions and time.

    Attributes:
        session: int32 (n,), number of the session in the tub.
        measured_s: float64 (n,), comparable within a session.
        values: float64 (n, 6): acceleration x, y, z in m/s2, then angular velocity x, y, z in
            rad/s.
    """

    session: NDArray[np.int32]
    measured_s: NDArray[np.float64]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.measured_s)


@dataclass(frozen=True, slots=True)
class TubTelemetry:
    """A measurement and the session it belongs to.

    Attributes:
        session: number of the session in the tub.
        telemetry: what was measured.
    """

    session: int
    telemetry: Telemetry
