"""What the probes print and the doctor reads: kept apart, so that reading it imports nothing."""

import msgspec


class PilotFinding(msgspec.Struct, frozen=True):
    """What trying a pilot showed.

    Attributes:
        fault: why it cannot be used; empty when it can.
        runtime: module that runs it.
        median_ms: of one decision.
        slowest_ms: of one decision.
        lens_differences: where the camera looks elsewhere than the one that it learned with.
    """

    fault: str = ""
    runtime: str = ""
    median_ms: float = 0.0
    slowest_ms: float = 0.0
    lens_differences: list[str] = []


class SensorMode(msgspec.Struct, frozen=True):
    """One way in which a camera module can be read out."""

    width_px: int
    height_px: int
    frames_per_s: float


class CameraModule(msgspec.Struct, frozen=True):
    """A camera that libcamera knows; without modes when another program has it."""

    model: str
    modes: list[SensorMode] = []


class CameraFinding(msgspec.Struct, frozen=True):
    """What picamera2 said; a fault is why it could not be asked at all."""

    fault: str = ""
    cameras: list[CameraModule] = []
