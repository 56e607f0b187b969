"""What a pilot says to some pictures, to the last bit; run by any Python that has Everlap.

python arm64_decide.py PILOT FRAMES.npy OUT.npz: frames are uint8 (n, height, width, 3) RGB.
"""

import sys
from pathlib import Path

import numpy as np

from car.config import CarConfig
from car.frame import Frame
from car.pilots.network import NetworkPilot


def main(pilot: str, frames: str, out: str) -> None:
    """Let the pilot decide on each picture; class maps uint8 (n, h, w), numbers float64 (n,)."""
    network = NetworkPilot(Path(pilot), CarConfig().camera)
    images = np.load(frames)
    decisions = [network.decide(Frame(image, 0.0, n)) for n, image in enumerate(images)]
    np.savez(
        out,
        steering=[decision.command.steering for decision in decisions],
        throttle=[decision.command.throttle for decision in decisions],
        steering_std=[decision.steering_std for decision in decisions],
        class_map=np.stack([d.class_map for d in decisions if d.class_map is not None]),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
