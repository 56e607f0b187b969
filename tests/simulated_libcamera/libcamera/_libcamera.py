"""Everything by the names that the compiled module has."""

from libcamera.camera import Camera, CameraManager
from libcamera.controls import ControlType
from libcamera.requests import FrameBuffer, FrameMetadata, Request
from libcamera.streams import (
    CameraConfiguration,
    PixelFormat,
    SensorConfiguration,
    StreamRole,
)
from libcamera.values import ColorSpace, Orientation, Rectangle, Size, Transform

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
]
