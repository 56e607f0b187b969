"""Waiting for a camera ends in time, and its frames are numbered by their time stamps."""

import threading
import time

import pytest

from car.config import CameraConfig
from car.drivers.camera_thread import (
    NewestOnly,
    longest_first_wait_s,
    longest_wait_s,
    within,
)
from car.drivers.frame_stamps import MOST_REPEATED, FrameStamps
from car.errors import CameraError


def test_what_finishes_in_time_gives_its_result():
    assert within(1.0, "thinking", lambda: 42) == 42


def test_what_hangs_is_given_up():
    over = threading.Event()
    began_s = time.monotonic()
    with pytest.raises(CameraError, match=r"opening the camera did not finish within 0.05 s"):
        within(0.05, "opening the camera", over.wait)
    assert time.monotonic() - began_s < 0.5
    over.set()


def test_what_fails_fails_in_the_caller():
    def fail():
        raise PermissionError(13, "no")

    with pytest.raises(PermissionError):
        within(1.0, "trying", fail)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_fails_in_an_unknown_way_still_ends_the_wait():
    with pytest.raises(CameraError, match="nobody expected"):
        within(5.0, "dividing", lambda: 1 // 0)


def test_a_silence_is_bounded_by_the_age_of_a_frame_or_three_frames():
    assert longest_wait_s(CameraConfig(frames_per_s=20.0, max_age_s=0.3)) == 0.3
    assert longest_wait_s(CameraConfig(frames_per_s=2.0, max_age_s=0.3)) == 1.5
    assert longest_first_wait_s(CameraConfig(frames_per_s=20.0)) == 5.0
    assert longest_first_wait_s(CameraConfig(frames_per_s=1.0)) == 12.0


class Source:
    """Gives numbers when told to, and fails when told to."""

    def __init__(self):
        self.turn = threading.Semaphore(0)
        self.released = threading.Event()
        self.count = 0
        self.error = None

    def take(self):
        self.turn.acquire()
        if self.error is not None:
            raise self.error
        self.count += 1
        return self.count

    def more(self, count):
        for _ in range(count):
            self.turn.release()


@pytest.fixture
def source():
    source = Source()
    yield source
    source.more(10)


def until(condition):
    end_s = time.monotonic() + 5.0
    while not condition():
        assert time.monotonic() < end_s, "it never came true"
        time.sleep(0.001)


def test_only_the_newest_is_kept_and_nothing_is_given_twice(source):
    newest = NewestOnly(source.take, source.released.set)
    newest.start()
    source.more(5)
    until(lambda: newest.dropped == 4)
    assert newest.wait(1.0) == 5
    assert newest.wait(0.02) is None
    source.more(1)
    assert newest.wait(1.0) == 6


def test_an_error_of_the_source_comes_after_its_last_frame_and_stays(source):
    newest = NewestOnly(source.take, source.released.set)
    newest.start()
    source.more(1)
    until(lambda: source.count == 1)
    source.error = CameraError("unplugged")
    source.more(1)
    assert source.released.wait(1.0)
    assert newest.wait(1.0) == 1
    for _ in range(2):
        with pytest.raises(CameraError, match="unplugged"):
            newest.wait(1.0)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_dies_of_something_unknown_is_an_error_too(source):
    newest = NewestOnly(source.take, source.released.set)
    newest.start()
    source.error = ZeroDivisionError("nobody thought of this")
    source.more(1)
    with pytest.raises(CameraError, match="thread has ended"):
        newest.wait(1.0)
    assert newest.stop(1.0)
    assert source.released.is_set()


def test_stopping_releases_the_source_in_its_own_thread_or_says_that_it_hangs(source):
    newest = NewestOnly(source.take, source.released.set)
    newest.start()
    assert newest.stop(0.05) is False
    assert not source.released.is_set()
    source.more(1)
    assert newest.stop(1.0) is True
    assert source.released.is_set()


def test_numbers_follow_the_time_stamps():
    stamps = FrameStamps()
    times_s = [7.0, 7.05, 7.101, 7.25, 7.29, 7.295]
    assert [stamps.number(time_s, 0.05) for time_s in times_s] == [0, 1, 2, 5, 6, 7]
    assert stamps.repeated == 0


def test_without_a_period_every_newer_frame_is_the_next():
    stamps = FrameStamps()
    assert [stamps.number(time_s, float("inf")) for time_s in (0.0, 0.1, 9.0)] == [0, 1, 2]


def test_a_frame_that_is_no_newer_has_no_number():
    stamps = FrameStamps()
    assert [stamps.number(time_s, 0.1) for time_s in (1.0, 1.0, 0.9, 1.1)] == [0, None, None, 1]
    assert stamps.repeated == 2


def test_repeated_frames_among_new_ones_are_no_error():
    stamps = FrameStamps()
    for time_s in range(10):
        assert stamps.number(float(time_s), 1.0) == time_s
        assert stamps.number(float(time_s), 1.0) is None
    assert stamps.repeated == 10


def test_time_stamps_that_never_go_on_are_an_error():
    stamps = FrameStamps()
    stamps.number(1.0, 0.1)
    for _ in range(MOST_REPEATED - 1):
        assert stamps.number(1.0, 0.1) is None
    with pytest.raises(CameraError, match="stand or run backwards: 3 frames"):
        stamps.number(1.0, 0.1)


def test_each_new_frame_begins_the_count_anew_and_an_error_stays():
    stamps = FrameStamps()
    stamps.number(1.0, 0.1)
    assert stamps.number(1.0, 0.1) is None
    stamps.number(2.0, 0.1)
    for _ in range(2):
        assert stamps.number(2.0, 0.1) is None
    for count in (3, 4):
        with pytest.raises(CameraError, match=f"backwards: {count} frames"):
            stamps.number(1.5, 0.1)
