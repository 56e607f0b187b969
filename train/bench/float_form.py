"""The float network beside a pilot as a TFLite file that takes a camera image, to be timed.

Run as `python -m train.bench.float_form NAME.keras HEIGHT WIDTH OUT.tflite`.
"""

import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from car.pilots.card import read_card
from train.bench.own_process import run_module
from train.errors import TrainError


def float_form(pilot: Path, out: Path) -> Path:
    """Convert the float network beside a pilot file, in a process of its own.

    Raises:
        PilotError: the pilot file cannot be used.
        TrainError: there is no float network, no TensorFlow here, or it cannot be converted.
    """
    twin, card = pilot.with_suffix(".keras"), read_card(pilot)
    if not twin.is_file():
        raise TrainError(f"no float network beside {pilot}: {twin.name} is not there")
    if find_spec("tensorflow") is None:
        raise TrainError(
            f"{twin} cannot be converted without TensorFlow: pip install 'everlap[train]'"
        )
    words = (str(twin), str(card.height_px), str(card.width_px), str(out))
    run_module("train.bench.float_form", *words)
    return out


def convert(twin: Path, height_px: int, width_px: int, out: Path) -> None:
    """Convert a float network, which keeps its weights in float32.

    Args:
        twin: NAME.keras.
        height_px: of the camera image.
        width_px: of the camera image.
        out: where to write.
    """
    import keras
    import tensorflow as tf

    from train.learning.network import build_for_car

    network = keras.models.load_model(twin, compile=False)
    model = build_for_car(network, height_px, width_px, throttle_mean=0.0, throttle_std=1.0)
    with TemporaryDirectory(prefix="everlap-") as folder:
        model.export(folder, verbose=False)
        out.write_bytes(tf.lite.TFLiteConverter.from_saved_model(folder).convert())


if __name__ == "__main__":
    convert(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
