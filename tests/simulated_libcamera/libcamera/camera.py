"""The camera with its thread, and the manager that hands finished requests to the program."""

import os
import threading
import time
from collections import deque

import numpy as np

from libcamera import controls, properties, sensor
from libcamera.controls import ControlInfo
from libcamera.requests import FrameMetadata, Request
from libcamera.sensor import Fault
from libcamera.streams import (
    BYTES_PER_PIXEL,
    CameraConfiguration,
    StreamConfiguration,
    StreamFormats,
    StreamRole,
)
from libcamera.values import Rectangle

READ_OUT_S = 0.004
EXPOSURE_US = 5000


class CameraManager:
    """All cameras, and the requests that are ready."""

    _only = None

    @classmethod
    def singleton(cls):
        if cls._only is None:
            cls._only = cls()
        return cls._only

    def __init__(self):
        self._cameras = []
        self.event_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._lock = threading.Lock()
        self._ready = []

    @property
    def cameras(self):
        """What is attached now; the real one would have to be started anew."""
        if [id(camera.sensor) for camera in self._cameras] != [id(s) for s in sensor.attached]:
            self._cameras = [Camera(each, self) for each in sensor.attached]
        return self._cameras

    def get_ready_requests(self):
        with self._lock:
            ready, self._ready = self._ready, []
            if ready:
                os.eventfd_read(self.event_fd)
        return ready

    def finish(self, requests):
        with self._lock:
            self._ready += requests
            if requests:
                os.eventfd_write(self.event_fd, 1)


class Camera:
    """A sensor and what turns its rows into pictures."""

    def __init__(self, attached, manager):
        self.sensor = attached
        self.id = attached.identity
        self.properties = {properties.Model: attached.model, properties.Location: 2}
        if attached.modes and attached.modes[0].format.startswith("S"):
            self.properties[properties.ColorFilterArrangement] = 0
        self._manager = manager
        self._mode = attached.modes[-1]
        self._queue = deque()
        self._late = deque()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = None
        self._stamp_ns = 0

    @property
    def controls(self):
        shortest_us = round(1e6 / self._mode.frames_per_s)
        whole = Rectangle(*self._mode.crop)
        limits = ControlInfo(shortest_us, 10_000_000, shortest_us)
        return {
            controls.FrameDurationLimits: limits,
            controls.ExposureTime: ControlInfo(75, 1_000_000, 20_000),
            controls.AnalogueGain: ControlInfo(1.0, 10.0, 1.0),
            controls.ScalerCrop: ControlInfo(Rectangle(0, 0, 64, 64), whole, whole),
            controls.NoiseReductionMode: ControlInfo(0, 4, 0),
        }

    def acquire(self):
        self.sensor.take_hold()

    def release(self):
        self.sensor.let_go()

    def generate_configuration(self, roles):
        formats = StreamFormats(self.sensor.modes)
        streams = [StreamConfiguration(formats) for _ in roles]
        largest = None if StreamRole.Raw in roles else self.sensor.largest
        return CameraConfiguration(streams, largest)

    def configure(self, configuration):
        if self.sensor.fault_now() is Fault.CONFIGURING_FAILS:
            raise RuntimeError("Failed to configure camera: Input/output error")
        wanted = configuration.sensor_config
        if wanted is not None:
            size = (wanted.output_size.width, wanted.output_size.height)
            self._mode = next(
                mode
                for mode in self.sensor.modes
                if mode.size == size and str(wanted.bit_depth) in mode.format
            )

    def create_request(self, cookie):
        return Request(cookie)

    def queue_request(self, request):
        with self._lock:
            self._queue.append(request)

    def start(self, wanted):
        shortest_us = round(1e6 / self._mode.frames_per_s)
        asked_us = wanted.get(controls.FrameDurationLimits, (shortest_us, shortest_us))[0]
        self._stopping.clear()
        self._thread = threading.Thread(
            target=self._run, args=(max(shortest_us, asked_us),), daemon=True
        )
        self._thread.start()

    def stop(self):
        if self.sensor.fault_now() is Fault.STOP_HANGS:
            self.sensor.over.wait()
        self._stopping.set()
        self._thread.join()
        self._cancel_all()

    def _run(self, period_us):
        period_s = period_us * 1e-6
        due_s = time.clock_gettime(time.CLOCK_BOOTTIME) + period_s
        while not self._stopping.is_set():
            ahead_s = due_s + READ_OUT_S - time.clock_gettime(time.CLOCK_BOOTTIME)
            if self._stopping.wait(max(0.0, ahead_s)):
                return
            self._take(due_s, period_us)
            due_s += period_s

    def _take(self, due_s, period_us):
        """Take one picture; without a request at hand it is lost."""
        fault = self.sensor.fault_now()
        if fault is Fault.DISCONNECTED:
            self._cancel_all()
        elif fault is not Fault.SILENT:
            with self._lock:
                request = self._queue.popleft() if self._queue else None
            if request is not None and fault is not Fault.BUFFERS_KEPT:
                self._expose(request, fault, due_s, period_us)
                late_s = self.sensor.late_s if fault is Fault.LATE else 0.0
                self._late.append((due_s + late_s, request))
        while self._late and self._late[0][0] <= due_s:
            self._manager.finish([self._late.popleft()[1]])
        self.sensor.taken += 1

    def _expose(self, request, fault, due_s, period_us):
        for stream, buffer in request.buffers.items():
            broken = fault is Fault.ERROR_FRAMES
            status = FrameMetadata.Status.Error if broken else FrameMetadata.Status.Success
            buffer.metadata.status = status
            self._draw(stream.configuration, buffer.planes[0].fd, fault)
        facts = {
            controls.SensorTimestamp: self._stamp(fault, round(due_s * 1e9)),
            controls.ExposureTime: EXPOSURE_US,
            controls.FrameDuration: period_us,
        }
        if fault is Fault.NO_TIME_STAMP:
            del facts[controls.SensorTimestamp]
        request.metadata = facts
        request.status = Request.Status.Complete

    def _stamp(self, fault, true_ns):
        if fault is Fault.CLOCK_GOES_BACK:
            return self._stamp_ns - 50_000_000
        if fault is not Fault.CLOCK_STANDS:
            self._stamp_ns = true_ns
        return self._stamp_ns

    def _draw(self, configuration, fd, fault):
        name = str(configuration.pixel_format)
        if name not in BYTES_PER_PIXEL:
            return
        width, height = configuration.size.width, configuration.size.height
        number = self.sensor.after_frames if fault is Fault.FROZEN else self.sensor.taken
        image = self.sensor.scene(number, width, height)
        if fault is Fault.BLACK:
            image = np.zeros_like(image)
        rows = np.zeros((height, configuration.stride), np.uint8)
        pixels = image if "BGR" in name else image[..., ::-1]
        if BYTES_PER_PIXEL[name] == 4:
            pixels = np.dstack((pixels, np.full((height, width), 255, np.uint8)))
        rows[:, : pixels.shape[2] * width] = pixels.reshape(height, -1)
        os.pwrite(fd, rows.tobytes(), 0)

    def _cancel_all(self):
        with self._lock:
            cancelled = [*(request for _, request in self._late), *self._queue]
            self._late.clear()
            self._queue.clear()
        for request in cancelled:
            request.status = Request.Status.Cancelled
        self._manager.finish(cancelled)
