"""Sizes, rectangles, transforms and colour spaces."""

from enum import Enum


class Size:
    """Width and height in pixels."""

    def __init__(self, width=0, height=0):
        self.width, self.height = width, height


class Rectangle:
    """A part of the sensor, in its pixels."""

    def __init__(self, x=0, y=0, width=0, height=0):
        self.x, self.y, self.width, self.height = x, y, width, height


class Transform:
    """Flips and transposition; another transform is copied."""

    def __init__(self, other=None, *, hflip=0, vflip=0, transpose=0):
        if other is not None:
            hflip, vflip, transpose = other.hflip, other.vflip, other.transpose
        self.hflip, self.vflip, self.transpose = bool(hflip), bool(vflip), bool(transpose)

    def __str__(self):
        return f"hflip={self.hflip} vflip={self.vflip} transpose={self.transpose}"

    def __hash__(self):
        return hash((self.hflip, self.vflip, self.transpose))


Orientation = Enum(
    "Orientation",
    "Rotate0 Rotate0Mirror Rotate180 Rotate180Mirror "
    "Rotate90 Rotate90Mirror Rotate270 Rotate270Mirror",
)


class ColorSpace:
    """Primaries and transfer function by name; another colour space is copied."""

    YcbcrEncoding = Enum("YcbcrEncoding", "Null Rec601 Rec709")
    Range = Enum("Range", "Full Limited")

    def __init__(self, other=None):
        for key in ("primaries", "transferFunction", "ycbcrEncoding", "range"):
            setattr(self, key, getattr(other, key, None))

    @classmethod
    def _named(cls, primaries, transfer, encoding, extent):
        space = cls()
        space.primaries, space.transferFunction = primaries, transfer
        space.ycbcrEncoding, space.range = encoding, extent
        return space

    @classmethod
    def Sycc(cls):  # noqa: N802
        return cls._named("Rec709", "Srgb", cls.YcbcrEncoding.Rec601, cls.Range.Full)

    @classmethod
    def Smpte170m(cls):  # noqa: N802
        return cls._named("Smpte170m", "Rec709", cls.YcbcrEncoding.Rec601, cls.Range.Limited)

    @classmethod
    def Rec709(cls):  # noqa: N802
        return cls._named("Rec709", "Rec709", cls.YcbcrEncoding.Rec709, cls.Range.Limited)

    @classmethod
    def Raw(cls):  # noqa: N802
        return cls._named("Raw", "Linear", cls.YcbcrEncoding.Null, cls.Range.Full)

    def __str__(self):
        return f"{self.primaries}/{self.transferFunction}"

    def __hash__(self):
        return hash((self.primaries, self.transferFunction))
