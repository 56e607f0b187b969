"""What the values of a donkeycar record mean, in Everlap's signs and units."""

import math
from pathlib import PureWindowsPath

from tubs.control import Control
from tubs.exchange.foreign import (
    Meaning,
    Unusable,
    clipped_to_unit,
    finite_or_none,
    number_in,
)
from tubs.telemetry import Imu, Telemetry

STEERING_KEYS = ("user/angle", "angle", "steering", "user/steering")
THROTTLE_KEYS = ("user/throttle", "throttle")
PILOT_STEERING_KEYS = ("pilot/angle",)
PILOT_THROTTLE_KEYS = ("pilot/throttle",)
TIME_KEYS = ("_timestamp_ms", "milliseconds")
IMAGE_KEYS = ("cam/image_array", "image_array")
MODES = {
    "user": "human",
    "local_angle": "assisted",
    "local": "pilot",
    "local_pilot": "pilot",
    "pilot": "pilot",
}
SPEED_KEY = "enc/speed"
TELEMETRY = {
    SPEED_KEY: "speed_m_s",
    "enc/distance": "distance_m",
    "pos/x": "position_x_m",
    "pos/y": "position_y_m",
    "pos/angle": "heading_rad",
    "vel/x": "velocity_x_m_s",
    "vel/y": "velocity_y_m_s",
    "vel/angle": "turn_rate_rad_s",
    "rpm": "rpm",
}
"""What donkeycar's odometry writes: metres and radians."""
ACCELERATION_KEYS = ("imu/acl_x", "imu/acl_y", "imu/acl_z")
GYRO_KEYS = ("imu/gyr_x", "imu/gyr_y", "imu/gyr_z")
IMU_REMARK = (
    "the IMU's axes are the sensor's own, as it was mounted; its turn rates are taken for degrees "
    "a second, as donkeycar's MPU6050 and MPU9250 give them"
)


def image_name(values: dict[str, object]) -> str:
    """The name of the image's file, without any folder.

    Raises:
        Unusable: there is none.
    """
    for key in IMAGE_KEYS:
        name = values.get(key)
        name = PureWindowsPath(name).name if isinstance(name, str) else ""
        if name not in ("", "..") and name.isprintable():
            return name
    raise Unusable("it names no image")


def index_in(values: dict[str, object]) -> int | None:
    """The number that a record gives itself; None when it has none that can be one."""
    index = values.get("_index")
    return index if type(index) is int and 0 <= index < 2**53 else None


def meaning_of(values: dict[str, object]) -> Meaning:
    """What a record says.

    Raises:
        Unusable: steering or throttle is missing, or a command is no finite number.
    """
    wished = [number_in(values, keys) for keys in (STEERING_KEYS, THROTTLE_KEYS)]
    pilot = [number_in(values, keys) for keys in (PILOT_STEERING_KEYS, PILOT_THROTTLE_KEYS)]
    for name, value in zip(("steering", "throttle"), wished, strict=True):
        if value is None:
            raise Unusable(f"it has no {name}")
    stamps = [finite_or_none(values.get(key)) for key in TIME_KEYS]
    return Meaning(
        control=_control(values, wished, pilot),
        clipped=any(abs(value) > 1.0 for value in wished + pilot if value is not None),
        stamp_ms=next((stamp for stamp in stamps if stamp is not None), None),
        imu=_imu(values),
        telemetry=_telemetry(values),
    )


def _control(
    values: dict[str, object], wished: list[float | None], pilot: list[float | None]
) -> Control:
    """What was wished and applied, not yet timed."""
    mode = MODES.get(str(values.get("user/mode", "user")), "human")
    steering, throttle, pilot_steering, pilot_throttle = (
        None if value is None else clipped_to_unit(value) for value in wished + pilot
    )
    return Control(
        captured_s=0.0,
        applied_s=0.0,
        steering=_applied(steering, pilot_steering, mode in ("assisted", "pilot")),
        throttle=_applied(throttle, pilot_throttle, mode == "pilot"),
        mode=mode,
        human_steering=steering,
        human_throttle=throttle,
        pilot_steering=pilot_steering,
        pilot_throttle=pilot_throttle,
        speed_m_s=finite_or_none(values.get(SPEED_KEY)),
        frame_age_s=0.0,
    )


def _applied(human: float | None, pilot: float | None, pilot_decides: bool) -> float:
    applied = pilot if pilot_decides and pilot is not None else human
    return 0.0 if applied is None else applied


def _imu(values: dict[str, object]) -> Imu | None:
    acceleration = [finite_or_none(values.get(key)) for key in ACCELERATION_KEYS]
    turning = [finite_or_none(values.get(key)) for key in GYRO_KEYS]
    match [*acceleration, *turning]:
        case [float(x), float(y), float(z), float(about_x), float(about_y), float(about_z)]:
            rates = (math.radians(about_x), math.radians(about_y), math.radians(about_z))
            return Imu(0.0, (x, y, z), rates)
    return None


def _telemetry(values: dict[str, object]) -> Telemetry | None:
    known = {
        name: value
        for key, name in TELEMETRY.items()
        if (value := finite_or_none(values.get(key))) is not None
    }
    return Telemetry(0.0, known) if known else None
