"""The seam between a chip's driver and the I2C bus, as adafruit_bus_device calls it."""

from typing import Protocol

ReadableBuffer = bytes | bytearray | memoryview
WriteableBuffer = bytearray | memoryview


class I2cBus(Protocol):
    """A bus with chips on it; every transfer raises OSError when a chip does not acknowledge."""

    def try_lock(self) -> bool:
        """Take the bus if it is free, and say whether that worked."""
        ...

    def unlock(self) -> None:
        """Give the bus back."""
        ...

    def writeto(
        self, address: int, buffer: ReadableBuffer, *, start: int = 0, end: int | None = None
    ) -> None:
        """Send bytes to the chip at a 7-bit address."""
        ...

    def readfrom_into(
        self, address: int, buffer: WriteableBuffer, *, start: int = 0, end: int | None = None
    ) -> None:
        """Fill a buffer from the chip at a 7-bit address."""
        ...

    def writeto_then_readfrom(
        self,
        address: int,
        buffer_out: ReadableBuffer,
        buffer_in: WriteableBuffer,
        *,
        out_start: int = 0,
        out_end: int | None = None,
        in_start: int = 0,
        in_end: int | None = None,
    ) -> None:
        """Send bytes, then read without letting go of the bus in between."""
        ...

    def deinit(self) -> None:
        """Close the bus."""
        ...
