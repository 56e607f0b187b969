"""What the car's own sensors measured as JSON messages: /imu and /telemetry."""

import math

import msgspec

from tubs.errors import TubError
from tubs.mcap.layout import Damaged
from tubs.telemetry import Imu, Telemetry, Vector


class _Xyz(msgspec.Struct, frozen=True):
    x: float
    y: float
    z: float


class _ImuMessage(msgspec.Struct, frozen=True):
    measured_s: float
    acceleration_m_s2: _Xyz
    angular_velocity_rad_s: _Xyz


class _TelemetryMessage(msgspec.Struct, frozen=True):
    measured_s: float
    values: dict[str, float]


_ENCODER = msgspec.json.Encoder()
_IMU_DECODER = msgspec.json.Decoder(_ImuMessage)
_TELEMETRY_DECODER = msgspec.json.Decoder(_TelemetryMessage)
_MEASURED = {"type": "number", "description": "when, seconds on the monotonic clock of the drive"}


def imu_schema() -> bytes:
    """The JSON schema of /imu."""
    axes = {name: {"type": "number"} for name in ("x", "y", "z")}
    vector = {"type": "object", "properties": axes, "required": ["x", "y", "z"]}
    feels = {"description": "x ahead, y left, z up; with gravity, as the sensor feels it"}
    turns = {"description": "about the axes x ahead, y left, z up"}
    return _schema(
        "everlap.Imu",
        {"acceleration_m_s2": vector | feels, "angular_velocity_rad_s": vector | turns},
    )


def telemetry_schema() -> bytes:
    """The JSON schema of /telemetry."""
    numbers = {"type": "object", "additionalProperties": {"type": "number"}}
    named = {"description": "what was measured, by a name that ends in the unit"}
    return _schema("everlap.Telemetry", {"values": numbers | named})


def _schema(title: str, properties: dict[str, object]) -> bytes:
    properties = {"measured_s": _MEASURED} | properties
    return msgspec.json.encode(
        {"type": "object", "title": title, "properties": properties, "required": list(properties)}
    )


def pack_measurement(measurement: Imu | Telemetry) -> bytes:
    """Write a measurement as JSON.

    Raises:
        TubError: a value is not finite.
    """
    _check(measurement)
    if isinstance(measurement, Telemetry):
        return _ENCODER.encode(_TelemetryMessage(measurement.measured_s, dict(measurement.values)))
    return _ENCODER.encode(
        _ImuMessage(
            measurement.measured_s,
            _Xyz(*measurement.acceleration_m_s2),
            _Xyz(*measurement.angular_velocity_rad_s),
        )
    )


def _check(measurement: Imu | Telemetry) -> None:
    if not 0.0 <= measurement.measured_s < 1e9:
        raise TubError(
            f"measured_s = {measurement.measured_s} cannot be recorded: it lies in [0, 1e9) seconds"
        )
    for name, value in _named_values(measurement):
        if not math.isfinite(value):
            raise TubError(f"{name} = {value} cannot be recorded: leave out what is not known")


def _named_values(measurement: Imu | Telemetry) -> list[tuple[str, float]]:
    if isinstance(measurement, Telemetry):
        return list(measurement.values.items())
    vectors = ("acceleration_m_s2", "angular_velocity_rad_s")
    return [(name, value) for name in vectors for value in getattr(measurement, name)]


def unpack_imu(message: bytes) -> Imu:
    """Read a message of /imu.

    Raises:
        Damaged: it is something else.
    """
    try:
        read = _IMU_DECODER.decode(message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Damaged(f"an inertial measurement: {error}") from error
    return Imu(
        read.measured_s, _vector(read.acceleration_m_s2), _vector(read.angular_velocity_rad_s)
    )


def _vector(xyz: _Xyz) -> Vector:
    return (xyz.x, xyz.y, xyz.z)


def unpack_telemetry(message: bytes) -> Telemetry:
    """Read a message of /telemetry.

    Raises:
        Damaged: it is something else.
    """
    try:
        read = _TELEMETRY_DECODER.decode(message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Damaged(f"a measurement: {error}") from error
    return Telemetry(read.measured_s, read.values)
