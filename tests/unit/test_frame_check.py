"""A picture that must not be steered by is named for what it is."""

import numpy as np
import pytest

from car.config import CameraConfig
from car.errors import CameraError, StaleFrameError
from car.frame import Frame
from car.frame_check import FUTURE_S, FrameCheck

CONFIG = CameraConfig(width_px=64, height_px=48)
PERIOD_S = 0.05


def picture(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (48, 64, 3), np.uint8)


def frame(number: int, image: np.ndarray | None = None, captured_s: float | None = None) -> Frame:
    when_s = PERIOD_S * number if captured_s is None else captured_s
    return Frame(picture(number) if image is None else image, when_s, number)


def check_all(check: FrameCheck, frames: list[Frame]) -> None:
    for each in frames:
        check.check(each, each.captured_s + 0.02)


def test_fresh_pictures_pass() -> None:
    check = FrameCheck(CONFIG)
    check_all(check, [frame(number) for number in range(50)])
    assert check.blank is None


@pytest.mark.parametrize("age_s", [0.301, 5.0, -0.1, float("nan")])
def test_a_frame_too_old_or_from_the_future_is_refused(age_s: float) -> None:
    with pytest.raises(StaleFrameError, match=r"frame \(7\)"):
        FrameCheck(CONFIG).check(frame(7, captured_s=10.0), 10.0 + age_s)


@pytest.mark.parametrize("age_s", [0.0, 0.299, -0.0005])
def test_a_frame_just_fresh_enough_passes(age_s: float) -> None:
    FrameCheck(CONFIG).check(frame(7, captured_s=1.0), 1.0 + age_s)


@pytest.mark.parametrize("age_s", [-FUTURE_S, CONFIG.max_age_s])
def test_a_frame_as_old_or_as_new_as_is_allowed_passes(age_s: float) -> None:
    FrameCheck(CONFIG).check(frame(7, captured_s=0.0), age_s)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((48, 64), np.uint8),
        np.zeros((64, 48, 3), np.uint8),
        np.zeros((48, 64, 3), np.float32),
        np.zeros((48, 64, 3), np.int8),
        np.zeros((48, 64, 3), np.bool_),
    ],
)
def test_a_picture_of_another_size_or_kind_is_refused(image: np.ndarray) -> None:
    with pytest.raises(CameraError, match="asks for uint8"):
        FrameCheck(CONFIG).check(frame(0, image), 0.0)


@pytest.mark.parametrize(
    ("number", "captured_s"), [(4, 0.30), (5, 0.30), (6, 0.25), (6, 0.2), (3, 0.1)]
)
def test_a_camera_whose_time_goes_back_is_refused(number: int, captured_s: float) -> None:
    check = FrameCheck(CONFIG)
    check.check(frame(5), 0.26)
    with pytest.raises(CameraError, match="back in time"):
        check.check(frame(number, captured_s=captured_s), captured_s + 0.02)


def test_the_same_picture_again_and_again_is_a_camera_that_hangs() -> None:
    check, image = FrameCheck(CONFIG), picture(0)
    check_all(check, [frame(number, image) for number in range(10)])
    with pytest.raises(StaleFrameError, match=r"same picture for 0\.50 s"):
        check.check(frame(10, image), 0.52)


def test_a_picture_that_comes_again_after_a_gap_is_a_camera_that_hangs() -> None:
    check, image = FrameCheck(CONFIG), picture(0)
    check.check(frame(0, image), 0.02)
    with pytest.raises(StaleFrameError, match=r"same picture for 0\.75 s"):
        check.check(frame(15, image), 0.77)


@pytest.mark.parametrize(("row", "column"), [(0, 0), (8, 16), (40, 56)])
def test_a_picture_that_changed_by_one_bit_is_another_one(row: int, column: int) -> None:
    check = FrameCheck(CONFIG)
    images = [picture(0), picture(0)]
    images[1][row, column, 0] ^= 1
    check_all(check, [frame(number, images[number % 2]) for number in range(60)])


def test_a_picture_kept_in_one_buffer_is_compared_with_what_it_was() -> None:
    check, buffer = FrameCheck(CONFIG), np.zeros((48, 64, 3), np.uint8)
    for number in range(40):
        buffer[:] = picture(number)
        check.check(frame(number, buffer), PERIOD_S * number + 0.02)


@pytest.mark.parametrize("level", [0, 128, 248])
def test_a_picture_that_shows_nothing_is_called_blank_until_it_shows_something(level: int) -> None:
    check, dice = FrameCheck(CONFIG), np.random.default_rng(1)
    check.check(frame(0), 0.02)
    for number in range(1, 30):
        blank = (level + dice.integers(0, 8, (48, 64, 3))).astype(np.uint8)
        check.check(frame(number, blank), PERIOD_S * number + 0.02)
        assert (check.blank is not None) == (number >= 10), number
    assert check.blank is not None
    assert "seen nothing for 1.5 s" in check.blank
    check.check(frame(30), 1.52)
    assert check.blank is None


@pytest.mark.parametrize(
    ("darkest", "brightest", "is_blank"),
    [(7, 8, True), (0, 7, True), (0, 8, False), (240, 247, True), (100, 255, False)],
)
def test_a_picture_shows_something_from_a_spread_of_eight(
    darkest: int, brightest: int, is_blank: bool
) -> None:
    check = FrameCheck(CONFIG)
    for number in range(1, 15):
        image = np.full((48, 64, 3), darkest, np.uint8)
        image[8 * number % 48, 8, 1] = brightest
        check.check(frame(number, image), PERIOD_S * number + 0.02)
    assert (check.blank is not None) == is_blank


def test_a_black_camera_is_blank_rather_than_frozen() -> None:
    check, black = FrameCheck(CONFIG), np.zeros((48, 64, 3), np.uint8)
    check_all(check, [frame(number, black) for number in range(40)])
    assert check.blank is not None
