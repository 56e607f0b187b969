"""The Raspberry Pi camera through picamera2, with the least delay that its sensor allows."""

import atexit
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from functools import partial
from types import TracebackType
from typing import Any, Self

from car.clock import Clock
from car.config import CameraConfig
from car.drivers.camera_thread import (
    CLOSE_WITHIN_S,
    OPEN_WITHIN_S,
    PASSED_ON,
    longest_first_wait_s,
    longest_wait_s,
    within,
)
from car.drivers.frame_stamps import FrameStamps
from car.drivers.sensor_mode import SensorMode, choose_mode, read_modes
from car.errors import CameraError, ConfigError
from car.frame import Frame

BUFFERS = 4
"""One is filled while another is copied; the others bridge a late wake-up. None adds delay."""
ATTEMPTS = 3
SETTLE_S = 0.5
"""How long a capture that timed out may take to say that it was cancelled."""
RED_GREEN_BLUE = "BGR888"
"""The name counts from the highest byte down: in memory red comes first."""

log = logging.getLogger(__name__)


class Picamera2Camera:
    """Frames of the first camera on the Pi's camera connectors, each fetched when it is new.

    A frame's `captured_s` is the middle of its first row's exposure; the last row follows up to a
    read-out later, 1 / `mode.frames_per_s` at most. Its number counts frames of the sensor, so that
    a gap is a lost frame.

    Args:
        config: size, rate and the age up to which a frame may be used.
        clock: monotonic seconds, the drive's.

    Attributes:
        mode: the sensor mode that was chosen; None before the camera is open.
        timeouts: counts waits in which no frame came.
        stamps: numbers the frames and counts repeated ones.

    Raises:
        ConfigError: the size is odd.
    """

    def __init__(self, config: CameraConfig, clock: Clock) -> None:
        for key, size_px in (("width_px", config.width_px), ("height_px", config.height_px)):
            if size_px % 2:
                raise ConfigError(
                    f"camera.{key} = {size_px} is odd, and picamera2 gives even sizes only: "
                    f"write {size_px - 1} or {size_px + 1}"
                )
        self._config = config
        self._clock = clock
        self._camera: Any = None
        self._limit_s = longest_first_wait_s(config)
        self._boot_clock_is_behind_s = 0.0
        self.mode: SensorMode | None = None
        self.timeouts = 0
        self.stamps = FrameStamps()

    def __enter__(self) -> Self:
        """Open and start the camera.

        Raises:
            CameraError: there is none, it is in use, it cannot do what is asked, it hangs, or
                picamera2 is not installed.
        """
        self._camera = within(OPEN_WITHIN_S, "opening the camera", self._open)
        self._limit_s = longest_first_wait_s(self._config)
        self._boot_clock_is_behind_s = offset_s(self._clock, time.CLOCK_BOOTTIME)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop and close the camera; one that hangs is left behind after CLOSE_WITHIN_S."""
        camera, self._camera = self._camera, None
        if camera is not None:
            close(camera)

    def __iter__(self) -> Iterator[Frame]:
        """Wait for new frames, for ever.

        Raises:
            CameraError: none came for `longest_wait_s`, the camera fails, or its clock stands.
        """
        while True:
            frame = self._frame_of(self._wait(self._limit_s))
            if frame is not None:
                self._limit_s = longest_wait_s(self._config)
                yield frame

    def _open(self) -> Any:
        camera = open_camera()
        try:
            self._start(camera)
        except PASSED_ON as error:
            close(camera)
            if isinstance(error, CameraError):
                raise
            raise _camera_error(error) from error
        return camera

    def _start(self, camera: Any) -> None:
        config = self._config
        size = (config.width_px, config.height_px)
        self.mode = choose_mode(read_modes(camera.sensor_modes), *size, config.frames_per_s)
        camera.configure(video_configuration(camera, config, self.mode))
        given = camera.camera_configuration()["main"]
        if given["size"] != size or given["format"] != RED_GREEN_BLUE:
            raise CameraError(
                f"the camera cannot give {size[0]}x{size[1]} pixels of {RED_GREEN_BLUE}, only "
                f"{given['size'][0]}x{given['size'][1]} of {given['format']}: change "
                "camera.width_px and camera.height_px"
            )
        camera.start(show_preview=False)
        log.info("camera %s: mode %s", camera.camera_properties.get("Model"), self.mode.name)

    def _wait(self, limit_s: float) -> Any:
        """Wait for the next completed request; whoever gets it must release it."""
        if self._camera is None:
            raise CameraError("the camera is not open: use Picamera2Camera in a with statement")
        for _ in range(ATTEMPTS):
            request = _capture(self._camera, limit_s / ATTEMPTS)
            if request is not None:
                return request
            self.timeouts += 1
        raise CameraError(
            f"the camera has given no picture for {limit_s:.2f} s: its cable is loose or its "
            "driver hangs; check both ends of the cable, then restart the computer"
        )

    def _frame_of(self, request: Any) -> Frame | None:
        """Copy a frame out of a request and release it; None when it is no new frame."""
        try:
            image, facts = request.make_array("main"), request.get_metadata()
            request.release()
            stamp_s = facts["SensorTimestamp"] * 1e-9
        except PASSED_ON as error:
            raise _camera_error(error) from error
        period_s = facts.get("FrameDuration", 1e6 / self._config.frames_per_s) * 1e-6
        number = self.stamps.number(stamp_s, period_s)
        if number is None:
            return None
        half_exposure_s = facts.get("ExposureTime", 0) * 0.5e-6
        return Frame(image, stamp_s + self._boot_clock_is_behind_s - half_exposure_s, number)


def list_sensor_modes() -> list[SensorMode]:
    """Give the modes of the first camera, without starting it.

    Raises:
        CameraError: there is no camera, it is in use, picamera2 is not installed, or it hangs.
    """

    def ask() -> list[SensorMode]:
        camera = open_camera()
        try:
            return read_modes(camera.sensor_modes)
        except PASSED_ON as error:
            raise _camera_error(error) from error
        finally:
            close(camera)

    return within(OPEN_WITHIN_S, "asking the camera for its modes", ask)


def offset_s(clock: Clock, kernel_clock: int) -> float:
    """How far a clock is ahead of one of the kernel's, in seconds; exact to some microseconds."""
    before_s = time.clock_gettime(kernel_clock)
    now_s = clock()
    return now_s - 0.5 * (before_s + time.clock_gettime(kernel_clock))


def video_configuration(camera: Any, config: CameraConfig, mode: SensorMode) -> Any:
    """What to ask of picamera2: this mode, a fixed rate, no raw stream, and no old frame kept."""
    period_us = round(1e6 / config.frames_per_s)
    return camera.create_video_configuration(
        main={"size": (config.width_px, config.height_px), "format": RED_GREEN_BLUE},
        raw=None,
        sensor={"output_size": (mode.width_px, mode.height_px), "bit_depth": mode.bit_depth},
        controls={"FrameDurationLimits": (period_us, period_us)},
        buffer_count=BUFFERS,
        queue=False,
        display=None,
        encode=None,
    )


def open_camera() -> Any:
    """Open the first camera on a camera connector.

    Raises:
        CameraError: picamera2 is not installed, or there is no camera, or it is in use.
    """
    picamera2 = _import_picamera2()
    try:
        found = picamera2.global_camera_info()
        if not found:
            raise CameraError(
                "no camera was found: switch the Pi off and check both ends of the flat cable; "
                "see what `rpicam-hello --list-cameras` says, and whether `groups` names video"
            )
        if "/usb" in found[0]["Id"]:
            raise CameraError(
                'only a USB camera was found: write camera.device = "usb:0" in car.toml'
            )
        return picamera2(0)
    except (RuntimeError, LookupError, OSError, ValueError) as error:
        raise _camera_error(error) from error


def _import_picamera2() -> Any:
    try:
        from picamera2 import Picamera2
    except ImportError as error:
        raise CameraError(
            f"picamera2 cannot be used ({error}): sudo apt install python3-picamera2, and make the "
            "environment with --system-site-packages"
        ) from error
    except ValueError as error:
        raise CameraError(
            f"picamera2 does not fit this numpy ({error}): pip install 'numpy<2' in the environment"
        ) from error
    return Picamera2


def close(camera: Any) -> None:
    """Close a camera; one that hangs, or fails to close, is reported and left behind."""
    atexit.unregister(camera.close)
    try:
        within(CLOSE_WITHIN_S, "closing the camera", partial(_close, camera))
    except PASSED_ON as error:
        log.error("the camera was left open: %s", error)


def _close(camera: Any) -> None:
    """A capture that waits for a frame would make picamera2's stop wait for ever: cancel it."""
    camera.cancel_all_and_flush()
    camera.close()


def _capture(camera: Any, limit_s: float) -> Any:
    """Wait for the next frame; None when none came.

    A capture that timed out and is not cancelled takes the next buffer and keeps it for ever. One
    that succeeds just before it is cancelled still counts.
    """
    job = camera.capture_request(wait=False)
    waiting: Callable[[float], Any] = job.get_result
    try:
        return waiting(limit_s)
    except TimeoutError:
        camera.cancel_all_and_flush()
    try:
        return waiting(SETTLE_S)
    except (TimeoutError, CancelledError):
        return None


def _camera_error(error: Exception) -> CameraError:
    """Say what picamera2's exception, and what caused it, mean for the user."""
    chain: list[BaseException] = [error]
    while chain[-1].__cause__ is not None:
        chain.append(chain[-1].__cause__)
    said = " ".join(str(each) for each in chain)
    if any(isinstance(each, PermissionError) for each in chain):
        return CameraError(
            f"the camera may not be opened ({said}): sudo usermod -aG video $USER, then log in "
            "again"
        )
    if "acquire" in said or "busy" in said.lower():
        return CameraError(
            f"the camera is in use by another program ({said}): `sudo fuser -v /dev/media*` names "
            "it; end it, or stop the service with `everlap service stop`"
        )
    return CameraError(
        f"the camera failed ({said}): check both ends of its cable, then restart the computer"
    )
