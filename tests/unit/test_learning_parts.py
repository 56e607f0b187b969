"""The small parts of learning: labels in time, weights, batches, light and measures."""

from dataclasses import dataclass

import numpy as np
import pytest

from car.config import Lens
from train.learning.batches import ExampleMaker, Variation, made_ahead, plain_batches, shrink
from train.learning.dataset import UNKNOWN, Lesson, commands_after, rarity_weights
from train.learning.photometric import Relighting
from train.metrics import balanced_mae, confusion, mae, mean_iou, r2, sign_accuracy

PLAIN = Variation(shifted=0.0, mirrored=0.0, light=0.0)


@dataclass
class Arrays:
    images: np.ndarray
    class_maps: np.ndarray | None
    speed_m_s: np.ndarray
    session: np.ndarray


def lesson(count: int = 40, lens: Lens | None = None, class_maps: bool = True) -> Lesson:
    """Images whose left half is as bright as the record's number."""
    images = np.zeros((count, 120, 160, 3), np.uint8)
    images[:, :, :80] = np.arange(count)[:, None, None, None]
    maps = np.ones((count, 30, 40), np.uint8) if class_maps else None
    arrays = Arrays(images, maps, np.full(count, np.nan), np.zeros(count, int))
    steering = np.linspace(-1, 1, count).astype(np.float32)
    rows = np.arange(count)
    return Lesson("drive", arrays, lens, steering, steering / 2, rows[:-10], rows[-10:])


def test_the_label_is_the_command_of_a_little_later() -> None:
    times_s = np.arange(5) * 0.05
    later = commands_after(np.arange(5.0), times_s, np.zeros(5, int), 0.06)
    assert later == pytest.approx([1.2, 2.2, 3.2, 4.0, 4.0])


def test_labels_never_come_from_the_next_session() -> None:
    session = np.array([0, 0, 1, 1])
    later = commands_after(np.array([0, 0, 1, 1.0]), np.array([0, 0.05, 0, 0.05]), session, 1.0)
    assert later == pytest.approx([0, 0, 1, 1])


def test_curves_and_slow_stretches_are_shown_more_often_than_their_share() -> None:
    steering = np.r_[np.zeros(900), np.full(100, 0.8)]
    throttle = np.r_[np.full(900, 0.4), np.full(100, 0.1)]
    weights = rarity_weights(steering, throttle)
    assert weights.sum() == pytest.approx(1.0)
    assert weights[900:].sum() > 0.3


def test_plain_batches_hold_the_records_named_in_order() -> None:
    source = lesson()
    batches = list(plain_batches(source, source.held_out, 4))
    assert [len(batch.images) for batch in batches] == [4, 4, 2]
    assert batches[0].images.shape == (4, 60, 80, 3)
    assert batches[0].images[1, 0, 0, 0] == 31


def test_examples_come_from_training_records_only() -> None:
    batch = ExampleMaker([lesson()], PLAIN, np.random.default_rng(0)).batch(200)
    assert batch.images[:, 0, 0, 0].max() < 30
    numbers = batch.images[:, 0, 0, 0]
    assert batch.steering == pytest.approx(lesson().steering[numbers])
    assert batch.throttle == pytest.approx(lesson().throttle[numbers])


def test_a_mirrored_example_has_its_bright_half_right_and_steers_the_other_way() -> None:
    always = Variation(shifted=0.0, mirrored=1.0, light=0.0)
    batch = ExampleMaker([lesson()], always, np.random.default_rng(0)).batch(50)
    numbers = batch.images[:, 0, -1, 0]
    assert np.all(batch.images[:, 0, 0] == 0)
    assert batch.steering == pytest.approx(-lesson().steering[numbers])


def test_shifted_examples_get_other_labels_and_unknown_edges() -> None:
    always = Variation(shifted=1.0, mirrored=0.0, light=0.0)
    batch = ExampleMaker([lesson(lens=Lens())], always, np.random.default_rng(0)).batch(100)
    assert np.ptp(batch.steering) > 1.0
    assert (batch.class_maps == UNKNOWN).any()
    assert np.all(np.abs(batch.steering) <= 1.0)


def test_without_a_lens_no_view_is_shifted() -> None:
    always = Variation(shifted=1.0, mirrored=0.0, light=0.0)
    batch = ExampleMaker([lesson()], always, np.random.default_rng(0)).batch(50)
    assert batch.steering == pytest.approx(lesson().steering[batch.images[:, 0, 0, 0]])


def test_a_tub_without_class_maps_gives_unknown_ones() -> None:
    batch = ExampleMaker([lesson(class_maps=False)], PLAIN, np.random.default_rng(0)).batch(4)
    assert np.all(batch.class_maps == UNKNOWN)


def test_the_same_seed_gives_the_same_batches_also_when_made_ahead() -> None:
    first = ExampleMaker([lesson(lens=Lens())], Variation(), np.random.default_rng(5))
    second = ExampleMaker([lesson(lens=Lens())], Variation(), np.random.default_rng(5))
    with made_ahead(first, 16) as batches:
        for _ in range(3):
            ahead, plain = next(batches), second.batch(16)
            assert np.array_equal(ahead.images, plain.images)
            assert np.array_equal(ahead.steering, plain.steering)


def test_what_goes_wrong_in_the_thread_is_raised_to_the_trainer() -> None:
    broken = lesson()
    broken.recording.images[:] = 0
    object.__setattr__(broken, "train", np.arange(30) + 1000)
    maker = ExampleMaker([lesson()], PLAIN, np.random.default_rng(0))
    maker._lessons = [broken]
    maker._row = broken.train
    with made_ahead(maker, 4) as batches, pytest.raises(IndexError):
        next(batches)


def test_shrinking_averages_blocks_of_pixels() -> None:
    image = np.zeros((120, 160, 3), np.uint8)
    image[::2, ::2] = 100
    assert np.all(shrink(image) == 25)


def test_other_light_changes_images_but_never_the_recorded_one() -> None:
    image = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    before = image.copy()
    relight = Relighting(np.random.default_rng(0))
    changed = [relight(image) for _ in range(50)]
    assert np.array_equal(image, before)
    assert all(one.dtype == np.uint8 and one.shape == image.shape for one in changed)
    assert sum(np.array_equal(one, before) for one in changed) == 0


def test_the_measures_agree_with_arithmetic_by_hand() -> None:
    truth, guess = np.array([0.0, 0.0, 0.0, 0.9]), np.array([0.0, 0.0, 0.0, 0.5])
    assert mae(truth, guess) == pytest.approx(0.1)
    assert balanced_mae(truth, guess) == pytest.approx(0.2)
    assert r2(truth, truth) == 1.0
    assert r2(truth, np.full(4, truth.mean())) == pytest.approx(0.0)
    assert sign_accuracy(truth, guess) == 1.0


def test_mean_iou_leaves_unknown_pixels_and_absent_classes_out() -> None:
    truth = np.array([0, 0, 1, 1, UNKNOWN], np.uint8)
    guess = np.array([0, 1, 1, 1, 4], np.uint8)
    assert mean_iou(confusion(truth, guess, 5)) == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert mean_iou(np.zeros((5, 5), np.int64)) is None
