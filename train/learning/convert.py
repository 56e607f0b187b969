"""Turns a SavedModel into a TFLite file; a process of its own, because converters crash.

Run as `python -m train.learning.convert SAVED_MODEL OUT.tflite [FRAMES.npy]`: int8 with frames,
float without.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf


def convert_float(saved_model: Path, out: Path) -> None:
    """Write it as it is, in float32."""
    out.write_bytes(tf.lite.TFLiteConverter.from_saved_model(str(saved_model)).convert())


def convert(saved_model: Path, out: Path, frames: Path) -> None:
    """Quantize after training, all in int8, uint8 image in, float32 and int32 out.

    Args:
        saved_model: folder with a `serving_default` signature of one float32 image.
        out: where to write.
        frames: .npy of uint8 (n, height, width, 3), typical of what it will see.
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
    given = [Path(argument) for argument in sys.argv[1:4]]
    convert(*given) if len(given) == 3 else convert_float(*given)
