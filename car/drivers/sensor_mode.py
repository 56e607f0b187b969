"""A camera sensor's modes, and which of them to drive with."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from car.errors import CameraError

AS_GOOD_AS_WHOLE = 0.97
"""A mode that sees this share of the widest picture counts as wide as it."""
NEAR_ENOUGH = 0.99
"""Sensors round their frame rates: 119.9 serves who asks for 120."""


@dataclass(frozen=True, slots=True)
class SensorMode:
    """One way to read a sensor out.

    Attributes:
        width_px: of the picture that leaves the sensor.
        height_px: likewise.
        bit_depth: bits a pixel.
        frames_per_s: the fastest that it goes.
        seen_px: width and height of the part of the sensor that it reads, in the sensor's pixels.
        cropped: whether that is less than its widest mode reads.
    """

    width_px: int
    height_px: int
    bit_depth: int
    frames_per_s: float
    seen_px: tuple[int, int]
    cropped: bool

    @property
    def name(self) -> str:
        """As in `1640x1232, 10 bit, 41.85 frames/s`."""
        cropped = ", cropped" if self.cropped else ""
        return (
            f"{self.width_px}x{self.height_px}, {self.bit_depth} bit, "
            f"{self.frames_per_s:g} frames/s{cropped}"
        )

    def width_seen_px(self, aspect: float) -> float:
        """How much of the sensor's width is left in a picture that is aspect times as wide as high.

        The camera cuts off left and right, or above and below, whatever does not fit.
        """
        return min(self.seen_px[0], self.seen_px[1] * aspect)


def read_modes(described: Iterable[Mapping[str, Any]]) -> list[SensorMode]:
    """Take over what picamera2's `sensor_modes` says; entries that describe no sensor are left out.

    Raises:
        CameraError: nothing is left.
    """
    found = [each for each in described if "size" in each and "crop_limits" in each]
    if not found:
        raise CameraError(
            "this camera describes no sensor modes: a USB camera? then camera.device is usb:0"
        )
    widest = max(each["crop_limits"][2] for each in found)
    highest = max(each["crop_limits"][3] for each in found)
    return [_read_mode(each, widest, highest) for each in found]


def _read_mode(described: Mapping[str, Any], widest_px: int, highest_px: int) -> SensorMode:
    width_px, height_px = described["size"]
    _, _, seen_wide_px, seen_high_px = described["crop_limits"]
    whole = min(seen_wide_px / widest_px, seen_high_px / highest_px) >= AS_GOOD_AS_WHOLE
    return SensorMode(
        width_px,
        height_px,
        described["bit_depth"],
        described["fps"],
        (seen_wide_px, seen_high_px),
        cropped=not whole,
    )


def choose_mode(
    modes: Sequence[SensorMode], width_px: int, height_px: int, frames_per_s: float
) -> SensorMode:
    """Choose the mode to drive with.

    Of those that are fast enough and have pixels enough the widest view wins; between equally wide
    ones the fastest, since its rows are read out in the least time; then the deepest, and the one
    with the fewest pixels.

    Args:
        modes: of one sensor.
        width_px: of the picture that is wanted.
        height_px: likewise.
        frames_per_s: wanted.

    Raises:
        CameraError: no mode is fast enough.
    """
    fast = [mode for mode in modes if mode.frames_per_s >= NEAR_ENOUGH * frames_per_s]
    if not fast:
        fastest = max(mode.frames_per_s for mode in modes)
        raise CameraError(
            f"camera.frames_per_s = {frames_per_s:g} is faster than this camera: its fastest mode "
            f"gives {fastest:g}; lower it in car.toml"
        )
    sharp = [mode for mode in fast if mode.width_px >= width_px and mode.height_px >= height_px]
    aspect = width_px / height_px
    widest_px = max(mode.width_seen_px(aspect) for mode in sharp or fast)
    return max(
        (m for m in sharp or fast if m.width_seen_px(aspect) >= AS_GOOD_AS_WHOLE * widest_px),
        key=lambda mode: (mode.frames_per_s, mode.bit_depth, -mode.width_px),
    )
