"""What every camera promises, real, simulated or replayed: one list of checks for all of them.

Each shows the same scene: red on the left, green on the right, and a blue that changes.
"""

import gc
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import islice, pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from car.config import CameraConfig, CarConfig
from car.drivers.picamera import Picamera2Camera
from car.drivers.replay import ReplayCamera
from car.drivers.usb_camera import UsbCamera
from car.frame import Camera
from car.simulation.hardware import ServoAndEscWiring, SimulatedCamera, SimulatedClock
from car.simulation.lost_frames import LostFrames
from car.simulation.pca9685 import SimulatedPca9685, powered_on
from tubs.reader import Tub
from tubs.record import Record
from tubs.writer import TubWriter

CONFIG = CameraConfig(frames_per_s=50.0)
NO_PICAMERA2 = find_spec("picamera2") is None
NOTICEABLE = 60
"""Compressed pictures bleed colour, far less than this of 255."""

pytestmark = pytest.mark.filterwarnings("ignore:setDaemon")


def scene(number, width=CONFIG.width_px, height=CONFIG.height_px):
    image = np.zeros((height, width, 3), np.uint8)
    image[:, : width // 2, 0] = 255
    image[:, width // 2 :, 1] = 255
    image[height // 2 :, :, 2] = 5 * number % 250
    return image


@dataclass
class Case:
    """A camera to check, its clock, and how to see that its device is free."""

    camera: Camera
    clock: Callable[[], float]
    is_free: Callable[[], bool] = lambda: True


class PaintedWorld:
    """A world that shows the scene and has no car in it."""

    camera_delay_s = 0.03

    def __init__(self):
        self.looks = 0
        self.losses = LostFrames(share=0.0, in_a_row=1, seed=0)

    def look(self):
        self.looks += 1
        return scene(self.looks), None

    def advance(self, steering, throttle, seconds):
        pass


class FilmedCapture:
    """OpenCV's reading of a film at the pace at which a camera would give it."""

    def __init__(self, path):
        self._capture = cv2.VideoCapture(str(path))
        self.retrieve, self.get = self._capture.retrieve, self._capture.get
        self.is_open = True

    def grab(self):
        time.sleep(1.0 / CONFIG.frames_per_s)
        return self._capture.grab()

    def release(self):
        self._capture.release()
        self.is_open = False


class VirtualClock:
    """Time that passes by sleeping."""

    def __init__(self):
        self.now_s = 300.0

    def __call__(self):
        return self.now_s

    def sleep(self, seconds):
        self.now_s += seconds


def later():
    """A clock of its own: a camera that used another one would be found out."""
    return time.monotonic() + 7000.0


@pytest.fixture
def simulated(tmp_path):
    chip = SimulatedPca9685(powered_on())
    config, clock = CarConfig(), SimulatedClock()
    wiring = ServoAndEscWiring(chip, config.steering, config.throttle)
    camera = SimulatedCamera(PaintedWorld(), wiring, clock, 50.0, 1 / 60, lambda: False)
    return Case(camera, clock)


@pytest.fixture
def replay(tmp_path):
    with TubWriter(tmp_path / "tub") as writer:
        for number in range(60):
            writer.append(Record(scene(number), number / 50, number / 50, 0.0, 0.0, "human"))
    clock = VirtualClock()
    return Case(ReplayCamera(Tub(tmp_path / "tub"), clock, clock.sleep), clock)


@pytest.fixture
def usb(tmp_path):
    path, size = tmp_path / "film.avi", (320, 240)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 50, size)
    for number in range(100):
        writer.write(np.ascontiguousarray(scene(number, *size)[..., ::-1]))
    writer.release()
    captures = []

    def open_capture():
        captures.append(FilmedCapture(path))
        return captures[-1]

    camera = UsbCamera("0", CONFIG, later, open_capture)
    return Case(camera, later, lambda: not any(capture.is_open for capture in captures))


@pytest.fixture
def picamera(tmp_path):
    sys.path.insert(0, str(Path(__file__).parents[1] / "simulated_libcamera"))
    from libcamera import sensor as connector

    sensor = connector.Sensor(scene=scene)
    connector.attached[:] = [sensor]
    yield Case(Picamera2Camera(CONFIG, later), later, lambda: not sensor.held)
    gc.collect()


@pytest.fixture(
    params=[
        "simulated",
        "replay",
        "usb",
        pytest.param(
            "picamera",
            marks=pytest.mark.skipif(NO_PICAMERA2, reason="picamera2 is not installed"),
        ),
    ]
)
def case(request):
    return request.getfixturevalue(request.param)


def test_images_have_the_size_and_type_that_was_asked_for(case):
    with case.camera as camera:
        for frame in islice(camera, 3):
            assert frame.image.shape == (CONFIG.height_px, CONFIG.width_px, 3)
            assert frame.image.dtype == np.uint8
            assert frame.image.flags.c_contiguous


def test_red_on_the_left_comes_out_red_on_the_left(case):
    with case.camera as camera:
        image = next(iter(camera)).image.astype(int)
    left, right = image[5:50, 5:70], image[5:50, 90:155]
    assert np.abs(left - (255, 0, 0)).mean(axis=(0, 1)).max() < NOTICEABLE
    assert np.abs(right - (0, 255, 0)).mean(axis=(0, 1)).max() < NOTICEABLE


def test_numbers_and_times_increase(case):
    with case.camera as camera:
        frames = list(islice(camera, 8))
    for before, after in pairwise(frames):
        assert after.number > before.number
        assert after.captured_s > before.captured_s


def test_frames_are_taken_on_the_clock_of_the_drive_and_fresh(case):
    with case.camera as camera:
        ages_s = [case.clock() - frame.captured_s for frame in islice(camera, 8)]
    assert min(ages_s) >= 0.0
    assert sorted(ages_s)[4] < 0.1


def test_later_frames_do_not_overwrite_earlier_ones(case):
    with case.camera as camera:
        frames = iter(camera)
        kept = [next(frames) for _ in range(4)]
        copies = [frame.image.copy() for frame in kept]
        newer = [next(frames) for _ in range(8)]
    for frame, copy in zip(kept, copies, strict=True):
        assert (frame.image == copy).all()
    assert (kept[0].image != newer[-1].image).any()


def test_leaving_frees_the_device_soon_even_when_no_frame_was_taken(case):
    with case.camera:
        began_s = time.monotonic()
    assert time.monotonic() - began_s < 3.0
    assert case.is_free()


def test_leaving_by_an_error_frees_the_device_and_passes_the_error_on(case):
    def fail():
        with case.camera as camera:
            next(iter(camera))
            raise KeyError("a part of the loop")

    with pytest.raises(KeyError, match="a part of the loop"):
        fail()
    assert case.is_free()


def test_a_camera_that_was_left_can_be_entered_again(case):
    with case.camera as camera:
        next(iter(camera))
    with case.camera as camera:
        frames = list(islice(camera, 3))
    assert len({frame.number for frame in frames}) == 3
    assert all(b.captured_s > a.captured_s for a, b in pairwise(frames))
    assert case.is_free()
