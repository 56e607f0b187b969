"""The simulated sensor: what is attached, what it sees, and what is wrong with it.

A test in this process sets `fault` of an attached `Sensor`. A program in another process is told
by files: EVERLAP_SIMULATED_CAMERA names a folder in which `fault` holds the name of a fault, read
before every picture, and `lock` keeps a second process from taking the camera.
"""

import errno
import fcntl
import os
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import numpy as np


class Fault(Enum):
    """What can be wrong with a camera."""

    NONE = "none"
    SILENT = "silent"  # requests stay with the camera, and it goes on when the fault is over
    DISCONNECTED = "disconnected"  # every request comes back cancelled
    ERROR_FRAMES = "error frames"
    LATE = "late"  # pictures come `Sensor.late_s` later
    FROZEN = "frozen"
    BLACK = "black"
    BUFFERS_KEPT = "buffers kept"  # a request that is taken never comes back
    CLOCK_STANDS = "clock stands"
    CLOCK_GOES_BACK = "clock goes back"
    NO_TIME_STAMP = "no time stamp"
    BUSY = "busy"
    FORBIDDEN = "forbidden"
    CONFIGURING_FAILS = "configuring fails"
    OPEN_HANGS = "open hangs"
    STOP_HANGS = "stop hangs"


@dataclass(frozen=True)
class Mode:
    """A mode: raw format, size, the part of the sensor that it reads, and its highest rate."""

    format: str
    size: tuple[int, int]
    crop: tuple[int, int, int, int]
    frames_per_s: float


CAMERA_MODULE_2 = [
    Mode("SRGGB10_CSI2P", (640, 480), (1000, 752, 1280, 960), 103.33),
    Mode("SRGGB10_CSI2P", (1640, 1232), (0, 0, 3280, 2464), 41.85),
    Mode("SRGGB10_CSI2P", (1920, 1080), (680, 692, 1920, 1080), 47.57),
    Mode("SRGGB10_CSI2P", (3280, 2464), (0, 0, 3280, 2464), 21.19),
    Mode("SRGGB8", (640, 480), (1000, 752, 1280, 960), 206.65),
    Mode("SRGGB8", (1640, 1232), (0, 0, 3280, 2464), 41.85),
    Mode("SRGGB8", (1920, 1080), (680, 692, 1920, 1080), 47.57),
    Mode("SRGGB8", (3280, 2464), (0, 0, 3280, 2464), 21.19),
]
CAMERA_MODULE_3 = [
    Mode("SRGGB10_CSI2P", (1536, 864), (768, 432, 3072, 1728), 120.13),
    Mode("SRGGB10_CSI2P", (2304, 1296), (0, 0, 4608, 2592), 56.03),
    Mode("SRGGB10_CSI2P", (4608, 2592), (0, 0, 4608, 2592), 14.35),
]


def bars(number, width, height):
    """Red left, green right, and a blue that counts pictures."""
    image = np.zeros((height, width, 3), np.uint8)
    image[:, : width // 2, 0] = 255
    image[:, width // 2 :, 1] = 255
    image[..., 2] = number % 256
    return image


@dataclass
class Sensor:
    """A camera at the connector.

    Attributes:
        scene: gives the picture of a number, width and height, uint8 RGB.
        largest: no picture may be larger; None for any size.
        after_frames: the fault begins with this picture.
        over: set it to let whatever hangs go on.
        taken: pictures taken since the camera was attached.
        held: whether a program has it open.
    """

    model: str = "imx219"
    identity: str = "/base/soc/i2c0mux/i2c@1/imx219@10"
    modes: list[Mode] = field(default_factory=lambda: CAMERA_MODULE_2)
    scene: object = bars
    largest: tuple[int, int] | None = None
    fault: Fault = Fault.NONE
    after_frames: int = 0
    late_s: float = 0.5
    over: threading.Event = field(default_factory=threading.Event)
    taken: int = 0
    held: bool = False
    _lock: int = -1

    def fault_now(self):
        folder = os.environ.get("EVERLAP_SIMULATED_CAMERA")
        if folder:
            with suppress(FileNotFoundError):
                name = Path(folder, "fault").read_text().strip()
                return Fault(name or "none")
        return self.fault if self.taken >= self.after_frames else Fault.NONE

    def take_hold(self):
        """Open it for one program.

        Raises:
            RuntimeError: another has it; the words are libcamera's.
        """
        if self.fault_now() is Fault.OPEN_HANGS:
            self.over.wait()
        if self.fault_now() is Fault.FORBIDDEN:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        if self.held or self.fault_now() is Fault.BUSY or not self._locked():
            raise RuntimeError("Failed to acquire camera: Device or resource busy")
        self.held = True

    def let_go(self):
        self.held = False
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _locked(self):
        folder = os.environ.get("EVERLAP_SIMULATED_CAMERA")
        if not folder:
            return True
        lock = os.open(Path(folder, "lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return False
        self._lock = lock
        return True


attached: list[Sensor] = [Sensor()]
"""What is at the connectors."""
