"""What can go wrong on an I2C bus, as plain objects to hang on a simulated one."""

import errno
from collections.abc import Callable
from typing import Protocol

from car.simulation.i2c import not_acknowledged

FOR_EVER = 1 << 62


class Resettable(Protocol):
    """A chip that can lose its supply."""

    def power_on(self) -> None:
        """Lose everything."""
        ...


class Spell:
    """When a fault strikes: after so many good transfers, for so many bad ones."""

    def __init__(self, times: int, after: int) -> None:
        self._times, self._after = times, after

    def begins(self) -> bool:
        """Count one transfer and say whether the fault strikes it."""
        if self._after > 0:
            self._after -= 1
            return False
        self._times -= 1
        return self._times >= 0


class Nack:
    """No chip acknowledges: `OSError` 121."""

    def __init__(self, times: int = FOR_EVER, *, after: int = 0) -> None:
        self._spell = Spell(times, after)

    def strike(self, data: bytes) -> bytes:
        """Fail the transfer or let it pass."""
        if self._spell.begins():
            raise not_acknowledged()
        return data


class StuckBus:
    """A wire is held low and the controller gives up: `OSError` 110."""

    def __init__(self, times: int = FOR_EVER, *, after: int = 0) -> None:
        self._spell = Spell(times, after)

    def strike(self, data: bytes) -> bytes:
        """Fail the transfer or let it pass."""
        if self._spell.begins():
            raise OSError(errno.ETIMEDOUT, "Connection timed out")
        return data


class SlowBus:
    """A wire is held low and the controller takes its time until it gives up: `OSError` 110.

    Args:
        sleep: lets that many seconds pass.
        seconds: how long each transfer takes to fail.
        times: how many fail.
        after: how many pass before.
    """

    def __init__(
        self,
        sleep: Callable[[float], object],
        seconds: float = 1.0,
        times: int = FOR_EVER,
        *,
        after: int = 0,
    ) -> None:
        self._sleep, self._seconds = sleep, seconds
        self._spell = Spell(times, after)

    def strike(self, data: bytes) -> bytes:
        """Fail the transfer, late, or let it pass."""
        if self._spell.begins():
            self._sleep(self._seconds)
            raise OSError(errno.ETIMEDOUT, "Connection timed out")
        return data


class TornWrite:
    """Only the first bytes of a write arrive and are taken; the bus reports `OSError` 121."""

    def __init__(self, bytes_kept: int, times: int = FOR_EVER, *, after: int = 0) -> None:
        self._bytes_kept = bytes_kept
        self._spell = Spell(times, after)

    def strike(self, data: bytes) -> bytes:
        """Shorten a write or let it pass."""
        return data[: self._bytes_kept] if self._spell.begins() else data


class ChipReset:
    """The chip loses its supply for an instant just before a transfer, and answers as if new."""

    def __init__(self, chip: Resettable, times: int = 1, *, after: int = 0) -> None:
        self._chip = chip
        self._spell = Spell(times, after)

    def strike(self, data: bytes) -> bytes:
        """Reset the chip or leave it; the transfer passes."""
        if self._spell.begins():
            self._chip.power_on()
        return data
