"""picamera2's real code, on a simulated libcamera: what the driver asks of it, and every fault."""

import gc
import sys
import threading
import time
from importlib.util import find_spec
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest

from car.config import CameraConfig
from car.drivers.camera_thread import CLOSE_WITHIN_S
from car.drivers.picamera import Picamera2Camera, list_sensor_modes
from car.errors import CameraError, ConfigError

if find_spec("picamera2") is None:
    pytest.skip("picamera2 is not installed (pip install picamera2)", allow_module_level=True)
sys.path.insert(0, str(Path(__file__).parents[1] / "simulated_libcamera"))

from libcamera import sensor as connector
from libcamera.sensor import CAMERA_MODULE_3, Fault, Sensor

pytestmark = pytest.mark.filterwarnings("ignore:setDaemon")
FAST = CameraConfig(frames_per_s=100.0, max_age_s=0.12)


@pytest.fixture
def sensor():
    """What is attached; whatever hangs goes on when the test is over."""
    attached = Sensor()
    connector.attached[:] = [attached]
    yield attached
    attached.fault = Fault.NONE
    attached.over.set()
    gc.collect()


def opened(config: CameraConfig = FAST) -> Picamera2Camera:
    return Picamera2Camera(config, time.monotonic)


def take(camera: Picamera2Camera, count: int):
    return list(islice(camera, count))


@pytest.mark.parametrize("width_px", [160, 100, 128])
def test_what_is_red_comes_out_red_and_rows_have_no_padding(sensor, width_px):
    config = CameraConfig(width_px=width_px, height_px=90, frames_per_s=100.0)
    with opened(config) as camera:
        image = take(camera, 1)[0].image
    assert image.shape == (90, width_px, 3)
    assert image.dtype == np.uint8
    assert (image[:, : width_px // 2, :2] == (255, 0)).all()
    assert (image[:, width_px // 2 :, :2] == (0, 255)).all()


def test_images_are_copies_that_later_frames_leave_alone(sensor):
    with opened() as camera:
        frames = take(camera, 12)
        blues = [int(frame.image[0, 0, 2]) for frame in frames]
    assert len(set(blues)) == 12
    assert [frame.number - frames[0].number for frame in frames] == [b - blues[0] for b in blues]
    assert all(frame.image.flags.owndata for frame in frames)


def test_the_whole_field_of_view_is_used_when_it_is_fast_enough(sensor):
    with opened(CameraConfig(frames_per_s=40.0)) as camera:
        assert (camera.mode.width_px, camera.mode.bit_depth) == (1640, 10)
        assert not camera.mode.cropped
        assert camera._camera.camera_configuration()["sensor"]["output_size"] == (1640, 1232)


def test_a_rate_that_only_a_cropped_mode_reaches_is_said_to_be_cropped(sensor):
    with opened(CameraConfig(frames_per_s=90.0)) as camera:
        assert camera.mode.name == "640x480, 8 bit, 206.65 frames/s, cropped"


def test_no_raw_stream_and_no_old_frame_are_asked_for(sensor):
    with opened() as camera:
        given = camera._camera.camera_configuration()
        assert given["raw"] is None
        assert given["queue"] is False
        assert given["buffer_count"] >= 2
        assert given["main"]["format"] == "BGR888"


def test_frames_come_at_the_rate_that_was_asked_for(sensor):
    with opened(CameraConfig(frames_per_s=50.0)) as camera:
        frames = take(camera, 8)
    passed_s = frames[-1].captured_s - frames[0].captured_s
    assert passed_s / (frames[-1].number - frames[0].number) == pytest.approx(0.02, rel=0.01)


def test_the_time_of_a_frame_is_on_the_clock_of_the_drive_in_the_middle_of_the_exposure(sensor):
    ages_s = []
    with Picamera2Camera(FAST, lambda: time.monotonic() + 5000.0) as camera:
        for frame in islice(camera, 10):
            ages_s.append(time.monotonic() + 5000.0 - frame.captured_s)
    read_out_s, half_exposure_s = 0.004, 0.0025
    assert read_out_s + half_exposure_s <= min(ages_s) < 0.03


def test_a_slow_loop_gets_a_fresh_frame_and_sees_how_many_it_missed(sensor):
    with opened() as camera:
        frames = iter(camera)
        first = next(frames)
        time.sleep(0.1)
        second = next(frames)
        age_s = time.monotonic() - second.captured_s
    assert 9 <= second.number - first.number <= 30
    assert second.captured_s - first.captured_s >= 0.09
    assert age_s < 0.08


def test_short_silences_are_bridged_and_use_up_no_buffers(sensor):
    with opened() as camera:
        frames = iter(camera)
        for _ in range(6):
            before = next(frames)
            sensor.fault = Fault.SILENT
            over = threading.Timer(0.07, setattr, (sensor, "fault", Fault.NONE))
            over.start()
            after = next(frames)
            over.join()
            assert after.number > before.number
        assert camera.timeouts >= 6


@pytest.mark.parametrize(
    "fault", [Fault.SILENT, Fault.DISCONNECTED, Fault.ERROR_FRAMES, Fault.BUFFERS_KEPT]
)
def test_a_camera_without_pictures_is_given_up_in_time_and_let_go(sensor, fault):
    camera = opened()
    with camera:
        frames = iter(camera)
        next(frames)
        sensor.fault = fault
        began_s = time.monotonic()
        with pytest.raises(CameraError, match=r"no picture for 0.12 s.*both ends of the cable"):
            take(camera, 20)
        waited_s = time.monotonic() - began_s
        leaving_s = time.monotonic()
    assert waited_s < 0.12 + 0.3
    assert time.monotonic() - leaving_s < 1.0
    assert not sensor.held


def test_after_a_fault_the_camera_opens_again(sensor):
    sensor.fault, sensor.after_frames = Fault.SILENT, 3
    with opened() as camera, pytest.raises(CameraError):
        take(camera, 20)
    sensor.fault = Fault.NONE
    with opened() as camera:
        assert len(take(camera, 10)) == 10


@pytest.mark.parametrize("fault", [Fault.CLOCK_STANDS, Fault.CLOCK_GOES_BACK])
def test_time_stamps_that_do_not_go_on_are_an_error(sensor, fault):
    sensor.fault, sensor.after_frames = fault, 5
    with opened() as camera:
        with pytest.raises(CameraError, match="time stamps stand or run back"):
            take(camera, 40)
        assert camera.stamps.repeated == 3


def test_one_repeated_time_stamp_is_skipped_and_counted(sensor):
    due = [Fault.CLOCK_STANDS]

    def scene(number, width, height):
        """Have the clock stand for one picture, whichever of the later ones is not lost."""
        sensor.fault = due.pop() if due and number >= 6 else Fault.NONE
        return connector.bars(number, width, height)

    sensor.scene = scene
    with opened() as camera:
        frames = take(camera, 12)
        assert camera.stamps.repeated == 1
    assert all(b.captured_s > a.captured_s for a, b in pairwise(frames))


def test_a_late_frame_says_that_it_is_old(sensor):
    sensor.fault, sensor.late_s = Fault.LATE, 0.1
    with opened() as camera:
        frame = take(camera, 1)[0]
        age_s = time.monotonic() - frame.captured_s
    assert 0.09 < age_s < 0.4


@pytest.mark.parametrize(("fault", "brightest"), [(Fault.BLACK, 0), (Fault.FROZEN, 255)])
def test_black_and_frozen_pictures_arrive_as_they_are(sensor, fault, brightest):
    sensor.fault = fault
    with opened() as camera:
        first, second = take(camera, 2)
    assert first.image.max() == brightest
    assert (first.image == second.image).all()
    assert second.number > first.number


def test_a_camera_that_does_not_stop_is_left_behind(sensor, caplog):
    threads = threading.active_count()
    with opened() as camera:
        take(camera, 1)
        sensor.fault = Fault.STOP_HANGS
        leaving_s = time.monotonic()
    assert CLOSE_WITHIN_S <= time.monotonic() - leaving_s < CLOSE_WITHIN_S + 1.0
    assert "left open" in caplog.text
    sensor.over.set()
    while sensor.held or threading.active_count() > threads:
        time.sleep(0.01)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_camera_in_use_is_not_opened_and_its_user_is_not_disturbed(sensor):
    with opened() as first:
        take(first, 1)
        with pytest.raises(CameraError, match=r"in use by another program.*fuser"), opened():
            pass
        assert len(take(first, 3)) == 3


def test_no_camera_at_all_is_said_plainly(sensor):
    connector.attached.clear()
    with pytest.raises(CameraError, match=r"no camera was found.*flat cable"), opened():
        pass


def test_a_usb_camera_is_sent_to_the_other_driver(sensor):
    sensor.identity = "/base/scb/pcie@7d500000/usb@0,0-1:1.0-046d:0825"
    with pytest.raises(CameraError, match="usb:0"), opened():
        pass


def test_a_rate_beyond_the_sensor_names_the_fastest(sensor):
    sensor.modes = CAMERA_MODULE_3[1:]
    with pytest.raises(CameraError, match=r"frames_per_s = 100.*gives 56.03"), opened():
        pass
    assert not sensor.held


def test_a_size_that_the_camera_cannot_give_is_refused(sensor):
    sensor.largest = (128, 96)
    with pytest.raises(CameraError, match=r"cannot give 160x120.*only 128x96"), opened():
        pass
    assert not sensor.held


@pytest.mark.parametrize("key", ["width_px", "height_px"])
def test_odd_sizes_are_refused_before_anything_is_opened(key):
    with pytest.raises(ConfigError, match=rf"camera.{key} = 101 is odd.*100 or 102"):
        opened(CameraConfig(**{key: 101}))


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault.FORBIDDEN, "may not be opened .*Permission denied.*usermod -aG video"),
        (Fault.CONFIGURING_FAILS, "camera failed .*Input/output error.*ends of its cable"),
    ],
)
@pytest.mark.parametrize("act", [list_sensor_modes, lambda: opened().__enter__()])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_camera_that_cannot_be_opened_says_why_and_is_let_go(sensor, act, fault, said):
    sensor.fault = fault
    with pytest.raises(CameraError, match=said):
        act()
    assert not sensor.held


def test_frames_without_a_time_stamp_are_an_error(sensor):
    sensor.fault = Fault.NO_TIME_STAMP
    with opened() as camera, pytest.raises(CameraError, match="SensorTimestamp"):
        take(camera, 1)


def test_leaving_a_camera_that_was_never_opened_does_nothing(sensor):
    opened().__exit__(None, None, None)
    assert not sensor.held


def test_a_camera_that_is_not_open_says_so(sensor):
    with pytest.raises(CameraError, match="with statement"):
        take(opened(), 1)


def test_the_modes_are_listed_without_starting_the_camera(sensor):
    modes = list_sensor_modes()
    assert len(modes) == 8
    assert modes[1].name == "1640x1232, 10 bit, 41.85 frames/s"
    assert modes[0].cropped
    assert sensor.taken == 0
    assert not sensor.held


@pytest.mark.parametrize("missing", ["picamera2", "libcamera"])
def test_without_picamera2_it_says_what_to_install(sensor, missing, monkeypatch):
    for name in [each for each in sys.modules if each.split(".")[0] == "picamera2"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(CameraError, match="apt install python3-picamera2"), opened():
        pass


def test_a_numpy_that_picamera2_was_not_made_for_is_named(sensor, monkeypatch, tmp_path):
    for name in [each for each in sys.modules if each.split(".")[0] in ("picamera2", "simplejpeg")]:
        monkeypatch.delitem(sys.modules, name)
    (tmp_path / "simplejpeg.py").write_text("raise ValueError('numpy.dtype size changed')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(CameraError, match=r"numpy.dtype size changed.*'numpy<2'"), opened():
        pass
