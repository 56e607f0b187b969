"""Opens and locks the I2C bus that a short text names: the machine's own, or a simulated one.

Beside car.assembly the only module that chooses between real and simulated parts; it lies apart
because the guard, which needs nothing else, must stay small.
"""

import fcntl
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from car.drivers.i2c import I2cBus
from car.errors import ConfigError, DeviceError

SWITCH_ON = "switch I2C on with raspi-config and restart"


def open_bus(spec: str) -> I2cBus:
    """Open the I2C bus that a short text names.

    Args:
        spec: `i2c-1` is bus 1 of this machine, `simulated:FILE` a chip that lives in a file.

    Raises:
        ConfigError: the text names no bus.
        DeviceError: the bus is not there or may not be opened.
        SimulationError: the file holds something else.
    """
    node = bus_node(spec)
    if spec.startswith("simulated:"):
        from car.simulation.i2c import open_simulated_bus

        return open_simulated_bus(node)
    return _open_real_bus(int(spec.removeprefix("i2c-")))


def bus_node(spec: str) -> Path:
    """Give the device node of a bus, or the file that its simulated chip lives in.

    Raises:
        ConfigError: the text names no bus.
    """
    kind, _, path = spec.partition(":")
    if kind == "simulated" and path:
        return Path(path)
    number = spec.removeprefix("i2c-")
    if number == spec or not (number.isascii() and number.isdecimal()):
        raise ConfigError(f"{spec!r} names no I2C bus: write i2c-1 or simulated:FILE")
    return Path(f"/dev/i2c-{int(number)}")


@contextmanager
def locked_bus(spec: str) -> Iterator[None]:
    """Hold the bus for this process alone, among all that ask; the kernel frees it at the end.

    Raises:
        ConfigError: the text names no bus.
        DeviceError: another guard holds it, or it cannot be opened.
        SimulationError: the chip file holds something else.
    """
    node = bus_node(spec)
    if spec.startswith("simulated:"):
        open_bus(spec)
    try:
        number = os.open(node, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise _no_bus(node, error) from error
    try:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DeviceError(
                f"another guard drives the chip on {node}: end the drive that it serves, or stop "
                "it with `sudo systemctl stop everlap-guard`"
            ) from error
        yield
    finally:
        os.close(number)


def _open_real_bus(number: int) -> I2cBus:
    try:
        from adafruit_extended_bus import ExtendedI2C
    except (ImportError, NotImplementedError) as error:
        raise DeviceError(
            f"no driver for /dev/i2c-{number} here ({error}): pip install 'everlap[pi]' on the car"
        ) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            bus: I2cBus = ExtendedI2C(number)
    except OSError as error:
        raise _no_bus(Path(f"/dev/i2c-{number}"), error) from error
    except (ValueError, RuntimeError) as error:
        raise DeviceError(f"no I2C bus /dev/i2c-{number}: {SWITCH_ON} ({error})") from error
    return bus


def _no_bus(node: Path, error: OSError) -> DeviceError:
    if isinstance(error, PermissionError):
        return DeviceError(
            f"{node} may not be opened: sudo usermod -aG i2c $USER, then log in again"
        )
    return DeviceError(f"no I2C bus {node}: {SWITCH_ON} ({error.strerror})")
