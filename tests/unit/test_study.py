"""The study ranks scores by how well they order checkpoints as driving does."""

import numpy as np
import pytest

from train.errors import DatasetError
from train.study.ranks import Checkpoint, Driven, rank_all
from train.study.report import headline, study_page
from train.study.run import find_checkpoints
from train.study.scores import evenly, mixes


def checkpoints(count: int = 12) -> list[Checkpoint]:
    """MAE orders them as driving does, R2 the other way round, RMSE not at all."""
    shuffled = np.random.default_rng(1).permutation(count)
    return [
        Checkpoint(
            f"checkpoint-{number}.tflite",
            "ab",
            {
                "mae": 0.1 + 0.01 * number,
                "mae_disturbed": 0.2 + 0.001 * (number // 3),
                "r2": float(number),
                "rmse": float(shuffled[number]),
            },
            Driven(10.0 * number, 1.0 - 0.05 * number, 1.0 if number < 6 else 0.0, 5, 5),
        )
        for number in range(count)
    ]


def rho(found, score: str, outcome: str = "off_road_per_100_laps") -> float:
    return next(each.rho for each in found if (each.score, each.outcome) == (score, outcome))


def test_a_better_score_with_better_driving_counts_as_positive_for_errors_and_shares() -> None:
    found = rank_all(checkpoints())
    assert rho(found, "mae") == pytest.approx(1.0)
    assert rho(found, "mae", "autonomy") == pytest.approx(1.0)
    assert rho(found, "r2") == pytest.approx(-1.0)
    assert abs(rho(found, "rmse")) < 0.7


def test_the_best_predictor_comes_first_with_its_interval() -> None:
    found = rank_all(checkpoints())
    assert found[0].score == "mae"
    assert found[0].low == pytest.approx(1.0)
    assert "Best predictor of 12 checkpoints: MAE" in headline(checkpoints(), found)


def test_scores_that_no_checkpoint_has_are_left_out() -> None:
    assert not any(each.score == "miou" for each in rank_all(checkpoints()))


def test_checkpoints_that_all_drive_alike_rank_nothing() -> None:
    same = [
        Checkpoint(each.pilot, "ab", each.scores, Driven(0.0, 1.0, 1.0, 5, 5))
        for each in checkpoints()
    ]
    found = rank_all(same)
    assert all(each.rho is None for each in found)
    assert "drive alike" in headline(same, found)
    assert "<svg" in study_page(same, found, "python -m train.study")


def test_the_page_shows_every_checkpoint_and_says_when_they_are_few() -> None:
    page = study_page(checkpoints(), rank_all(checkpoints()), "python -m train.study '<x>'")
    assert page.count("checkpoint-") == 12
    assert "a first look" in page
    assert "<x>" not in page


def test_too_few_checkpoints_are_refused_with_advice(tmp_path) -> None:
    (tmp_path / "one.tflite").write_bytes(b"")
    with pytest.raises(DatasetError, match="--checkpoints FOLDER --keep 40"):
        find_checkpoints([tmp_path])


def test_records_are_measured_evenly_and_at_most_so_many() -> None:
    assert list(evenly(3)) == [0, 1, 2]
    rows = evenly(10_000)
    assert len(rows) == 1500
    assert (rows[0], rows[-1]) == (0, 9999)


def test_mixes_fall_with_the_errors_that_they_are_made_of() -> None:
    usual = {"mae": 0.1, "throttle_mae": 0.1, "mae_disturbed": 0.2, "balanced_mae": 0.2,
             "rmse": 0.2, "sharp_recall": 0.5}  # fmt: skip
    better = {name: value / 2 for name, value in usual.items()} | {"sharp_recall": 0.9}
    assert all(mixes(better)[name] < value for name, value in mixes(usual).items())
