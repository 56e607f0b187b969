"""One axis of a gamepad: a share of full travel, and nothing before it was at rest."""

from typing import TYPE_CHECKING

from car.errors import DeviceError

if TYPE_CHECKING:
    from evdev.device import AbsInfo

STICK_DEAD = 0.08
TRIGGER_DEAD = 0.04
MOST_DEAD = 0.4
"""Shares of the travel; a pad that claims a larger dead zone is not believed."""


class Axis:
    """A stick, centred between its ends, or a trigger, at rest at its lower end.

    It reads 0 until it was seen at rest once: what was held, or stuck, when the pad came counts
    for nothing.

    Attributes:
        value: -1 to +1 of a stick, 0 to 1 of a trigger; 0 in the dead zone.
    """

    def __init__(self, name: str, found: "AbsInfo", is_trigger: bool, sign: int = 1) -> None:
        """Take the axis as the kernel describes it.

        Args:
            name: for messages.
            found: its range, dead zone, noise and present value.
            is_trigger: whether it rests at its lower end.
            sign: -1 turns it round.

        Raises:
            DeviceError: its range is empty.
        """
        if found.max <= found.min:
            raise DeviceError(f"the pad's {name} reads from {found.min} to {found.max}: no range")
        self._rest = float(found.min) if is_trigger else (found.min + found.max) / 2
        self._span = found.max - self._rest
        least = (TRIGGER_DEAD if is_trigger else STICK_DEAD) * self._span
        self._dead = min(max(least, found.flat, found.fuzz), MOST_DEAD * self._span)
        self._sign = sign
        self._was_at_rest = False
        self.value = 0.0
        self.read(found.value)

    def read(self, raw: int) -> None:
        """Take a raw value."""
        travel = raw - self._rest
        beyond = max(0.0, abs(travel) - self._dead)
        self._was_at_rest |= beyond == 0.0
        share = min(1.0, beyond / (self._span - self._dead))
        counts = self._sign * (share if travel > 0.0 else -share)
        self.value = counts if self._was_at_rest else 0.0

    def distrust(self) -> None:
        """Read 0 until it is seen at rest again."""
        self._was_at_rest = False
        self.value = 0.0
