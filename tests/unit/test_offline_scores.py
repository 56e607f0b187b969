"""Offline scores: sharp turns, certainty, intervals, baselines, and words where a figure fails."""

from dataclasses import dataclass

import numpy as np
import pytest

from car.command import Command
from car.pilots.pilot import Decision
from train.learning.dataset import Lesson
from train.metrics import checkpoint_score, r2, r2_where_it_varies, sign_accuracy_of_turns
from train.scoring.baselines import Baselines, repeat_last
from train.scoring.bootstrap import Bounds, bounds, pieces
from train.scoring.certainty import certainty, rank_correlation
from train.scoring.score_text import as_text, better_by
from train.scoring.scores import score_baseline, score_steering
from train.scoring.scoring import Scored, measure
from train.scoring.sharp_turns import sharp_turns


@dataclass
class Arrays:
    images: np.ndarray
    class_maps: np.ndarray | None
    speed_m_s: np.ndarray
    session: np.ndarray


def lesson(steering: np.ndarray, throttle: np.ndarray | None = None) -> Lesson:
    """A bright bar stands where the driver steers to; every third block of 40 is held out."""
    count = len(steering)
    images = np.zeros((count, 48, 64, 3), np.uint8)
    for row, value in enumerate(steering):
        column = int((value + 1) / 2 * 56)
        images[row, :, column : column + 8] = 255
    arrays = Arrays(images, None, np.full(count, np.nan), np.zeros(count, int))
    rows = np.arange(count)
    held = (rows // 40) % 3 == 2
    speed = np.full(count, 0.3) if throttle is None else throttle
    return Lesson(
        "bars",
        arrays,
        None,
        steering.astype(np.float32),
        speed.astype(np.float32),
        np.flatnonzero(~held),
        np.flatnonzero(held),
    )


class Reader:
    """Steers to the bright bar, exactly or with an offset; sure to a given degree."""

    def __init__(self, offset: float = 0.0, std: float = 0.1) -> None:
        self.offset, self.std = offset, std

    def decide(self, frame) -> Decision:
        column = float(np.argmax(frame.image[0, :, 0]))
        return Decision(Command(column / 56 * 2 - 1 + self.offset, 0.3), self.std)


def swinging(count: int = 480) -> np.ndarray:
    return np.sin(np.arange(count) / 17.0)


def measured(source: Lesson, pilot: Reader):
    return measure(Scored("bars", lambda camera: pilot), source, known=False)


def test_a_sharp_turn_to_the_wrong_side_is_not_found() -> None:
    truth = np.array([0.9, -0.9, 0.9, 0.0, 0.1])
    guess = np.array([0.9, 0.9, 0.4, 0.8, 0.0])
    found = sharp_turns(truth, guess)
    assert found.driven == 3
    assert found.asked == 3
    assert found.recall == pytest.approx(1 / 3)
    assert found.precision == pytest.approx(1 / 3)
    assert found.f1 == pytest.approx(1 / 3)
    assert found.recall_right == pytest.approx(0.5)
    assert found.recall_left == 0.0


def test_where_nobody_turns_sharply_there_is_no_recall_to_speak_of() -> None:
    found = sharp_turns(np.zeros(4), np.zeros(4))
    assert (found.precision, found.recall, found.f1) == (None, None, None)


def test_true_standard_deviations_are_well_calibrated_and_small_ones_are_too_sure() -> None:
    rng = np.random.default_rng(0)
    std = rng.uniform(0.05, 0.3, 20_000)
    truth = rng.normal(0.0, std)
    right, sure = certainty(truth, np.zeros(20_000), std), certainty(truth, truth * 0, std / 3)
    assert right is not None
    assert sure is not None
    assert right.coverage_50 == pytest.approx(0.5, abs=0.02)
    assert right.coverage_95 == pytest.approx(0.95, abs=0.01)
    assert right.calibration_error < 0.01
    assert right.std_error_correlation > 0.3
    assert sure.coverage_95 < 0.6
    assert sure.calibration_error > 0.2
    assert sure.negative_log_likelihood > right.negative_log_likelihood + 1.0


def test_a_pilot_that_does_not_say_how_sure_it_is_is_not_judged_by_it() -> None:
    assert certainty(np.zeros(3), np.zeros(3), np.full(3, np.nan)) is None


def test_rank_correlation_sees_order_only_and_nothing_in_a_constant() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0])
    assert rank_correlation(values, np.exp(values)) == pytest.approx(1.0)
    assert rank_correlation(values, -(values**3)) == pytest.approx(-1.0)
    assert rank_correlation(values, np.ones(4)) is None


def test_pieces_end_at_gaps_and_sessions_and_hold_every_record_once() -> None:
    rows = np.r_[0:100, 200:230, 230:260]
    session = np.r_[np.zeros(130), np.ones(30)].astype(int)
    cut = pieces(rows, session)
    assert np.array_equal(np.concatenate(cut), np.arange(160))
    assert all(len(set(session[piece])) == 1 for piece in cut)
    assert all(np.all(np.diff(rows[piece]) == 1) for piece in cut)
    assert max(len(piece) for piece in cut) <= 60


def test_intervals_hold_the_figure_and_shrink_with_more_stretches() -> None:
    values = np.random.default_rng(0).normal(size=4000)
    few = bounds(lambda rows: float(values[rows].mean()), np.array_split(np.arange(400), 10))
    many = bounds(lambda rows: float(values[rows].mean()), np.array_split(np.arange(4000), 100))
    assert few is not None
    assert many is not None
    assert few.low < few.value < few.high
    assert many.high - many.low < few.high - few.low
    assert bounds(lambda rows: 0.0, [np.arange(4)] * 2) is None


def test_one_value_of_steering_gives_words_and_no_nan() -> None:
    still = np.zeros(5)
    assert r2_where_it_varies(still, still + 0.1) is None
    assert r2(still, still + 0.1) == 0.0
    assert sign_accuracy_of_turns(still, still) is None
    text = as_text(measured(lesson(np.full(480, 0.2)), Reader()).score)
    assert "nan" not in text
    assert "steered +0.20 all the time" in text


@pytest.fixture(scope="module")
def score():
    """Of a pilot that sees the bar."""
    return measured(lesson(swinging()), Reader()).score


def test_a_pilot_that_sees_the_bar_beats_every_baseline_but_the_copycat(score) -> None:
    assert score.mae < 0.05
    assert score.turns.recall == pytest.approx(1.0, abs=0.1)
    assert list(score.baselines) == ["median", "repeat", "ridge", "forest", "knn1", "knn5"]
    assert score.baselines["median"].mae > 0.5
    assert score.baselines["median"].pilot_is_better_by.low > 0.5
    assert score.baselines["repeat"].sees_the_past
    assert not score.baselines["knn5"].sees_the_past


def test_an_offset_shows_in_error_and_in_certainty(score) -> None:
    off = measured(lesson(swinging()), Reader(0.3, 0.1)).score
    assert off.mae > score.mae + 0.1
    assert off.certainty.coverage_95 < score.certainty.coverage_95


def test_the_leaky_figure_is_better_than_the_honest_one_where_places_do_not_come_again() -> None:
    rng = np.random.default_rng(0)
    source = lesson(swinging())
    where = np.repeat(rng.integers(0, 255, (12, 48, 64, 3), dtype=np.uint8), 40, axis=0)
    noise = rng.integers(0, 3, where.shape, dtype=np.uint8)
    source.recording.images[:] = where // 2 + noise
    simple = Baselines(source)
    honest = np.abs(simple.honest()["knn1"] - source.steering[source.held_out]).mean()
    rows, says = simple.leaky()
    assert len(rows) == len(source.held_out)
    assert np.abs(says["knn1"] - source.steering[rows]).mean() < 0.8 * honest


def test_the_copycat_never_copies_across_sessions() -> None:
    steering = np.array([0.1, 0.2, 0.3, 0.4], np.float32)
    session = np.array([0, 0, 1, 1])
    assert repeat_last(steering, session, np.arange(4)) == pytest.approx([0, 0.1, 0, 0.3])


def test_the_gain_over_a_baseline_is_the_share_of_its_error_that_is_gone() -> None:
    truth = np.zeros(200)
    line = score_baseline(
        truth, truth + 0.4, truth + 0.1, pieces(np.arange(200), np.zeros(200, int)), False
    )
    assert line.pilot_is_better_by.value == pytest.approx(0.75)


def test_the_table_fits_100_columns(score) -> None:
    text = as_text(score)
    assert max(len(line) for line in text.splitlines()) <= 100
    assert "what a random split of video frames would have claimed" in text


def test_bounds_stand_only_where_stretches_are_given() -> None:
    assert score_steering(swinging(), swinging() * 0.9).mae_bounds is None


def test_the_checkpoint_score_falls_with_each_error() -> None:
    usual = checkpoint_score(0.1, 0.1, 0.9)
    assert checkpoint_score(0.09, 0.1, 0.9) < usual
    assert checkpoint_score(0.1, 0.09, 0.9) < usual
    assert checkpoint_score(0.1, 0.1, 0.91) < usual
    assert checkpoint_score(0.1, 0.1, None) < usual


def test_a_pilot_far_worse_than_a_baseline_is_told_as_a_multiple() -> None:
    assert better_by(Bounds(0.25, 0.1, 0.4)) == "25 (10..40) %"
    assert better_by(Bounds(-19.0, -32.0, -12.0)) == "20.0 times worse"
    assert better_by(None) == "-"
