"""The one place that chooses real or simulated parts; each is imported only when chosen."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from car.actuators import Actuators
from car.clock import Clock
from car.config import CarConfig
from car.drivers.i2c import I2cBus
from car.errors import ConfigError, DeviceError

if TYPE_CHECKING:
    from car.guard import Guard
    from car.simulation.hardware import SimulatedCamera, SimulatedClock
    from car.simulation.marshal import Standing
    from car.simulation.pca9685 import SimulatedPca9685
    from car.simulation.world import World


def open_bus(spec: str) -> I2cBus:
    """Open the I2C bus that a short text names.

    Args:
        spec: `i2c-1` is bus 1 of this machine, `simulated:FILE` a chip that lives in a file.

    Raises:
        ConfigError: the text names no bus.
        DeviceError: the bus is not there or may not be opened.
        SimulationError: the file holds something else.
    """
    kind, _, path = spec.partition(":")
    if kind == "simulated" and path:
        from car.simulation.i2c import open_simulated_bus

        return open_simulated_bus(Path(path))
    number = spec.removeprefix("i2c-")
    if number == spec or not number.isdecimal():
        raise ConfigError(f"{spec!r} names no I2C bus: write i2c-1 or simulated:FILE")
    return _open_real_bus(int(number))


def _open_real_bus(number: int) -> I2cBus:
    try:
        from adafruit_extended_bus import ExtendedI2C
    except (ImportError, NotImplementedError) as error:
        raise DeviceError(
            f"no driver for /dev/i2c-{number} here ({error}): pip install 'everlap[pi]' on the car"
        ) from error
    try:
        bus: I2cBus = ExtendedI2C(number)
    except PermissionError as error:
        raise DeviceError(
            f"/dev/i2c-{number} may not be opened: sudo usermod -aG i2c $USER, then log in again"
        ) from error
    except (OSError, ValueError, RuntimeError) as error:
        raise DeviceError(
            f"no I2C bus /dev/i2c-{number}: switch I2C on with raspi-config and restart ({error})"
        ) from error
    return bus


@dataclass(frozen=True)
class SimulatedCar:
    """A car that is simulation below its drivers; the drive loop cannot tell.

    Attributes:
        world: where it drives; its marshal knows how the drive is going.
        clock: simulated time.
        camera: its frames end when the drive is finished.
        chip: where the driver's commands end, and whose pulses move the car.
        actuators: the guard, the real chip driver, and the chip under it.
    """

    world: "World"
    clock: "SimulatedClock"
    camera: "SimulatedCamera"
    chip: "SimulatedPca9685"
    actuators: Actuators


Finished = Callable[["Standing"], bool]
Assemble = Callable[["World", CarConfig, Finished], AbstractContextManager[SimulatedCar]]
"""Puts a car into a world: `in_virtual_time` or `in_real_time`."""


@contextmanager
def in_virtual_time(
    world: "World", config: CarConfig, finished: Finished
) -> Iterator[SimulatedCar]:
    """Put a car into a world where time runs as fast as it computes, the same every time.

    Args:
        world: where to drive.
        config: the car's settings.
        finished: says when to end the drive.
    """
    from car.simulation.hardware import SimulatedClock
    from car.simulation.pca9685 import SimulatedPca9685, powered_on

    chip = SimulatedPca9685(powered_on(), address=config.chip.address)
    clock = SimulatedClock()
    guard = _guard(chip, config, clock)
    clock.on_advance(guard.check)
    yield SimulatedCar(world, clock, _camera(world, config, chip, clock, finished), chip, guard)


@contextmanager
def in_real_time(world: "World", config: CarConfig, finished: Finished) -> Iterator[SimulatedCar]:
    """Put a car into a world that keeps to the wall clock, with the guard in its own process.

    The arguments are those of `in_virtual_time`.
    """
    from car.guarded import GuardProcess
    from car.simulation.hardware import SimulatedClock, WallClock
    from car.simulation.i2c import open_chip

    with TemporaryDirectory(prefix="everlap-") as folder:
        chip = open_chip(Path(folder) / "pca9685", config.chip.address)
        clock = SimulatedClock(WallClock().sleep_until)
        guard = GuardProcess(f"simulated:{folder}/pca9685", config, open_bus)
        yield SimulatedCar(world, clock, _camera(world, config, chip, clock, finished), chip, guard)


def _camera(
    world: "World",
    config: CarConfig,
    chip: "SimulatedPca9685",
    clock: "SimulatedClock",
    finished: Finished,
) -> "SimulatedCamera":
    from car.simulation.hardware import ServoAndEscWiring, SimulatedCamera

    return SimulatedCamera(
        world,
        ServoAndEscWiring(chip, config.steering, config.throttle),
        clock,
        config.camera.frames_per_s,
        1.0 / config.chip.frequency_hz,
        lambda: finished(world.marshal.standing),
    )


def guard_within(config: CarConfig) -> Actuators:
    """Guard, chip driver and a simulated chip in this process, on the wall clock: for measuring."""
    from car.simulation.pca9685 import SimulatedPca9685, powered_on

    chip = SimulatedPca9685(powered_on(), address=config.chip.address)
    return _guard(chip, config, time.monotonic)


def _guard(chip: "SimulatedPca9685", config: CarConfig, clock: Clock) -> "Guard":
    from car.drivers.pca9685 import ServoAndEsc
    from car.guard import Guard
    from car.simulation.i2c import SimulatedI2c

    bus = SimulatedI2c([chip])
    wheels = ServoAndEsc(bus, config.chip, config.steering, config.throttle, clock)
    return Guard(wheels, config.guard.deadline_s, clock)


@dataclass(frozen=True)
class Bench:
    """Actuators on the bench: a guard process, and a simulated chip to read the pulses from.

    Attributes:
        actuators: enter them to start the guard.
        steering_us: reads the pulse on the servo's wire; None without pulses.
        throttle_us: reads the pulse on the speed controller's wire; None without pulses.
    """

    actuators: Actuators
    steering_us: Callable[[], float | None]
    throttle_us: Callable[[], float | None]


@contextmanager
def on_the_bench(config: CarConfig) -> Iterator[Bench]:
    """Guard and chip without wheels, to replay a drive through."""
    from car.guarded import GuardProcess
    from car.simulation.i2c import open_chip
    from car.simulation.pca9685 import PulseWatch

    with TemporaryDirectory(prefix="everlap-") as folder:
        chip = open_chip(Path(folder) / "pca9685", config.chip.address)
        yield Bench(
            GuardProcess(f"simulated:{folder}/pca9685", config, open_bus),
            PulseWatch(chip, config.steering.channel).pulse_us,
            PulseWatch(chip, config.throttle.channel).pulse_us,
        )
