"""car.toml: everything that differs from car to car, read into checked, frozen structs."""

import tomllib
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from car.config_faults import explain
from car.errors import ConfigError

PulseUs = Annotated[int, Meta(ge=500, le=2500)]
Unit = Annotated[float, Meta(ge=0.0, le=1.0)]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part's own section of car.toml."""


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
    """The camera: image size in pixels, frames a second, and the oldest frame to steer by."""

    width_px: Annotated[int, Meta(ge=32, le=1920)] = 160
    height_px: Annotated[int, Meta(ge=32, le=1080)] = 120
    frames_per_s: Annotated[float, Meta(ge=1.0, le=120.0)] = 20.0
    max_age_s: Annotated[float, Meta(gt=0.0, le=2.0)] = 0.3
    lens: Lens = Lens()


class ChipConfig(Section, frozen=True):
    """The PCA9685 on its I2C bus."""

    bus: Annotated[int, Meta(ge=0, le=32)] = 1
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
    """The speed controller: its channel and the pulses at full reverse, neutral and full ahead."""

    channel: Annotated[int, Meta(ge=0, le=15)] = 0
    reverse_us: PulseUs = 1000
    neutral_us: PulseUs = 1500
    forward_us: PulseUs = 2000


class LimitsConfig(Section, frozen=True):
    """What no command may exceed, whoever gives it."""

    throttle_max: Unit = 0.6
    reverse_max: Unit = 0.4
    steering_per_s: Annotated[float, Meta(gt=0.0, le=200.0)] = 20.0
    throttle_rise_per_s: Annotated[float, Meta(gt=0.0, le=200.0)] = 4.0


class GuardConfig(Section, frozen=True):
    """How long the guard waits for a fresh command before it puts the throttle at neutral."""

    deadline_s: Annotated[float, Meta(ge=0.02, le=1.0)] = 0.2


class HumanConfig(Section, frozen=True):
    """How long a human's last command counts; then silence stops human and assisted driving."""

    expiry_s: Annotated[float, Meta(ge=0.05, le=2.0)] = 0.3


class CarConfig(Section, frozen=True):
    """The whole of car.toml; every section and key may be left out."""

    camera: CameraConfig = CameraConfig()
    chip: ChipConfig = ChipConfig()
    steering: SteeringConfig = SteeringConfig()
    throttle: ThrottleConfig = ThrottleConfig()
    limits: LimitsConfig = LimitsConfig()
    guard: GuardConfig = GuardConfig()
    human: HumanConfig = HumanConfig()

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
        steering, throttle = self.steering, self.throttle
        if steering.channel == throttle.channel:
            raise ValueError(
                f"steering.channel and throttle.channel are both {steering.channel}: "
                "each needs its own"
            )
        if not (
            steering.left_us < steering.centre_us < steering.right_us
            or steering.left_us > steering.centre_us > steering.right_us
        ):
            raise ValueError(
                f"steering.centre_us = {steering.centre_us} must lie between left_us = "
                f"{steering.left_us} and right_us = {steering.right_us}"
            )
        if not (
            throttle.reverse_us < throttle.neutral_us < throttle.forward_us
            or throttle.reverse_us > throttle.neutral_us > throttle.forward_us
        ):
            raise ValueError(
                f"throttle.neutral_us = {throttle.neutral_us} must lie between reverse_us = "
                f"{throttle.reverse_us} and forward_us = {throttle.forward_us}"
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
