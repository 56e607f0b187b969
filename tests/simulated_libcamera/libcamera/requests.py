"""Buffers, and requests that carry them round between program and camera."""

import os
from enum import Enum


class FrameMetadata:
    """How a picture in a buffer came out."""

    Status = Enum("FrameStatus", "Success Error Cancelled Startup")

    def __init__(self):
        self.status = self.Status.Success


class Plane:
    """Memory behind a file descriptor, which is copied when it is set, as libcamera does."""

    def __init__(self):
        self._fd = -1
        self.offset = self.length = 0

    @property
    def fd(self):
        return self._fd

    @fd.setter
    def fd(self, number):
        self._fd = os.dup(number)

    def __del__(self):
        if self._fd >= 0:
            os.close(self._fd)


class FrameBuffer:
    """Memory for one picture."""

    Plane = Plane

    def __init__(self, planes):
        self.planes = planes
        self.metadata = FrameMetadata()


class Request:
    """One picture to be taken, or taken."""

    Status = Enum("RequestStatus", "Pending Complete Cancelled")

    def __init__(self, cookie):
        self.cookie = cookie
        self.status = self.Status.Pending
        self.buffers = {}
        self.metadata = {}
        self.controls = {}

    def add_buffer(self, stream, buffer):
        self.buffers[stream] = buffer

    def set_control(self, control, value):
        self.controls[control] = value

    def reuse(self):
        self.status = self.Status.Pending
        self.metadata = {}
        self.controls = {}
