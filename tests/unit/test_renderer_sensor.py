import numpy as np
import pytest

from car.simulation.sensor import Sensor


@pytest.fixture
def picture():
    rows = np.linspace(40, 200, 120)[:, None, None]
    return np.broadcast_to(rows, (120, 160, 3)).astype(np.uint8).copy()


def expose(picture, seed=1, level=0.5, noise_seed=0):
    return Sensor(seed, level).expose(picture, np.random.default_rng(noise_seed))


def test_a_seed_and_a_generator_fix_the_picture(picture):
    assert np.array_equal(expose(picture), expose(picture))
    assert not np.array_equal(expose(picture), expose(picture, noise_seed=1))
    assert not np.array_equal(expose(picture), expose(picture, seed=2))


def test_the_rendered_image_is_left_as_it_was(picture):
    before = picture.copy()
    for seed in range(20):
        expose(picture, seed, level=1.0)
    assert np.array_equal(picture, before)


def test_a_good_camera_stays_close_to_what_it_saw(picture):
    error = expose(picture, level=0.0).astype(float) - picture
    assert np.abs(error).mean() < 20.0
    assert np.abs(error - error.mean()).std() < 20.0


def test_bad_cameras_differ_from_each_other(picture):
    tones = [expose(picture, seed, level=1.0).mean(axis=(0, 1)) for seed in range(12)]
    assert np.std(tones, axis=0).min() > 5.0


def test_a_dark_scene_gets_more_exposure(picture):
    bright, dark = expose(picture, level=0.0), expose(picture // 3, level=0.0)
    assert dark.mean() > bright.mean() / 3 * 1.05


def test_brighter_light_never_gives_a_darker_picture():
    for seed in range(8):
        sensor = Sensor(seed, level=1.0)
        steps = np.repeat(np.arange(0, 256, 2, dtype=np.uint8)[:120, None], 160, 1)
        shot = sensor.expose(np.dstack([steps] * 3), np.random.default_rng(0)).astype(float)
        tone = shot[:, 60:100].mean(axis=(1, 2))
        assert tone[-10:].mean() > tone[:10].mean() + 40


def test_other_image_sizes_work():
    image = np.zeros((61, 97, 3), np.uint8)
    shot = Sensor(0, 1.0, 97, 61).expose(image, np.random.default_rng(0))
    assert shot.shape == image.shape
