"""The USB camera: OpenCV on a real video file, and captures that hang, fail or lie."""

import os
import threading
import time
from itertools import islice
from pathlib import Path
from tempfile import NamedTemporaryFile

import cv2
import numpy as np
import pytest

from car.config import CameraConfig
from car.drivers.camera_thread import CLOSE_WITHIN_S
from car.drivers.usb_camera import MOST_FAILURES, UsbCamera, ask_for, fit, open_v4l2
from car.errors import CameraError

FAST = CameraConfig(frames_per_s=50.0, max_age_s=0.15)


def red_and_blue(height=480, width=640):
    """B, G, R: red left, blue right."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, : width // 2, 2] = 250
    picture[:, width // 2 :, 0] = 250
    return picture


class PretendedCapture:
    """A camera that gives one picture every so often; tests bend it."""

    def __init__(self, picture, period_s=0.02, stamp_s=time.monotonic):
        self.picture, self.period_s, self.stamp_s = picture, period_s, stamp_s
        self.grabbed = 0
        self.plugged_in = True
        self.damaged = False
        self.hang = threading.Event()
        self.go_on = threading.Event()
        self.released = threading.Event()
        self._stamp_s = 0.0

    def grab(self):
        if self.hang.is_set():
            self.go_on.wait()
        time.sleep(self.period_s)
        self._stamp_s = self.stamp_s()
        self.grabbed += 1
        return self.plugged_in

    def retrieve(self):
        return (False, None) if self.damaged else (True, self.picture)

    def get(self, property_id):
        return self._stamp_s * 1e3 if property_id == cv2.CAP_PROP_POS_MSEC else 0.0

    def release(self):
        self.released.set()


@pytest.fixture
def capture():
    capture = PretendedCapture(red_and_blue())
    yield capture
    capture.go_on.set()


def camera_of(capture, config=FAST, clock=time.monotonic):
    return UsbCamera("0", config, clock, lambda: capture)


@pytest.fixture
def film(tmp_path):
    """A video of 40 compressed pictures, each brighter than the one before."""
    path = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 50, (320, 240))
    for number in range(40):
        writer.write(np.full((240, 320, 3), (0, 0, 10 + 5 * number), np.uint8))
    writer.release()
    return path


class Paced:
    """OpenCV's own capture of a file, which would else be read at once."""

    def __init__(self, path):
        self._capture = cv2.VideoCapture(str(path))
        self.retrieve, self.get = self._capture.retrieve, self._capture.get
        self.release = self._capture.release

    def grab(self):
        time.sleep(0.01)
        return self._capture.grab()


def test_a_film_through_opencv_comes_out_red_small_and_in_order(film):
    began_s = time.monotonic()
    with UsbCamera("0", FAST, time.monotonic, lambda: Paced(film)) as camera:
        frames = list(islice(camera, 15))
        assert camera.stamped_by_driver is False
    assert time.monotonic() - began_s < 3.0
    for frame in frames:
        assert frame.image.shape == (120, 160, 3)
        red, green, blue = frame.image.reshape(-1, 3).mean(axis=0)
        assert red > 5 + 4 * frame.number
        assert max(green, blue) < 6
    reds = [int(frame.image[60, 80, 0]) for frame in frames]
    assert reds == sorted(set(reds))
    assert len({frame.number for frame in frames}) == 15


def test_the_end_of_the_pictures_is_an_unplugged_camera(film):
    numbers = []
    with UsbCamera("0", FAST, time.monotonic, lambda: Paced(film)) as camera:
        pictures = (numbers.append(frame.number) for frame in camera)
        with pytest.raises(CameraError, match="/dev/video0 has stopped giving pictures: unplug"):
            list(pictures)
    assert numbers[-1] == 39


def test_the_drivers_time_stamps_are_used_when_they_are_on_the_monotonic_clock(capture):
    capture.stamp_s = lambda: time.monotonic() - 0.03
    with camera_of(capture, clock=lambda: time.monotonic() + 900.0) as camera:
        frame = next(iter(camera))
        age_s = time.monotonic() + 900.0 - frame.captured_s
        assert camera.stamped_by_driver is True
    assert 0.03 <= age_s < 0.06


@pytest.mark.parametrize("wrong_s", [0.0, 1.7e9])
def test_time_stamps_of_another_clock_give_way_to_the_arrival_less_one_frame(capture, wrong_s):
    capture.stamp_s = lambda: wrong_s
    with camera_of(capture) as camera:
        frame = next(iter(camera))
        age_s = time.monotonic() - frame.captured_s
        assert camera.stamped_by_driver is False
    assert 0.02 <= age_s < 0.05


def test_a_slow_loop_gets_the_newest_picture_and_sees_the_gap(capture):
    capture.period_s = 0.005
    with camera_of(capture) as camera:
        frames = iter(camera)
        first = next(frames)
        time.sleep(0.1)
        second = next(frames)
        age_s = time.monotonic() - second.captured_s
    assert second.number - first.number >= 10
    assert age_s < 0.05


def test_a_driver_that_hangs_does_not_hang_the_loop(capture):
    with camera_of(capture) as camera:
        frames = iter(camera)
        next(frames)
        capture.hang.set()
        began_s = time.monotonic()
        with pytest.raises(CameraError, match=r"no picture for 0.15 s: it hangs"):
            list(islice(frames, 5))
        assert time.monotonic() - began_s < 0.4
        capture.go_on.set()
    assert capture.released.is_set()


def test_leaving_a_camera_that_hangs_does_not_wait_for_it(capture, caplog):
    with camera_of(capture) as camera:
        next(iter(camera))
        capture.hang.set()
        time.sleep(0.05)
        leaving_s = time.monotonic()
    assert CLOSE_WITHIN_S <= time.monotonic() - leaving_s < CLOSE_WITHIN_S + 0.5
    assert "/dev/video0 was left open" in caplog.text
    assert not capture.released.is_set()


def test_unplugging_is_noticed_at_once(capture):
    with camera_of(capture) as camera:
        next(iter(camera))
        capture.plugged_in = False
        began_s = time.monotonic()
        with pytest.raises(CameraError, match="unplugged"):
            list(islice(camera, 5))
        assert time.monotonic() - began_s < 0.3
    assert camera.failures == MOST_FAILURES
    assert capture.released.is_set()


def test_a_few_damaged_pictures_are_skipped_and_counted(capture):
    def retrieve():
        good = capture.grabbed not in (3, 4)
        return good, capture.picture if good else None

    capture.retrieve = retrieve
    with camera_of(capture) as camera:
        assert len(list(islice(camera, 5))) == 5
        assert camera.failures == 2


def test_damaged_pictures_only_are_an_error(capture):
    capture.damaged = True
    with camera_of(capture) as camera, pytest.raises(CameraError, match="stopped giving pictures"):
        next(iter(camera))


def test_one_repeated_time_stamp_is_skipped(capture):
    stamps_s = iter([0.0, 0.01, 0.01, *np.arange(0.02, 9.0, 0.01)])
    began_s = time.monotonic() - 0.05
    capture.stamp_s = lambda: began_s + next(stamps_s)
    with camera_of(capture) as camera:
        frames = list(islice(camera, 4))
        assert camera.stamps.repeated == 1
    assert len({frame.captured_s for frame in frames}) == 4


def test_time_stamps_that_stand_are_an_error(capture):
    now_s = time.monotonic() - 0.01
    capture.stamp_s = lambda: now_s
    with camera_of(capture) as camera, pytest.raises(CameraError, match="stand or run backwards"):
        list(islice(camera, 10))


def test_pictures_smaller_than_asked_for_are_refused(capture):
    capture.picture = red_and_blue(96, 128)
    with (
        camera_of(capture) as camera,
        pytest.raises(CameraError, match=r"gives 128x96 pixels.*= 160x120: lower"),
    ):
        next(iter(camera))


def test_images_are_copies(capture):
    capture.picture = red_and_blue(120, 160)
    with camera_of(capture) as camera:
        frame = next(iter(camera))
        assert not np.shares_memory(frame.image, capture.picture)


def test_a_wider_picture_is_cut_around_its_middle_and_not_squeezed():
    picture = np.zeros((360, 640, 3), np.uint8)
    picture[:, 80:560] = (10, 20, 200)
    image = fit(picture, 160, 120)
    assert image.shape == (120, 160, 3)
    assert (image == (200, 20, 10)).all()


def test_a_higher_picture_is_cut_around_its_middle():
    picture = np.zeros((480, 320, 3), np.uint8)
    picture[120:360] = (10, 20, 200)
    assert (fit(picture, 160, 120) == (200, 20, 10)).all()


def test_shrinking_takes_the_mean_of_an_area():
    chessboard = np.zeros((240, 320, 3), np.uint8)
    chessboard[::2, ::2] = chessboard[1::2, 1::2] = 200
    assert (fit(chessboard, 160, 120) == 100).all()


def test_a_camera_that_is_not_open_says_so(capture):
    with pytest.raises(CameraError, match="with statement"):
        next(iter(camera_of(capture)))


def test_no_device_is_said_plainly(tmp_path):
    with pytest.raises(CameraError, match=r"no camera at .*gone.*plug it in"):
        open_v4l2(str(tmp_path / "gone"), FAST)


def test_a_device_that_may_not_be_opened_names_the_group():
    user = os.geteuid()
    with NamedTemporaryFile(dir="/tmp") as device:
        Path(device.name).chmod(0)
        if user == 0:
            os.seteuid(65534)
        try:
            with pytest.raises(CameraError, match="may not be opened: sudo usermod -aG video"):
                open_v4l2(device.name, FAST)
        finally:
            os.seteuid(user)


def test_a_camera_that_opens_is_asked_by_v4l2_and_handed_over(tmp_path):
    opened = []

    class Device(AskedCapture):
        def __init__(self, path, backend):
            super().__init__(rate=50.0)
            opened.append((path, backend))

        def isOpened(self):  # noqa: N802
            return True

    (tmp_path / "video7").touch()
    capture = open_v4l2(str(tmp_path / "video7"), FAST, Device)
    assert opened == [(str(tmp_path / "video7"), cv2.CAP_V4L2)]
    assert (cv2.CAP_PROP_FPS, 50.0) in capture.asked


def test_what_is_no_camera_is_said_plainly(tmp_path):
    (tmp_path / "file").write_text("no camera")
    with pytest.raises(CameraError, match=r"another program uses it.*or it is no camera"):
        open_v4l2(str(tmp_path / "file"), FAST)


def test_a_number_means_a_video_device():
    with pytest.raises(CameraError, match="no camera at /dev/video250"):
        UsbCamera("250", FAST, time.monotonic).__enter__()


class AskedCapture:
    """Notes what it was asked for, and has a rate of its own."""

    def __init__(self, rate):
        self.asked, self.rate = [], rate

    def set(self, property_id, value):
        self.asked.append((property_id, value))
        return True

    def get(self, property_id):
        return self.rate if property_id == cv2.CAP_PROP_FPS else 160.0


def test_compressed_pictures_are_asked_for_first_then_size_rate_and_few_buffers(caplog):
    capture = AskedCapture(rate=15.0)
    ask_for(capture, FAST)
    assert capture.asked == [
        (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")),
        (cv2.CAP_PROP_FRAME_WIDTH, 160),
        (cv2.CAP_PROP_FRAME_HEIGHT, 120),
        (cv2.CAP_PROP_FPS, 50.0),
        (cv2.CAP_PROP_BUFFERSIZE, 2),
    ]
    assert "frames_per_s = 50, but this camera gives 15" in caplog.text


def test_a_camera_that_is_fast_enough_is_no_cause_for_a_warning(caplog):
    ask_for(AskedCapture(rate=50.0), FAST)
    assert not caplog.text
