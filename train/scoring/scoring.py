"""Scores a pilot, and the baselines beside it, on the held-out part of tubs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from car.config import CameraConfig, CarConfig, Lens
from car.errors import PilotError
from car.pilots.card import HeldOut, PilotCard, read_card
from car.pilots.choice import network_of, open_pilot
from car.pilots.pilot import Pilot
from train.learning.dataset import Lesson
from train.learning.guesses import Guesses, ask
from train.learning.lessons import Curriculum, open_lessons
from train.metrics import mae, mean_iou, r2_where_it_varies
from train.scoring.baselines import COPYCAT, Baselines
from train.scoring.bootstrap import Rows, pieces
from train.scoring.certainty import certainty
from train.scoring.scores import (
    BaselineScore,
    FloatScore,
    LeakyScore,
    SplitUsed,
    ThrottleScore,
    TubScore,
    score_baseline,
    score_steering,
    twin_of,
)
from train.scoring.seen_maps import SeenMaps, Watched, compare_maps
from train.scoring.sharp_turns import SHARP, sharp_turns


@dataclass(frozen=True, slots=True)
class Scored:
    """What is to be scored: a pilot, and its file and card when it has them.

    Attributes:
        name: as it was asked for.
        make: builds it for a camera.
        file: the pilot file, when the network itself steers.
        card: of the network that it steers or sees by; None when there is none.
    """

    name: str
    make: Callable[[CameraConfig], Pilot]
    file: Path | None = None
    card: PilotCard | None = None


def pilot_to_score(name: str) -> Scored:
    """Find a pilot by its file name, or by a name such as `line` or `planner:NAME.tflite`.

    Raises:
        PilotError: there is none of that name.
    """
    network = network_of(name)
    card = None if network is None else read_card(network)

    def make(camera: CameraConfig) -> Pilot:
        return open_pilot(name, msgspec.structs.replace(CarConfig(), camera=camera))

    return Scored(name, make, network if network == Path(name) else None, card)


@dataclass(frozen=True, slots=True)
class Measured:
    """A tub, what was asked of it, and what came of it; enough to draw it.

    Attributes:
        lesson: the tub.
        guesses: of the pilot, on the held-out records.
        float_guesses: of the float network on the same; None when it is not there.
        baselines: of each baseline, steering on the same.
        seen: its class maps on the same; None when it or the tub has none.
        score: all figures.
    """

    lesson: Lesson
    guesses: Guesses
    float_guesses: Guesses | None
    baselines: dict[str, np.ndarray]
    seen: SeenMaps | None
    score: TubScore


def score_tubs(
    pilot: str,
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
    scored = pilot_to_score(pilot)
    found = []
    for folder in tubs:
        curriculum, known = _open(scored, folder, cache, progress)
        found.append(measure(scored, curriculum.lessons[0], known).score)
    return found


def _open(
    scored: Scored, folder: Path, cache: Path | None, progress: Callable[[int, int], None]
) -> tuple[Curriculum, bool]:
    """A tub with the pilot's own split and delay, and whether the pilot learned from it."""
    card = scored.card
    how = card.held_out if card else HeldOut()
    lessons = open_lessons([folder], how, None, cache, progress)
    known = card is not None and lessons.used[0].sha256 in {used.sha256 for used in card.tubs}
    if card is not None and known and lessons.delay_s != card.label_delay_s:
        lessons = open_lessons([folder], how, card.label_delay_s, cache, progress)
    return lessons, known


def measure(scored: Scored, lesson: Lesson, known: bool) -> Measured:
    """Everything about one tub.

    Raises:
        PilotError: the images are not of the size on the card.
    """
    rows = lesson.held_out
    pilot = Watched(_pilot_for(scored, lesson))
    guesses = ask(pilot, lesson, rows)
    seen = compare_maps(lesson, rows, pilot.maps)
    beside = _float_guesses(scored, lesson)
    simple = Baselines(lesson)
    honest = simple.honest()
    stretches = pieces(rows, lesson.recording.session[rows])
    truth = lesson.steering[rows]
    baselines = {
        name: score_baseline(truth, says, guesses.steering, stretches, name == COPYCAT)
        for name, says in honest.items()
    }
    score = _tub_score(scored, lesson, known, guesses, seen, stretches, beside, baselines, simple)
    return Measured(lesson, guesses, beside, dict(honest), seen, score)


def _tub_score(
    scored: Scored,
    lesson: Lesson,
    known: bool,
    guesses: Guesses,
    seen: SeenMaps | None,
    stretches: list[Rows],
    beside: Guesses | None,
    baselines: dict[str, BaselineScore],
    simple: Baselines,
) -> TubScore:
    rows = lesson.held_out
    truth, throttle = lesson.steering[rows], lesson.throttle[rows]
    steering = score_steering(truth, guesses.steering, stretches)
    speed = ThrottleScore(
        mae(throttle, guesses.throttle), r2_where_it_varies(throttle, guesses.throttle)
    )
    return TubScore(
        tub=lesson.name,
        records=len(lesson.steering),
        pilot_trained_on_it=known,
        split=_split_used(lesson, scored.card.held_out if scored.card else HeldOut()),
        mae=steering.mae,
        balanced_mae=steering.balanced_mae,
        rmse=steering.rmse,
        r2=steering.r2,
        sign_accuracy=steering.sign_accuracy,
        throttle_mae=speed.mae,
        throttle_r2=speed.r2,
        steering=steering,
        throttle=speed,
        turns=sharp_turns(truth, guesses.steering),
        certainty=certainty(truth, guesses.steering, guesses.steering_std),
        class_map_miou=mean_iou(guesses.confusion),
        class_map=seen.score() if seen is not None else None,
        float_network=_float_score(scored, lesson, known, beside, steering.mae),
        baselines=baselines,
        random_split=_random_split(lesson, simple, baselines),
        remarks=_remarks(lesson, stretches),
    )


def _pilot_for(scored: Scored, lesson: Lesson) -> Pilot:
    height_px, width_px = lesson.recording.images.shape[1:3]
    card = scored.card
    if card is None:
        lens = lesson.lens or Lens()
        return scored.make(CameraConfig(width_px=width_px, height_px=height_px, lens=lens))
    if (width_px, height_px) != (card.width_px, card.height_px):
        raise PilotError(
            f"{scored.name} needs images of {card.width_px}x{card.height_px} px; those of the tub "
            f"{lesson.name} are {width_px}x{height_px}: train a pilot on that tub, or import it "
            "anew in the pilot's size"
        )
    return scored.make(CameraConfig(width_px=width_px, height_px=height_px, lens=card.lens))


def _float_guesses(scored: Scored, lesson: Lesson) -> Guesses | None:
    if scored.file is None or not twin_of(scored.file).is_file():
        return None
    from train.learning.float_twin import FloatTwin

    return FloatTwin(twin_of(scored.file)).ask(lesson, lesson.held_out)


def _float_score(
    scored: Scored, lesson: Lesson, known: bool, beside: Guesses | None, int8_mae: float
) -> FloatScore | None:
    """By the float network itself, else by what the card of a pilot that knows the tub says."""
    rows, card = lesson.held_out, scored.card
    if beside is not None and scored.file is not None:
        return FloatScore(
            twin_of(scored.file).name,
            mae(lesson.steering[rows], np.clip(beside.steering, -1, 1)),
            int8_mae,
            mae(lesson.throttle[rows], beside.throttle),
            beside.bin_entropy,
        )
    if card is None or not known or card.scores_float is None or card.scores_int8 is None:
        return None
    before, after = card.scores_float, card.scores_int8
    return FloatScore("card", before.steering_mae, after.steering_mae, before.throttle_mae)


def _random_split(
    lesson: Lesson, simple: Baselines, honest: dict[str, BaselineScore]
) -> dict[str, LeakyScore]:
    rows, claimed = simple.leaky()
    return {
        name: LeakyScore(mae(lesson.steering[rows], says), honest[name].mae)
        for name, says in claimed.items()
    }


def _remarks(lesson: Lesson, stretches: list[Rows]) -> list[str]:
    """What the held-out records cannot tell, in words."""
    truth, throttle = lesson.steering[lesson.held_out], lesson.throttle[lesson.held_out]
    found = []
    if np.ptp(truth) == 0:
        found.append(
            f"the driver steered {truth[0]:+.2f} all the time: R2 and sides say nothing here"
        )
    elif not (np.abs(truth) > SHARP).any():
        found.append(f"no turn beyond {SHARP:g}: sharp turns cannot be judged")
    if np.ptp(throttle) == 0:
        found.append(f"the throttle was {throttle[0]:+.2f} all the time: nothing to learn from it")
    if len(stretches) < 10:
        found.append(
            f"only {len(stretches)} stretches of 2 s are held out: intervals are rough, record more"
        )
    return found


def _split_used(lesson: Lesson, how: HeldOut) -> SplitUsed:
    return SplitUsed(
        lesson.split_kind,
        len(lesson.train),
        len(lesson.held_out),
        **msgspec.structs.asdict(how),
    )
