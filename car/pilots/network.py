"""The pilot that a network is: one TFLite file, run by whichever TFLite runtime works here."""

import importlib
import logging
import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from car.command import Command
from car.config import CameraConfig, Lens
from car.errors import PilotError
from car.frame import Frame
from car.pilots.card import PilotCard, open_pilot_file
from car.pilots.pilot import Decision

RUNTIMES = ("ai_edge_litert.interpreter", "tflite_runtime.interpreter")
"""Tried in this order, each with the pilot at hand: an import that works proves nothing."""

LENS_TOLERANCES = {
    "field_of_view_deg": 6.0,
    "distortion": 0.08,
    "height_m": 0.04,
    "forward_m": 0.06,
    "pitch_deg": 4.0,
    "roll_deg": 4.0,
}
"""How far a camera may differ from the one learned with before it is worth a warning."""

logger = logging.getLogger(__name__)


class NetworkPilot:
    """Steers by a pilot file.

    Attributes:
        card: what the file says about itself.
        interpreter: the runtime's own object, for measuring it alone.
    """

    def __init__(self, path: Path, camera: CameraConfig) -> None:
        """Load a pilot file and run it once.

        Raises:
            PilotError: the file, its card or its network cannot be used with this camera here.
        """
        self.card, flatbuffer = open_pilot_file(path)
        check_camera(path, self.card, camera)
        self.interpreter = start_runtime(path, flatbuffer)
        inputs, outputs = _tensor_indices(self.interpreter)
        try:
            self._image = inputs["image"]
            self._steering = outputs["steering"]
            self._throttle = outputs["throttle"]
        except KeyError as error:
            raise PilotError(f"{path} has no input or output named {error}") from error
        self._steering_std = outputs.get("steering_std")
        self._class_map = outputs.get("class_map")
        self._shape = (camera.height_px, camera.width_px, 3)
        self._input = np.zeros((1, *self._shape), np.uint8)

    def decide(self, frame: Frame) -> Decision:
        """Steer from one camera image of the size on the card.

        Raises:
            PilotError: the image has another size, or the result is not finite.
        """
        if frame.image.shape != self._shape:
            raise PilotError(f"image of shape {frame.image.shape}; the pilot needs {self._shape}")
        interpreter = self.interpreter
        interpreter.set_tensor(self._image, frame.image[None])
        interpreter.invoke()
        steering = interpreter.get_tensor(self._steering).item()
        throttle = interpreter.get_tensor(self._throttle).item()
        if not (math.isfinite(steering) and math.isfinite(throttle)):
            raise PilotError(f"the network gave steering {steering} and throttle {throttle}")
        return Decision(
            Command(min(1.0, max(-1.0, steering)), min(1.0, max(-1.0, throttle))),
            self._read_steering_std(),
            self._read_class_map(),
        )

    def _read_steering_std(self) -> float:
        if self._steering_std is None:
            return math.nan
        std: float = self.interpreter.get_tensor(self._steering_std).item()
        return std

    def _read_class_map(self) -> NDArray[np.uint8] | None:
        if self._class_map is None:
            return None
        classes: NDArray[np.uint8] = self.interpreter.get_tensor(self._class_map)[0]
        return classes.astype(np.uint8)


def check_camera(path: Path, card: PilotCard, camera: CameraConfig) -> None:
    """Refuse a pilot for another image size; warn when the camera looks elsewhere than it did.

    Raises:
        PilotError: the image sizes differ.
    """
    if (card.width_px, card.height_px) != (camera.width_px, camera.height_px):
        raise PilotError(
            f"{path} needs a camera image of {card.width_px}x{card.height_px} px, but car.toml "
            f"[camera] says {camera.width_px}x{camera.height_px}: change that, or train anew"
        )
    for difference in lens_differences(card.lens, camera.lens):
        logger.warning("%s learned with another camera: %s", path, difference)


def lens_differences(learned: Lens, present: Lens) -> list[str]:
    """Name what differs between two lenses by more than a pilot can be expected to bear."""
    return [
        f"{name} was {getattr(learned, name):g} and is {getattr(present, name):g}"
        for name, tolerance in LENS_TOLERANCES.items()
        if abs(getattr(learned, name) - getattr(present, name)) > tolerance
    ]


def start_runtime(path: Path, flatbuffer: bytes) -> Any:
    """Build an interpreter with one thread and run it once, with the first runtime that can.

    Raises:
        PilotError: no runtime is installed that runs this network.
    """
    reasons = []
    for name in RUNTIMES:
        try:
            runtime = importlib.import_module(name)
            with _silent_stderr():
                interpreter = runtime.Interpreter(model_content=flatbuffer, num_threads=1)
                interpreter.allocate_tensors()
            interpreter.invoke()
        except (ImportError, SystemError, ValueError, RuntimeError, AttributeError) as error:
            reasons.append(f"{name.partition('.')[0]}: {str(error).strip().splitlines()[0:1]}")
        else:
            return interpreter
    raise PilotError(
        f"no TFLite runtime here runs {path} ({'; '.join(reasons)}): pip install ai-edge-litert"
    )


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Keep the runtime's own notes, which no setting turns off, from the terminal."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _tensor_indices(interpreter: Any) -> tuple[dict[str, int], dict[str, int]]:
    """Tensor indices of inputs and outputs by name; the runner must be gone before invoke."""
    runner = interpreter.get_signature_runner("serving_default")
    inputs = {name: detail["index"] for name, detail in runner.get_input_details().items()}
    outputs = {name: detail["index"] for name, detail in runner.get_output_details().items()}
    del runner
    return inputs, outputs
