"""Controls of a camera and facts about a frame: the few that picamera2 and cameras here know."""

from enum import Enum, IntEnum
from types import SimpleNamespace

ControlType = Enum("ControlType", "Bool Integer32 Integer64 Float Rectangle Size")


class ControlId:
    """The name and type of a control."""

    def __init__(self, name, kind):
        self.name, self.type = name, kind


class ControlInfo:
    """The range of a control."""

    def __init__(self, lowest, highest, default):
        self.min, self.max, self.default = lowest, highest, default


FrameDurationLimits = ControlId("FrameDurationLimits", ControlType.Integer64)
FrameDuration = ControlId("FrameDuration", ControlType.Integer64)
ExposureTime = ControlId("ExposureTime", ControlType.Integer32)
ExposureTimeMode = ControlId("ExposureTimeMode", ControlType.Integer32)
AnalogueGain = ControlId("AnalogueGain", ControlType.Float)
AnalogueGainMode = ControlId("AnalogueGainMode", ControlType.Integer32)
SensorTimestamp = ControlId("SensorTimestamp", ControlType.Integer64)
ScalerCrop = ControlId("ScalerCrop", ControlType.Rectangle)
NoiseReductionMode = ControlId("NoiseReductionMode", ControlType.Integer32)

draft = SimpleNamespace(
    NoiseReductionModeEnum=IntEnum("NoiseReductionModeEnum", "Off Fast HighQuality Minimal")
)
