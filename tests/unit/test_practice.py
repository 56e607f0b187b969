"""Class maps from simulated pictures, for tubs that nobody labelled."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from car.config import Lens
from tests.unit.test_learning_parts import lesson
from train.learning.batches import PRACTISED, ExampleMaker, Variation
from train.learning.dataset import UNKNOWN
from train.learning.fit import Budget, Fitter
from train.learning.lessons import Curriculum
from train.learning.practice import Practice
from tubs.errors import OutputError

SMALL = Practice(worlds=8, seconds=2.0)


def curriculum(class_maps: bool = False) -> Curriculum:
    return Curriculum([lesson(120, Lens(), class_maps)], [], Lens(), 0.06)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def practised(cache: Path) -> Curriculum:
    return SMALL.added_to(curriculum(), cache, lambda share: None)


def test_tubs_without_class_maps_get_practice_whose_commands_are_unknown(
    practised: Curriculum,
) -> None:
    (practice,) = practised.practice
    assert practice.recording.class_maps is not None
    assert set(np.unique(practice.recording.class_maps[int(practice.train[0])])) <= set(range(5))
    assert np.isnan(practice.steering).all()
    assert np.isnan(practice.throttle).all()
    assert [each.name for each in practised.lessons] == ["drive"]


def test_tubs_with_class_maps_are_left_as_they_are(tmp_path: Path) -> None:
    labelled = curriculum(class_maps=True)
    assert SMALL.added_to(labelled, tmp_path, lambda share: None) is labelled
    assert not list(tmp_path.iterdir())


def test_practice_is_recorded_once_for_a_camera(practised: Curriculum, cache: Path) -> None:
    shares: list[float] = []
    SMALL.added_to(curriculum(), cache, shares.append)
    assert shares == []
    assert len(list((cache / "practice").iterdir())) == 1


def test_a_quarter_of_the_examples_is_practice_and_teaches_no_steering(
    practised: Curriculum,
) -> None:
    maker = ExampleMaker(practised.to_learn, Variation(), np.random.default_rng(1))
    batch = maker.batch(400)
    practice = np.isnan(batch.steering)
    assert practice.mean() == pytest.approx(PRACTISED, abs=0.07)
    assert np.array_equal(np.isnan(batch.throttle), practice)
    assert (batch.class_maps[~practice] == UNKNOWN).all()
    assert (batch.class_maps[practice] != UNKNOWN).any(axis=(1, 2)).all()


def test_a_network_learns_class_maps_and_steering_together(practised: Curriculum) -> None:
    fitter = Fitter(practised.to_learn, 1, Variation())
    fitted = fitter.fit(Budget(epochs=1, epoch_records=640), lambda epoch, share, speed: None)
    (line,) = fitted.history
    assert np.isfinite([line.steering_loss, line.throttle_loss, line.class_map_loss]).all()
    assert line.held_out_class_map_miou is not None
    assert 0.0 < line.held_out_steering_mae < 1.5


def test_a_cache_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "practice").write_text("a file where a folder should be")
    with pytest.raises(OutputError, match="--no-practice"):
        replace(SMALL, worlds=1).added_to(curriculum(), tmp_path, lambda share: None)
