"""Turns a SavedModel into an int8 TFLite file; a process of its own, because converters crash.

Run as `python -m train.learning.convert SAVED_MODEL FRAMES.npy OUT.tflite`.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf


def convert(saved_model: Path, frames: Path, out: Path) -> None:
    """Quantize after training, all in int8, uint8 image in, float32 and int32 out.

    Args:
        saved_model: folder with a `serving_default` signature of one float32 image.
        frames: .npy of uint8 (n, height, width, 3), typical of what it will see.
        out: where to write.
    """
    pictures = np.load(frames, mmap_mode="r")

    def representative() -> Iterator[dict[str, Any]]:
        for picture in pictures:
            yield {"image": picture[None].astype(np.float32)}

    converter = tf.lite.TFLiteConverter.from_saved_model(str(saved_model))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    converter.inference_output_type = tf.float32
    out.write_bytes(converter.convert())


if __name__ == "__main__":
    convert(*(Path(argument) for argument in sys.argv[1:4]))
