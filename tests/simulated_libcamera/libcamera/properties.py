"""What a camera says of itself."""

from enum import IntEnum
from types import SimpleNamespace

from libcamera.controls import ControlId, ControlType

Model = ControlId("Model", None)
Location = ControlId("Location", ControlType.Integer32)
Rotation = ControlId("Rotation", ControlType.Integer32)
ColorFilterArrangement = ControlId("ColorFilterArrangement", ControlType.Integer32)

draft = SimpleNamespace(
    ColorFilterArrangementEnum=IntEnum("ColorFilterArrangementEnum", "RGGB GRBG GBRG BGGR MONO")
)
