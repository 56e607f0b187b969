"""Scores a pilot, and the baselines beside it, on the held-out part of tubs."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from car.config import CameraConfig
from car.errors import PilotError
from car.frame import Frame
from car.pilots.card import PilotCard, read_card
from car.pilots.network import NetworkPilot
from train.baselines import baseline_guesses
from train.dataset import Lesson
from train.lessons import open_lessons
from train.metrics import balanced_mae, mae, r2, rmse, sign_accuracy

Floats = NDArray[np.float32]


class SteeringScore(msgspec.Struct, frozen=True):
    """How far a series of steering guesses is from what the driver did."""

    mae: float
    balanced_mae: float
    rmse: float
    r2: float
    sign_accuracy: float


class SplitUsed(msgspec.Struct, frozen=True):
    """Which records were measured: sessions or blocks, how many, and how many train baselines."""

    kind: str
    train_records: int
    held_out_records: int
    fraction: float
    block_s: float
    gap_s: float
    seed: int


class TubScore(msgspec.Struct, frozen=True):
    """A pilot and the baselines on the held-out records of one tub."""

    tub: str
    records: int
    pilot_trained_on_it: bool
    split: SplitUsed
    mae: float
    balanced_mae: float
    rmse: float
    r2: float
    sign_accuracy: float
    throttle_mae: float
    throttle_r2: float
    baselines: dict[str, SteeringScore]


def score_steering(truth: Floats, guess: Floats) -> SteeringScore:
    """All measures of steering at once."""
    return SteeringScore(
        mae(truth, guess),
        balanced_mae(truth, guess),
        rmse(truth, guess),
        r2(truth, guess),
        sign_accuracy(truth, guess),
    )


def score_tubs(
    pilot_file: Path,
    tubs: list[Path],
    cache: Path | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[TubScore]:
    """Score a pilot on tubs, each by the split that stands in its card.

    A pilot that learned from a tub is measured on the very records that were kept from it; one
    that did not is measured on the same records, so that figures compare.

    Raises:
        PilotError: the pilot cannot be used, or is for another image size.
        TubError: a tub cannot be read.
        DatasetError: a tub is too short.
    """
    card = read_card(pilot_file)
    scores = []
    for folder in tubs:
        lessons = open_lessons([folder], card.held_out, None, cache, progress)
        known = any(used.sha256 == lessons.used[0].sha256 for used in card.tubs)
        if known and lessons.delay_s != card.label_delay_s:
            lessons = open_lessons([folder], card.held_out, card.label_delay_s, cache, progress)
        scores.append(_score_lesson(pilot_file, card, lessons.lessons[0], known))
    return scores


def _score_lesson(pilot_file: Path, card: PilotCard, lesson: Lesson, known: bool) -> TubScore:
    guess = drive(pilot_file, card, lesson)
    rows = lesson.held_out
    steering = score_steering(lesson.steering[rows], guess[:, 0])
    baselines = baseline_guesses(
        lesson.recording.images, lesson.steering, lesson.recording.session, lesson.train, rows
    )
    return TubScore(
        tub=lesson.name,
        records=len(lesson.steering),
        pilot_trained_on_it=known,
        split=_split_used(lesson, card),
        **msgspec.structs.asdict(steering),
        throttle_mae=mae(lesson.throttle[rows], guess[:, 1]),
        throttle_r2=r2(lesson.throttle[rows], guess[:, 1]),
        baselines={
            name: score_steering(lesson.steering[rows], says) for name, says in baselines.items()
        },
    )


def _split_used(lesson: Lesson, card: PilotCard) -> SplitUsed:
    how = card.held_out
    return SplitUsed(
        lesson.split_kind,
        len(lesson.train),
        len(lesson.held_out),
        how.fraction,
        how.block_s,
        how.gap_s,
        how.seed,
    )


def drive(pilot_file: Path, card: PilotCard, lesson: Lesson) -> Floats:
    """Steering and throttle of the pilot on all held-out records, float32 (n, 2).

    Raises:
        PilotError: the images are not of the size on the card.
    """
    height_px, width_px = lesson.recording.images.shape[1:3]
    if (width_px, height_px) != (card.width_px, card.height_px):
        raise PilotError(
            f"{pilot_file} needs images of {card.width_px}x{card.height_px} px; those of the tub "
            f"{lesson.name} are {width_px}x{height_px}"
        )
    camera = CameraConfig(width_px=width_px, height_px=height_px, lens=card.lens)
    pilot = NetworkPilot(pilot_file, camera)
    images = lesson.recording.images
    decisions = [
        pilot.decide(Frame(np.ascontiguousarray(images[row]), 0.0, int(row)))
        for row in lesson.held_out
    ]
    return np.array([decision.command for decision in decisions], np.float32)
