"""A simulated `libcamera`, one level below picamera2, whose real code runs on it.

It has what picamera2 0.3.3x uses: cameras with sensor modes, requests that go round, buffers that
picamera2 maps into memory, an event file descriptor, and a thread that takes pictures in real time.
What is attached, what it sees and what is wrong with it is up to `libcamera.sensor`.

The kernel's DMA heap lies outside libcamera; `libcamera.dma_heap` takes its place.
"""

import sys

from libcamera import _libcamera, controls, dma_heap, properties
from libcamera._libcamera import (
    Camera,
    CameraConfiguration,
    CameraManager,
    ColorSpace,
    ControlType,
    FrameBuffer,
    FrameMetadata,
    Orientation,
    PixelFormat,
    Rectangle,
    Request,
    SensorConfiguration,
    Size,
    StreamRole,
    Transform,
)

sys.modules.setdefault("picamera2.dma_heap", dma_heap)

__all__ = [
    "Camera",
    "CameraConfiguration",
    "CameraManager",
    "ColorSpace",
    "ControlType",
    "FrameBuffer",
    "FrameMetadata",
    "Orientation",
    "PixelFormat",
    "Rectangle",
    "Request",
    "SensorConfiguration",
    "Size",
    "StreamRole",
    "Transform",
    "_libcamera",
    "controls",
    "properties",
]
