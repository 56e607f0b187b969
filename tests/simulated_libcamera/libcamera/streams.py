"""What a program asks of a camera: streams of pictures, and a mode of the sensor."""

import re
from enum import Enum

from libcamera.values import Orientation, Size

StreamRole = Enum("StreamRole", "Raw StillCapture VideoRecording Viewfinder")
BYTES_PER_PIXEL = {"BGR888": 3, "RGB888": 3, "XBGR8888": 4, "XRGB8888": 4}
STRIDE_ALIGNMENT = 64


class PixelFormat:
    """A format by its name."""

    def __init__(self, name):
        self.name = name

    def __str__(self):
        return self.name


class StreamFormats:
    """The formats and sizes of a raw stream: the modes of the sensor."""

    def __init__(self, modes):
        self._modes = modes
        self.pixel_formats = [PixelFormat(name) for name in dict.fromkeys(m.format for m in modes)]

    def sizes(self, pixel_format):
        return [Size(*mode.size) for mode in self._modes if mode.format == str(pixel_format)]


class Stream:
    """A running number of pictures of one size."""

    def __init__(self, configuration):
        self.configuration = configuration


class StreamConfiguration:
    """Size and format of one stream."""

    def __init__(self, formats):
        self.formats = formats
        self.size, self.pixel_format = Size(640, 480), PixelFormat("XBGR8888")
        self.buffer_count, self.stride, self.frame_size = 4, 0, 0
        self.color_space = None
        self.stream = Stream(self)

    def fit(self):
        """Fill in how rows lie in memory."""
        name = str(self.pixel_format)
        if name in BYTES_PER_PIXEL:
            row_bytes = self.size.width * BYTES_PER_PIXEL[name]
        else:
            row_bytes = self.size.width * int(re.search(r"\d+", name).group()) // 8
        self.stride = -(-row_bytes // STRIDE_ALIGNMENT) * STRIDE_ALIGNMENT
        self.frame_size = self.stride * self.size.height


class SensorConfiguration:
    """The mode of the sensor."""

    def __init__(self):
        self.bit_depth, self.output_size = 0, Size()


class CameraConfiguration:
    """All streams of a camera, and the mode of its sensor."""

    Status = Enum("Status", "Valid Adjusted Invalid")

    def __init__(self, streams, largest):
        self._streams = streams
        self._largest = largest
        self.orientation = Orientation.Rotate0
        self.sensor_config = None

    def __iter__(self):
        return iter(self._streams)

    def at(self, position):
        return self._streams[position]

    def validate(self):
        """Cut down what is larger than the camera can give."""
        status = self.Status.Valid
        for stream in self._streams:
            size = stream.size
            if self._largest and (size.width, size.height) > self._largest:
                stream.size, status = Size(*self._largest), self.Status.Adjusted
            stream.fit()
        return status
