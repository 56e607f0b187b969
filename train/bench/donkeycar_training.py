"""donkeycar's training, by a Python that has donkeycar: its own train() with its own settings.

    PYTHON donkeycar_training.py TUB FOLDER EPOCHS

Prints one JSON object: when steps and epochs ended. Nothing is changed but the number of epochs,
that no plot is shown, and that no TFLite file is made in the end.
"""

import json
import logging
import os
import resource
import sys
from contextlib import redirect_stdout
from pathlib import Path
from time import perf_counter
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[2]))

from car.bench.donkeycar_network import shipped_settings


def watch_steps(epochs: list[dict[str, Any]]) -> None:
    """Have donkeycar's Keras note the times."""
    import tensorflow as tf
    from donkeycar.parts.interpreter import KerasInterpreter  # type: ignore[import-not-found]

    class Watch(tf.keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
            epochs.append({"steps_s": [], "ended_s": 0.0})

        def on_train_batch_end(self, batch: int, logs: object = None) -> None:
            epochs[-1]["steps_s"].append(perf_counter())

        def on_epoch_end(self, epoch: int, logs: object = None) -> None:
            epochs[-1]["ended_s"] = perf_counter()

    fit = KerasInterpreter.fit

    def watched(self: Any, *words: Any, **named: Any) -> Any:
        return fit(self, *words, **{**named, "callbacks": [*named["callbacks"], Watch()]})

    KerasInterpreter.fit = watched


def train(tub: str, folder: Path, count: int) -> dict[str, Any]:
    """Train so many epochs."""
    from donkeycar.pipeline import training  # type: ignore[import-not-found]

    settings = shipped_settings()
    settings.MAX_EPOCHS, settings.EARLY_STOP_PATIENCE = count, count
    settings.SHOW_PLOT, settings.CREATE_TF_LITE = False, False
    settings.MODELS_PATH = str(folder)
    epochs: list[dict[str, Any]] = []
    watch_steps(epochs)
    training.train(settings, tub, str(folder / "pilot.keras"), settings.DEFAULT_MODEL_TYPE)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak_bytes = peak * (1 if sys.platform == "darwin" else 1024)
    return {"batch": settings.BATCH_SIZE, "epochs": epochs, "peak_bytes": peak_bytes}


if __name__ == "__main__":
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    logging.disable(logging.CRITICAL)
    with redirect_stdout(sys.stderr):  # it tells of its progress
        found = train(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
    sys.stdout.write(json.dumps(found))
