"""Offline scores of one checkpoint on held-out worlds: candidates for choosing by."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from car.config import CameraConfig
from car.pilots.card import read_card
from car.pilots.network import NetworkPilot
from train.learning.dataset import Lesson
from train.learning.guesses import Guesses, ask
from train.metrics import checkpoint_score, mae, r2
from train.scoring.certainty import certainty
from train.scoring.scores import score_steering, twin_of
from train.scoring.seen_maps import SeenMaps, Watched, compare_maps, together

MEASURED = 1500
"""Records of each tub, evenly chosen."""

WORDS = {
    "mae": "MAE",
    "balanced_mae": "balanced MAE",
    "rmse": "RMSE",
    "r2": "R2",
    "sign_accuracy": "right side",
    "sharp_recall": "sharp turns found",
    "sharp_f1": "sharp turns, F1",
    "mae_clean": "MAE, clean frames",
    "mae_disturbed": "MAE, disturbed frames",
    "balanced_mae_disturbed": "balanced MAE, disturbed frames",
    "mae_float": "MAE of the float network",
    "bin_entropy": "cross-entropy of the bins",
    "nll": "negative log-likelihood",
    "calibration_error": "calibration error",
    "throttle_mae": "throttle MAE",
    "throttle_r2": "throttle R2",
    "miou": "mean IoU of the class map",
    "miou_tolerant": "mean IoU of the class map, one cell off allowed",
    "miou_interior": "mean IoU of the class map, off its edges",
    "ground_edge": "where the ground ends, error",
    "checkpoint_score": "mix: what training chooses by",
    "mix_disturbed": "mix: disturbed MAE + 0.3 throttle",
    "mix_balanced": "mix: balanced MAE + 0.3 throttle",
    "mix_tail": "mix: RMSE + missed sharp turns",
}
"""Every candidate and what it is called; all but LARGER are better when smaller."""

LARGER = frozenset(
    {
        "r2",
        "sign_accuracy",
        "sharp_recall",
        "sharp_f1",
        "throttle_r2",
        "miou",
        "miou_tolerant",
        "miou_interior",
    }
)
"""These are better when larger."""


def offline_scores(pilot: Path, clean: Lesson, disturbed: Lesson) -> dict[str, float]:
    """All candidates that can be measured of one checkpoint.

    Args:
        pilot: NAME.tflite; with NAME.keras beside it the float network is measured too.
        clean: the expert undisturbed, in worlds never learned from.
        disturbed: the expert pushed about, likewise.

    Raises:
        PilotError: the pilot cannot be used.
    """
    card = read_card(pilot)
    camera = CameraConfig(width_px=card.width_px, height_px=card.height_px, lens=card.lens)
    tubs = (clean, disturbed)
    rows = [evenly(len(lesson.steering)) for lesson in tubs]
    networks = [Watched(NetworkPilot(pilot, camera)) for _ in tubs]
    says = [ask(*each) for each in zip(networks, tubs, rows, strict=True)]
    seen = together(
        compare_maps(lesson, each, network.maps)
        for lesson, each, network in zip(tubs, rows, networks, strict=True)
    )
    truths = [lesson.steering[each] for lesson, each in zip(tubs, rows, strict=True)]
    throttles = [lesson.throttle[each] for lesson, each in zip(tubs, rows, strict=True)]
    found = _steering(truths, says) | _rest(truths, throttles, says) | _class_map(seen)
    if twin_of(pilot).is_file():
        found |= _float(pilot, tubs, rows, truths)
    return found | mixes(found)


def evenly(records: int) -> "np.ndarray[tuple[int], np.dtype[np.intp]]":
    """Which records of a tub are measured."""
    chosen = np.linspace(0, records - 1, min(records, MEASURED)).round()
    return chosen.astype(np.intp)


def mixes(found: Mapping[str, float]) -> dict[str, float]:
    """Weighted mixes of the others; the weights are fixed beforehand, not fitted."""
    speed = 0.3 * found["throttle_mae"]
    return {
        "checkpoint_score": checkpoint_score(
            found["mae"], found["throttle_mae"], found.get("miou")
        ),
        "mix_disturbed": found["mae_disturbed"] + speed,
        "mix_balanced": found["balanced_mae"] + speed,
        "mix_tail": found["rmse"] + 0.1 * (1.0 - found.get("sharp_recall", 0.0)),
    }


def _steering(truths: list[np.ndarray], says: list[Guesses]) -> dict[str, float]:
    truth = np.concatenate(truths)
    guess = np.concatenate([each.steering for each in says])
    whole, pushed = score_steering(truth, guess), score_steering(truths[1], says[1].steering)
    found = {
        "mae": whole.mae,
        "balanced_mae": whole.balanced_mae,
        "rmse": whole.rmse,
        "r2": whole.r2,
        "sign_accuracy": whole.sign_accuracy,
        "sharp_recall": whole.sharp_recall,
        "sharp_f1": whole.sharp_f1 if whole.sharp_precision is not None else 0.0,
        "mae_clean": mae(truths[0], says[0].steering),
        "mae_disturbed": pushed.mae,
        "balanced_mae_disturbed": pushed.balanced_mae,
    }
    return {name: value for name, value in found.items() if value is not None}


def _rest(
    truths: list[np.ndarray], throttles: list[np.ndarray], says: list[Guesses]
) -> dict[str, float]:
    throttle = np.concatenate(throttles)
    speed = np.concatenate([each.throttle for each in says])
    found = {"throttle_mae": mae(throttle, speed), "throttle_r2": r2(throttle, speed)}
    sure = certainty(
        np.concatenate(truths),
        np.concatenate([each.steering for each in says]),
        np.concatenate([each.steering_std for each in says]),
    )
    if sure is not None:
        found["nll"] = sure.negative_log_likelihood
        found["calibration_error"] = sure.calibration_error
    return found


def _class_map(seen: SeenMaps | None) -> dict[str, float]:
    score = None if seen is None else seen.score()
    if score is None:
        return {}
    edge = score.ground_edge
    found = {
        "miou": score.mean_iou,
        "miou_tolerant": score.tolerant_mean_iou,
        "miou_interior": score.interior_mean_iou,
        "ground_edge": None if edge is None else edge.columns.mean,
    }
    return {name: value for name, value in found.items() if value is not None}


def _float(
    pilot: Path, tubs: tuple[Lesson, Lesson], rows: list[np.ndarray], truths: list[np.ndarray]
) -> dict[str, float]:
    from train.learning.float_twin import FloatTwin

    twin = FloatTwin(twin_of(pilot))
    says = [twin.ask(lesson, each) for lesson, each in zip(tubs, rows, strict=True)]
    sizes = [len(each) for each in rows]
    guess = np.clip(np.concatenate([each.steering for each in says]), -1.0, 1.0)
    entropy = [each.bin_entropy or 0.0 for each in says]
    return {
        "mae_float": mae(np.concatenate(truths), guess),
        "bin_entropy": float(np.average(entropy, weights=sizes)),
    }
