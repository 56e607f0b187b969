"""A USB camera through OpenCV and V4L2; a thread keeps its newest picture, so that none is old."""

import logging
import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from car.clock import Clock
from car.config import CameraConfig
from car.drivers.camera_thread import (
    CLOSE_WITHIN_S,
    OPEN_WITHIN_S,
    NewestOnly,
    longest_first_wait_s,
    longest_wait_s,
    within,
)
from car.drivers.frame_stamps import FrameStamps
from car.errors import CameraError
from car.frame import Frame, Image

BUFFERS = 2
"""With one, the camera would have nowhere to put the next picture while this one is decoded."""
MOST_FAILURES = 3
"""So many pictures in a row may be missing or damaged."""
OLDEST_STAMP_S = 1.0
"""A time stamp of the driver that is older, or in the future, is not on the monotonic clock."""

log = logging.getLogger(__name__)


class Capture(Protocol):
    """What is used of cv2.VideoCapture."""

    def grab(self) -> bool:
        """Wait for the next picture; False when none came."""
        ...

    def retrieve(self) -> tuple[bool, NDArray[np.uint8] | None]:
        """Decode the picture that was grabbed, uint8 (height, width, 3) in B, G, R."""
        ...

    def get(self, property_id: int) -> float:
        """Ask for a property by cv2's number of it; 0 when it is not known."""
        ...

    def release(self) -> None:
        """Close the camera."""
        ...


class UsbCamera:
    """Frames of a USB camera, each the newest that there is.

    `captured_s` is the time stamp that the driver gave the picture, which is when it began to come
    in. Where the driver's time stamps are not on the monotonic clock, it is one frame's time before
    the picture had come in: so long it took at least to expose and to send it. The number counts
    pictures of the camera: a gap is what the loop was too slow for.

    Args:
        device: a number, as in /dev/video0, or the path of a device.
        config: size, rate and the age up to which a frame may be used.
        clock: monotonic seconds, the drive's.
        open_capture: opens the camera; the default does so by V4L2.

    Attributes:
        failures: counts pictures that were missing, damaged or not new.
        stamped_by_driver: whether the driver's time stamps are used; None before the first picture.
        stamps: numbers the frames and counts repeated ones.
    """

    def __init__(
        self,
        device: str,
        config: CameraConfig,
        clock: Clock,
        open_capture: Callable[[], Capture] | None = None,
    ) -> None:
        self._config = config
        self._clock = clock
        self._path = f"/dev/video{device}" if device.isdecimal() else device
        self._open = open_capture or partial(open_v4l2, self._path, config)
        self._frames: NewestOnly[Frame] | None = None
        self._limit_s = longest_first_wait_s(config)
        self._monotonic_is_behind_s = 0.0
        self.failures = 0
        self.stamped_by_driver: bool | None = None
        self.stamps = FrameStamps()

    def __enter__(self) -> Self:
        """Open the camera and begin to take its pictures.

        Raises:
            CameraError: there is none, it may not be opened, it is in use, or it hangs.
        """
        self._limit_s = longest_first_wait_s(self._config)
        self.stamped_by_driver = None
        self._monotonic_is_behind_s = self._clock() - time.monotonic()
        capture = within(OPEN_WITHIN_S, f"opening {self._path}", self._open)
        self._frames = NewestOnly(partial(self._take, capture), capture.release)
        self._frames.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the camera; one that hangs is left behind after CLOSE_WITHIN_S."""
        frames, self._frames = self._frames, None
        if frames is not None and not frames.stop(CLOSE_WITHIN_S):
            log.error("%s was left open: its driver hangs", self._path)

    def __iter__(self) -> Iterator[Frame]:
        """Wait for new frames, for ever.

        Raises:
            CameraError: none came for `longest_wait_s`, the camera was unplugged, or its pictures
                are smaller than asked for.
        """
        while True:
            if self._frames is None:
                raise CameraError(f"{self._path} is not open: use UsbCamera in a with statement")
            frame = self._frames.wait(self._limit_s)
            if frame is None:
                raise CameraError(
                    f"{self._path} has given no picture for {self._limit_s:.2f} s: it hangs; plug "
                    "it out and in again, into another socket if there is one"
                )
            self._limit_s = longest_wait_s(self._config)
            yield frame

    def _take(self, capture: Capture) -> Frame:
        """Wait for the next good picture."""
        for _ in range(MOST_FAILURES):
            frame = self._frame(capture) if capture.grab() else None
            if frame is not None:
                return frame
            self.failures += 1
        raise CameraError(
            f"{self._path} has stopped giving pictures: unplugged, or its supply broke down; plug "
            "it in and start again"
        )

    def _frame(self, capture: Capture) -> Frame | None:
        """Decode the picture that was grabbed; None when it is damaged or not new."""
        captured_s = self._captured_s(capture, self._clock())
        decoded, picture = capture.retrieve()
        if not decoded or picture is None:
            return None
        number = self.stamps.number(captured_s, float("inf"))
        return None if number is None else Frame(self._fit(picture), captured_s, number)

    def _captured_s(self, capture: Capture, arrived_s: float) -> float:
        stamp_s = capture.get(cv2.CAP_PROP_POS_MSEC) * 1e-3 + self._monotonic_is_behind_s
        if self.stamped_by_driver is None:
            self.stamped_by_driver = 0.0 <= arrived_s - stamp_s <= OLDEST_STAMP_S
            source = "the driver" if self.stamped_by_driver else "its arrival"
            log.info("%s: the time of a picture is given by %s", self._path, source)
        return stamp_s if self.stamped_by_driver else arrived_s - 1.0 / self._config.frames_per_s

    def _fit(self, picture: NDArray[np.uint8]) -> Image:
        width_px, height_px = self._config.width_px, self._config.height_px
        if picture.shape[1] < width_px or picture.shape[0] < height_px:
            raise CameraError(
                f"{self._path} gives {picture.shape[1]}x{picture.shape[0]} pixels at most, fewer "
                f"than camera.width_px x height_px = {width_px}x{height_px}: lower them"
            )
        return fit(picture, width_px, height_px)


def fit(picture: NDArray[np.uint8], width_px: int, height_px: int) -> Image:
    """Cut a picture to the wanted shape around its middle, shrink it by area, and make it RGB.

    Args:
        picture: uint8 (height, width, 3) in B, G, R, at least of the wanted size.
        width_px: wanted.
        height_px: wanted.

    Returns:
        uint8 (height_px, width_px, 3) RGB, a copy.
    """
    height, width = picture.shape[:2]
    scale = min(width / width_px, height / height_px)
    cut_width, cut_height = round(width_px * scale), round(height_px * scale)
    left, top = (width - cut_width) // 2, (height - cut_height) // 2
    middle = picture[top : top + cut_height, left : left + cut_width]
    if (cut_width, cut_height) != (width_px, height_px):
        size = (width_px, height_px)
        middle = np.asarray(cv2.resize(middle, size, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.cvtColor(middle, cv2.COLOR_BGR2RGB), np.uint8)


def open_v4l2(
    path: str,
    config: CameraConfig,
    video_capture: Callable[[str, int], cv2.VideoCapture] = cv2.VideoCapture,
) -> Capture:
    """Open a camera by V4L2 and ask it for compressed pictures of the wanted size and rate.

    Raises:
        CameraError: it is not there, may not be opened, is in use or is no camera.
    """
    if not Path(path).exists():
        raise CameraError(
            f"no camera at {path} (camera.device): plug it in; `v4l2-ctl --list-devices` names "
            "those that are there"
        )
    if not os.access(path, os.R_OK | os.W_OK, effective_ids=True):
        raise CameraError(
            f"{path} may not be opened: sudo usermod -aG video $USER, then log in again"
        )
    capture = video_capture(path, cv2.CAP_V4L2)
    if not capture.isOpened():
        capture.release()
        raise CameraError(
            f"{path} gives no pictures: another program uses it (`sudo fuser -v {path}`), or it is "
            "no camera (`v4l2-ctl --list-devices`)"
        )
    ask_for(capture, config)
    return cast(Capture, capture)


def ask_for(capture: cv2.VideoCapture, config: CameraConfig) -> None:
    """Ask a camera for a size, a rate and few buffers; it takes what comes nearest."""
    capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, config.width_px)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, config.height_px)
    capture.set(cv2.CAP_PROP_FPS, config.frames_per_s)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, BUFFERS)
    rate = capture.get(cv2.CAP_PROP_FPS)
    log.info(
        "camera gives %gx%g pixels at %g frames/s",
        capture.get(cv2.CAP_PROP_FRAME_WIDTH),
        capture.get(cv2.CAP_PROP_FRAME_HEIGHT),
        rate,
    )
    if 0.0 < rate < 0.9 * config.frames_per_s:
        log.warning(
            "camera.frames_per_s = %g, but this camera gives %g only", config.frames_per_s, rate
        )
