"""A program: asks picamera2 for its cameras and their modes, and prints them as JSON."""

import sys
from typing import Any

import msgspec

from car.doctor.findings import CameraFinding, CameraModule, SensorMode

IMPORT_FAULTS = (ImportError, ValueError, RuntimeError, OSError, AttributeError)
"""What importing picamera2 raises: missing parts, and packages made for another numpy."""

CAMERA_FAULTS = (RuntimeError, IndexError, OSError)
"""What opening a camera raises: another program has it, or it is not there after all."""


def find_cameras() -> CameraFinding:
    """Ask libcamera through picamera2, which must be imported only here."""
    try:
        from picamera2 import Picamera2

        known = Picamera2.global_camera_info()
    except IMPORT_FAULTS as error:
        return CameraFinding(fault=f"picamera2 cannot be used: {type(error).__name__}: {error}")
    return CameraFinding(
        cameras=[
            CameraModule(str(camera.get("Model", "unknown")), _modes(Picamera2, number))
            for number, camera in enumerate(known)
        ]
    )


def _modes(opener: Any, number: int) -> list[SensorMode]:
    """Open a camera to see its modes; none when another program has it."""
    try:
        with opener(number) as camera:
            return [
                SensorMode(int(width), int(height), round(float(mode["fps"]), 1))
                for mode in camera.sensor_modes
                for width, height in [mode["size"]]
            ]
    except CAMERA_FAULTS:
        return []


if __name__ == "__main__":
    sys.stdout.write(msgspec.json.encode(find_cameras()).decode() + "\n")
