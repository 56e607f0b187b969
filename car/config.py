"""car.toml: everything that differs from car to car, read into checked, frozen structs."""

import tomllib
from itertools import combinations
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from car.config_faults import explain
from car.errors import ConfigError
from car.monitor_settings import MonitorConfig
from car.pilots.settings import ChassisConfig, LineConfig, PlannerConfig
from car.section import Section

PulseUs = Annotated[int, Meta(ge=500, le=2500)]
Unit = Annotated[float, Meta(ge=0.0, le=1.0)]


class Lens(Section, frozen=True):
    """Where the camera sits and how it sees; the ground plane follows from it.

    Attributes:
        field_of_view_deg: horizontal angle that a lens without distortion of the same focal
            length would see.
        distortion: k of the division model r_u = r_d / (1 + k r_d^2), radii in focal lengths;
            below zero is a barrel.
        height_m: above the ground.
        forward_m: ahead of the middle between the axles.
        pitch_deg: looking down is positive.
        roll_deg: leaning right is positive.
    """

    field_of_view_deg: Annotated[float, Meta(gt=20.0, lt=150.0)] = 80.0
    distortion: Annotated[float, Meta(ge=-0.4, le=0.2)] = -0.1
    height_m: Annotated[float, Meta(gt=0.02, lt=1.0)] = 0.16
    forward_m: Annotated[float, Meta(ge=-0.5, le=0.5)] = 0.06
    pitch_deg: Annotated[float, Meta(ge=-20.0, le=60.0)] = 14.0
    roll_deg: Annotated[float, Meta(ge=-20.0, le=20.0)] = 0.0


class CameraConfig(Section, frozen=True):
    """The camera: which one, image size in pixels, frames a second, the oldest frame to steer by.

    Attributes:
        device: `picamera2`, `usb:NUMBER`, `usb:/dev/NAME`, or `replay:FOLDER` for a tub that is
            shown again and again.
        frozen_after_s: how long pictures may be the same to the last bit.
    """

    device: Annotated[
        str,
        Meta(
            pattern=r"\A(picamera2|usb:.+|replay:.+)\Z",
            description="picamera2, usb:NUMBER or replay:FOLDER",
        ),
    ] = "picamera2"
    width_px: Annotated[int, Meta(ge=32, le=1920)] = 160
    height_px: Annotated[int, Meta(ge=32, le=1080)] = 120
    frames_per_s: Annotated[float, Meta(ge=1.0, le=120.0)] = 20.0
    max_age_s: Annotated[float, Meta(gt=0.0, le=2.0)] = 0.3
    frozen_after_s: Annotated[float, Meta(ge=0.05, le=5.0)] = 0.5
    lens: Lens = Lens()


class ChipConfig(Section, frozen=True):
    """The PCA9685 on its I2C bus: `i2c-NUMBER`, or `simulated:FILE` for a chip that is a file."""

    bus: Annotated[
        str,
        Meta(
            pattern=r"\A(i2c-[0-9]{1,3}|simulated:.+)\Z", description="i2c-NUMBER or simulated:FILE"
        ),
    ] = "i2c-1"
    address: Annotated[int, Meta(ge=0x40, le=0x7F)] = 0x40
    frequency_hz: Annotated[float, Meta(ge=24.0, le=400.0)] = 60.0
    oscillator_hz: Annotated[int, Meta(ge=23_000_000, le=27_000_000)] = 25_000_000


class SteeringConfig(Section, frozen=True):
    """The steering servo: its channel and the pulses at full left, centre and full right."""

    channel: Annotated[int, Meta(ge=0, le=15)] = 1
    left_us: PulseUs = 1100
    centre_us: PulseUs = 1500
    right_us: PulseUs = 1900


class ThrottleConfig(Section, frozen=True):
    """The speed controller: its channel and the pulses at full reverse, neutral and full ahead.

    Attributes:
        arming_s: how long it must see neutral after it got power before it obeys.
    """

    channel: Annotated[int, Meta(ge=0, le=15)] = 0
    reverse_us: PulseUs = 1000
    neutral_us: PulseUs = 1500
    forward_us: PulseUs = 2000
    arming_s: Annotated[float, Meta(ge=0.0, le=10.0)] = 2.0


class WheelsConfig(Section, frozen=True):
    """What turns commands into motion.

    Attributes:
        kind: `servo-and-esc` reads [steering] and [throttle]; `two-escs` and `h-bridge` drive the
            left and right wheels by themselves and read [differential].
    """

    kind: Literal["servo-and-esc", "two-escs", "h-bridge"] = "servo-and-esc"


class SideConfig(Section, frozen=True):
    """The motor of one side: a speed controller, or an H-bridge with an input each way.

    Attributes:
        channel: of the speed controller, or of the bridge's input for ahead.
        reverse_channel: of the bridge's input for reverse.
    """

    channel: Annotated[int, Meta(ge=0, le=15)] = 0
    reverse_channel: Annotated[int, Meta(ge=0, le=15)] = 1
    reverse_us: PulseUs = 1000
    neutral_us: PulseUs = 1500
    forward_us: PulseUs = 2000


class DifferentialConfig(Section, frozen=True):
    """A car that steers by driving its sides differently.

    Attributes:
        turn: how much full steering takes from one side and gives to the other.
    """

    turn: Unit = 0.5
    left: SideConfig = SideConfig(channel=0, reverse_channel=1)
    right: SideConfig = SideConfig(channel=2, reverse_channel=3)


class LimitsConfig(Section, frozen=True):
    """What no command may exceed, whoever gives it."""

    throttle_max: Unit = 0.6
    reverse_max: Unit = 0.4
    steering_per_s: Annotated[float, Meta(gt=0.0, le=200.0)] = 20.0
    throttle_rise_per_s: Annotated[float, Meta(gt=0.0, le=200.0)] = 4.0


class GuardConfig(Section, frozen=True):
    """How long the guard waits for a fresh command before it puts the throttle at neutral."""

    deadline_s: Annotated[float, Meta(ge=0.02, le=1.0)] = 0.18


class HumanConfig(Section, frozen=True):
    """How long a human's last word counts; then silence stops the car, whoever drives.

    Attributes:
        stuck_after_s: how long a gamepad may hold a throttle without sending anything at all.
    """

    expiry_s: Annotated[float, Meta(ge=0.05, le=2.0)] = 0.2
    stuck_after_s: Annotated[float, Meta(ge=0.5, le=30.0)] = 3.0


class CarConfig(Section, frozen=True):
    """The whole of car.toml; every section and key may be left out."""

    camera: CameraConfig = CameraConfig()
    chip: ChipConfig = ChipConfig()
    steering: SteeringConfig = SteeringConfig()
    throttle: ThrottleConfig = ThrottleConfig()
    wheels: WheelsConfig = WheelsConfig()
    differential: DifferentialConfig = DifferentialConfig()
    limits: LimitsConfig = LimitsConfig()
    guard: GuardConfig = GuardConfig()
    human: HumanConfig = HumanConfig()
    monitor: MonitorConfig = MonitorConfig()
    chassis: ChassisConfig = ChassisConfig()
    line: LineConfig = LineConfig()
    planner: PlannerConfig = PlannerConfig()

    def __post_init__(self) -> None:
        """Check what no single value shows.

        Raises:
            ValueError: pulses out of order, or both channels the same.
        """
        if self.camera.frames_per_s * self.guard.deadline_s <= 1.0:
            raise ValueError(
                f"guard.deadline_s = {self.guard.deadline_s} is no longer than a frame at "
                f"camera.frames_per_s = {self.camera.frames_per_s}: the car would never drive"
            )
        _check_channels(self)
        _check_order("steering", "left_us", "centre_us", "right_us", self.steering)
        for name, part in (
            ("throttle", self.throttle),
            ("differential.left", self.differential.left),
            ("differential.right", self.differential.right),
        ):
            _check_order(name, "reverse_us", "neutral_us", "forward_us", part)


def _check_channels(config: CarConfig) -> None:
    """See that each output of the chip moves one thing.

    Raises:
        ValueError: a channel is used twice.
    """
    left, right = config.differential.left, config.differential.right
    used = {
        "servo-and-esc": {
            "steering.channel": config.steering.channel,
            "throttle.channel": config.throttle.channel,
        },
        "two-escs": {
            "differential.left.channel": left.channel,
            "differential.right.channel": right.channel,
        },
        "h-bridge": {
            "differential.left.channel": left.channel,
            "differential.left.reverse_channel": left.reverse_channel,
            "differential.right.channel": right.channel,
            "differential.right.reverse_channel": right.reverse_channel,
        },
    }[config.wheels.kind]
    for (one, channel), (other, same) in combinations(used.items(), 2):
        if channel == same:
            raise ValueError(f"{one} and {other} are both {channel}: each needs its own")


def _check_order(name: str, low: str, middle: str, high: str, part: Section) -> None:
    """See that the middle pulse lies between the ends.

    Raises:
        ValueError: it does not.
    """
    first, between, last = getattr(part, low), getattr(part, middle), getattr(part, high)
    if not (first < between < last or first > between > last):
        raise ValueError(
            f"{name}.{middle} = {between} must lie between {low} = {first} and {high} = {last}"
        )


def load_config(path: Path) -> CarConfig:
    """Read and check a car.toml.

    Raises:
        ConfigError: it is missing or not TOML, a key is unknown, or a value is of the wrong type
            or out of its range.
    """
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error
    try:
        return msgspec.convert(document, CarConfig)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {explain(str(error), document, CarConfig)}") from error


PLACES = (Path("car.toml"), Path("/etc/everlap/car.toml"))
"""Where a car's settings are looked for when nobody names a file: here, then the service's."""


def usual_config() -> Path | None:
    """Give the first of PLACES that there is; None when there is none."""
    return next((place for place in PLACES if place.is_file()), None)


def find_config(path: Path | None) -> tuple[CarConfig, Path | None]:
    """Read the car.toml that was named, else the usual one, else take the defaults.

    Returns:
        The settings, and the file that they are from; None when all are defaults.

    Raises:
        ConfigError: the file is missing or wrong.
    """
    found = path or usual_config()
    return (load_config(found), found) if found is not None else (CarConfig(), None)
