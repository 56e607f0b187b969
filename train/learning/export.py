"""Makes a trained network ready for the car: int8, measured against float, with its card.

Nothing is written when the int8 network is worse than the float one by more than `TOLERANCE`.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from car.config import CameraConfig
from car.frame import Frame
from car.pilots.card import PilotCard, Scores, append_card
from car.pilots.network import NetworkPilot
from train.errors import TrainError
from train.learning.class_maps import class_map_of
from train.learning.dataset import Lesson
from train.learning.fit import Fitted, HeldOutResults, chosen_held_out, look_at_held_out
from train.learning.network import CLASSES, build_for_car, class_map_shape, output_names
from train.metrics import confusion, mae, mean_iou, r2
from tubs.atomic import written_whole

REPRESENTATIVE = 500
"""Training frames that fix the ranges of the int8 network."""

PARITY_RECORDS = 2000


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How much worse than float the int8 network may be."""

    steering_mae_share: float = 0.01
    steering_mae: float = 0.0005
    class_map_miou: float = 0.005


TOLERANCE = Tolerance()


@dataclass(frozen=True, slots=True)
class Exported:
    """A written pilot.

    Attributes:
        path: the file.
        card: as in the file.
        results: what the int8 network gave on the held-out records.
        float_results: what the float network gave on the same records.
    """

    path: Path
    card: PilotCard
    results: HeldOutResults
    float_results: HeldOutResults


def export(
    fitted: Fitted,
    lessons: list[Lesson],
    card: PilotCard,
    path: Path,
    tolerance: Tolerance = TOLERANCE,
) -> Exported:
    """Quantize, compare with float on held-out records, and write the pilot file.

    Args:
        fitted: the trained network.
        lessons: what it was trained on; their held-out records are measured.
        card: all but the outputs, scores and sha256.
        path: NAME.tflite to write.
        tolerance: how much worse int8 may be.

    Raises:
        TrainError: the converter failed, or int8 is too much worse than float.
        OutputError: the file cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="everlap-") as folder:
        # Elsewhere, so that whoever is killed leaves nothing beside `path`.
        draft = Path(folder) / path.name
        quantize(fitted, lessons, draft)
        check_input(draft)
        card = _describe(card, fitted)
        before = look_at_held_out(
            fitted.network, lessons, fitted.throttle_mean, fitted.throttle_std, PARITY_RECORDS
        )
        after = _drive_without_card(draft, lessons, card)
        check_parity(scores_of(before), scores_of(after), tolerance)
        card = append_card(
            draft,
            msgspec.structs.replace(
                card, scores_float=scores_of(before), scores_int8=scores_of(after)
            ),
        )
        with written_whole(path) as whole:
            shutil.copyfile(draft, whole)
    return Exported(path, card, after, before)


def _describe(card: PilotCard, fitted: Fitted) -> PilotCard:
    return msgspec.structs.replace(
        card,
        outputs=output_names(fitted.network),
        class_map_shape=class_map_shape(card.height_px, card.width_px),
        parameters=int(fitted.network.count_params()),
    )


def _drive_without_card(draft: Path, lessons: list[Lesson], card: PilotCard) -> HeldOutResults:
    """Measure a bare flatbuffer on a copy with a provisional card."""
    with tempfile.TemporaryDirectory(prefix="everlap-") as folder:
        copy = Path(folder) / "pilot.tflite"
        copy.write_bytes(draft.read_bytes())
        append_card(copy, card)
        return drive_held_out(copy, lessons, card)


def quantize(fitted: Fitted, lessons: list[Lesson], out: Path) -> None:
    """Write the int8 flatbuffer, made in a process of its own.

    Raises:
        TrainError: the converter failed; its last words are in the message.
    """
    height_px, width_px = lessons[0].recording.images.shape[1:3]
    model = build_for_car(
        fitted.network, height_px, width_px, fitted.throttle_mean, fitted.throttle_std
    )
    with tempfile.TemporaryDirectory(prefix="everlap-") as folder:
        saved, frames = Path(folder) / "model", Path(folder) / "frames.npy"
        model.export(str(saved), verbose=False)
        np.save(frames, representative_frames(lessons))
        run_converter(saved, out, frames)


def run_converter(saved_model: Path, out: Path, *frames: Path) -> None:
    """Run train.learning.convert as a process; without frames the result is float.

    Raises:
        TrainError: it failed; its last words are in the message.
    """
    command = [
        sys.executable,
        "-P",
        "-m",
        "train.learning.convert",
        *map(str, (saved_model, out, *frames)),
    ]
    path = os.pathsep.join(sys.path)
    environment = {**os.environ, "PYTHONPATH": path, "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0 or not out.is_file():
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise TrainError(f"the TFLite converter ended with {done.returncode}: {last}")


def representative_frames(lessons: list[Lesson]) -> NDArray[np.uint8]:
    """Training frames, evenly chosen; one black and one white pixel fix the input's range."""
    each = REPRESENTATIVE // len(lessons) + 1
    frames = []
    for lesson in lessons:
        places = np.linspace(0, len(lesson.train) - 1, min(each, len(lesson.train)))
        frames += [lesson.recording.images[lesson.train[int(place)]] for place in places]
    stacked = np.stack(frames)
    stacked[0, 0, 0], stacked[0, -1, -1] = 0, 255
    return stacked


def check_input(path: Path) -> None:
    """Make sure that raw camera bytes go in as they are.

    Raises:
        TrainError: the input is not uint8 with scale 1 and zero point 0.
    """
    from ai_edge_litert.interpreter import Interpreter

    detail = Interpreter(model_path=str(path)).get_input_details()[0]
    scale, zero_point = detail["quantization"]
    if detail["dtype"] is not np.uint8 or abs(scale - 1.0) > 1e-6 or zero_point != 0:
        raise TrainError(
            f"the converter made an input of {detail['dtype'].__name__}, scale {scale}, "
            f"zero point {zero_point}; it must be uint8, 1, 0"
        )


def drive_held_out(path: Path, lessons: list[Lesson], card: PilotCard) -> HeldOutResults:
    """Run the pilot file, as a car would, on at most PARITY_RECORDS held-out records."""
    camera = CameraConfig(width_px=card.width_px, height_px=card.height_px, lens=card.lens)
    pilot = NetworkPilot(path, camera)
    shape = card.class_map_shape or class_map_shape(card.height_px, card.width_px)
    truth, guess = [], []
    pixels = np.zeros((CLASSES, CLASSES), np.int64)
    for lesson, row in _rows(lessons):
        image = np.ascontiguousarray(lesson.recording.images[row])
        decision = pilot.decide(Frame(image, 0.0, int(row)))
        truth.append((lesson.steering[row], lesson.throttle[row]))
        guess.append(decision.command)
        if decision.class_map is not None:
            pixels += confusion(class_map_of(lesson, int(row), shape), decision.class_map, CLASSES)
    true, guessed = np.array(truth, np.float32), np.array(guess, np.float32)
    drives = np.isfinite(true[:, 0])
    true, guessed = true[drives], guessed[drives]
    return HeldOutResults(true[:, 0], guessed[:, 0], true[:, 1], guessed[:, 1], pixels)


def _rows(lessons: list[Lesson]) -> Iterator[tuple[Lesson, np.intp]]:
    for lesson, rows in chosen_held_out(lessons, PARITY_RECORDS):
        for row in rows:
            yield lesson, row


def scores_of(results: HeldOutResults) -> Scores:
    """The card's figures from truth and guesses."""
    steering_guess = np.clip(results.steering_guess, -1, 1)
    return Scores(
        records=len(results.steering),
        steering_mae=mae(results.steering, steering_guess),
        throttle_mae=mae(results.throttle, results.throttle_guess),
        steering_r2=r2(results.steering, steering_guess),
        throttle_r2=r2(results.throttle, results.throttle_guess),
        class_map_miou=mean_iou(results.confusion),
    )


def check_parity(before: Scores, after: Scores, tolerance: Tolerance = TOLERANCE) -> None:
    """Refuse an int8 network that lost too much.

    Raises:
        TrainError: steering or the class map is worse than float by more than `tolerance`.
    """
    allowed = before.steering_mae * (1 + tolerance.steering_mae_share) + tolerance.steering_mae
    if after.steering_mae > allowed:
        raise TrainError(
            f"int8 steers with an error of {after.steering_mae:.4f}, float with "
            f"{before.steering_mae:.4f}; at most {allowed:.4f} is allowed, so no pilot was "
            "written: train for longer or on more records"
        )
    if before.class_map_miou is None or after.class_map_miou is None:
        return
    if after.class_map_miou < before.class_map_miou - tolerance.class_map_miou:
        raise TrainError(
            f"int8 tells classes apart with a mean IoU of {after.class_map_miou:.4f}, float with "
            f"{before.class_map_miou:.4f}; at most {tolerance.class_map_miou} may be lost, so no "
            "pilot was written: train for longer or on more records"
        )
