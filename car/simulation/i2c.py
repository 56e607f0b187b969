"""An I2C bus as adafruit_bus_device uses it, with simulated chips and faults on it."""

import errno
import mmap
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from car.drivers.i2c import ReadableBuffer, WriteableBuffer
from car.errors import SimulationError
from car.simulation.pca9685 import STATE_BYTES, SimulatedPca9685, powered_on
from tubs.errors import OutputError


class I2cTarget(Protocol):
    """A chip on the bus."""

    def answers(self, address: int) -> bool:
        """Say whether it acknowledges this 7-bit address now."""
        ...

    def write(self, address: int, data: bytes) -> int:
        """Take one write from START to STOP; say how many of its bytes were acknowledged."""
        ...

    def read(self, count: int) -> bytes:
        """Give bytes from where its pointer stands."""
        ...


class BusFault(Protocol):
    """Something that goes wrong with transfers."""

    def strike(self, data: bytes) -> bytes:
        """Give the bytes that really reach the chip.

        Raises:
            OSError: the transfer fails before any byte arrives.
        """
        ...


class SimulatedI2c:
    """A bus with chips on it.

    Args:
        targets: the chips.
        faults: strike each transfer in this order; the list may be changed at any time.
        speed_hz: of the clock wire.

    Attributes:
        transactions: START to STOP, also those that failed.
        wire_s: how long all transactions kept a real bus of this speed busy.
    """

    def __init__(
        self,
        targets: Sequence[I2cTarget],
        faults: Sequence[BusFault] = (),
        *,
        speed_hz: float = 400_000,
    ) -> None:
        self.targets, self.faults = list(targets), list(faults)
        self.transactions, self.wire_s = 0, 0.0
        self._bit_s = 1.0 / speed_hz
        self._locked = False

    def try_lock(self) -> bool:
        """Take the bus if it is free, and say whether that worked."""
        taken, self._locked = not self._locked, True
        return taken

    def unlock(self) -> None:
        """Give the bus back."""
        self._locked = False

    def scan(self) -> list[int]:
        """Find the 7-bit addresses that acknowledge."""
        return [address for address in range(0x08, 0x78) if self._find(address) is not None]

    def writeto(
        self, address: int, buffer: ReadableBuffer, *, start: int = 0, end: int | None = None
    ) -> None:
        """Send bytes to the chip at a 7-bit address.

        Raises:
            OSError: 121 when it does not acknowledge, 110 when the bus is stuck.
        """
        data = bytes(buffer[start:end])
        self._account(1 + len(data))
        self._send(address, data)

    def readfrom_into(
        self, address: int, buffer: WriteableBuffer, *, start: int = 0, end: int | None = None
    ) -> None:
        """Fill a buffer from the chip at a 7-bit address.

        Raises:
            OSError: 121 when it does not acknowledge, 110 when the bus is stuck.
        """
        count = len(range(*slice(start, end).indices(len(buffer))))
        self._account(1 + count)
        self._strike(b"")
        buffer[start : start + count] = self._called(address).read(count)

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
        """Send bytes, then read after a repeated START.

        Raises:
            OSError: 121 when it does not acknowledge, 110 when the bus is stuck.
        """
        data = bytes(buffer_out[out_start:out_end])
        count = len(range(*slice(in_start, in_end).indices(len(buffer_in))))
        self._account(2 + len(data) + count)
        target = self._send(address, data)
        buffer_in[in_start : in_start + count] = target.read(count)

    def deinit(self) -> None:
        """Close the bus."""

    def _account(self, bytes_on_wire: int) -> None:
        if not self._locked:
            raise SimulationError("the simulated I2C bus was used without its lock: a driver error")
        self.transactions += 1
        self.wire_s += (9 * bytes_on_wire + 2) * self._bit_s

    def _strike(self, data: bytes) -> bytes:
        for fault in self.faults:
            data = fault.strike(data)
        return data

    def _send(self, address: int, data: bytes) -> I2cTarget:
        arrived = self._strike(data)
        target = self._called(address)
        if target.write(address, arrived) < len(data):
            raise not_acknowledged()
        return target

    def _called(self, address: int) -> I2cTarget:
        target = self._find(address)
        if target is None:
            raise not_acknowledged()
        return target

    def _find(self, address: int) -> I2cTarget | None:
        return next((target for target in self.targets if target.answers(address)), None)


def not_acknowledged() -> OSError:
    """Make the error that Linux gives when no chip answers."""
    return OSError(errno.EREMOTEIO, "Remote I/O error")


def open_chip(path: Path, address: int = 0x40) -> SimulatedPca9685:
    """Open the chip that lives in a file; a new file is a chip just powered on.

    Args:
        path: of the chip file.
        address: of a new chip; one that is there keeps its own.

    Raises:
        SimulationError: the file holds something else or cannot be opened.
        OutputError: the file cannot be made.
    """
    if not path.exists():
        _make_chip(path, address)
    try:
        with path.open("r+b") as file:
            size = os.fstat(file.fileno()).st_size
            state = mmap.mmap(file.fileno(), min(size, STATE_BYTES + 1)) if size else bytearray()
    except OSError as error:
        raise SimulationError(f"cannot open the chip file {path}: {error.strerror}") from error
    return SimulatedPca9685(state)


def _make_chip(path: Path, address: int) -> None:
    """Put a new chip at a path, whole, unless somebody else did so first.

    Raises:
        OutputError: the file cannot be made.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(powered_on(address))
        with suppress(FileExistsError):
            os.link(draft, path)
    except OSError as error:
        raise OutputError(f"cannot make the chip file {path}: {error.strerror}") from error
    finally:
        with suppress(OSError):
            draft.unlink()


def open_simulated_bus(path: Path) -> SimulatedI2c:
    """Open a bus with one chip on it, which lives in a file and outlives this process.

    Raises:
        SimulationError: the file holds something else or cannot be opened.
        OutputError: the file cannot be made.
    """
    return SimulatedI2c([open_chip(path)])
