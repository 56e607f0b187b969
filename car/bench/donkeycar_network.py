"""donkeycar's default network, built and converted by a Python that has donkeycar.

    PYTHON donkeycar_network.py FOLDER

writes float.tflite and int8.tflite there, with the settings that donkeycar comes with; untrained,
which changes no time. Prints one JSON object.
"""

import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any


def shipped_settings() -> Any:
    """The configuration of a new car."""
    import donkeycar  # type: ignore[import-not-found]

    settings = donkeycar.config.Config()
    folder = Path(donkeycar.__file__).with_name("templates")
    settings.from_pyfile(str(folder / "cfg_complete.py"))
    return settings


def typical_images(shape: tuple[int, ...]) -> Iterator[list[Any]]:
    """What its quantizer looks at: noise, since only times are wanted."""
    import numpy as np

    dice = np.random.default_rng(0)
    for _ in range(20):
        yield [dice.random((1, *shape), dtype=np.float32)]


def write_networks(folder: Path) -> dict[str, object]:
    """Build it, and convert it both ways."""
    import donkeycar
    from donkeycar.parts.interpreter import keras_model_to_tflite  # type: ignore[import-not-found]
    from donkeycar.utils import get_model_by_type  # type: ignore[import-not-found]

    settings = shipped_settings()
    pilot = get_model_by_type(settings.DEFAULT_MODEL_TYPE, settings)
    model, keras_file = pilot.interpreter.model, folder / "network.keras"
    model.save(str(keras_file))
    shape = tuple(model.inputs[0].shape[1:])
    keras_model_to_tflite(str(keras_file), str(folder / "float.tflite"))
    keras_model_to_tflite(
        str(keras_file), str(folder / "int8.tflite"), lambda: typical_images(shape)
    )
    return {"version": donkeycar.__version__, "parameters": int(model.count_params())}


if __name__ == "__main__":
    os.environ.update(CUDA_VISIBLE_DEVICES="-1", TF_CPP_MIN_LOG_LEVEL="3")
    logging.disable(logging.CRITICAL)
    with redirect_stdout(sys.stderr):  # it greets
        found = write_networks(Path(sys.argv[1]))
    sys.stdout.write(json.dumps(found))
