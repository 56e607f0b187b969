"""A program: loads a pilot as the drive loop would, times it, and prints what it found as JSON."""

import sys
from pathlib import Path
from time import perf_counter

import msgspec
import numpy as np

from car.config import CameraConfig
from car.doctor.findings import PilotFinding
from car.errors import PilotError
from car.frame import Frame
from car.pilots.card import read_card
from car.pilots.network import NetworkPilot, lens_differences

CALLS = 50


def try_pilot(path: Path, camera: CameraConfig) -> PilotFinding:
    """Load a pilot for a camera, and let it decide CALLS times."""
    try:
        card = read_card(path)
        pilot = NetworkPilot(path, msgspec.structs.replace(camera, lens=card.lens))
        image = np.zeros((camera.height_px, camera.width_px, 3), np.uint8)
        times_ms = []
        for number in range(CALLS):
            began_s = perf_counter()
            pilot.decide(Frame(image, 0.0, number))
            times_ms.append(1e3 * (perf_counter() - began_s))
    except PilotError as error:
        return PilotFinding(fault=str(error))
    return PilotFinding(
        runtime=type(pilot.interpreter).__module__.partition(".")[0],
        median_ms=float(np.median(times_ms)),
        slowest_ms=max(times_ms),
        lens_differences=lens_differences(card.lens, camera.lens),
    )


def main(pilot: str, camera_json: str) -> None:
    """Print the finding."""
    camera = msgspec.json.decode(camera_json, type=CameraConfig)
    sys.stdout.write(msgspec.json.encode(try_pilot(Path(pilot), camera)).decode() + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
