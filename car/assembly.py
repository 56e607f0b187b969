"""The one place that chooses real or simulated parts; each is imported only when chosen.

Only the guard's bus is chosen elsewhere, in car.bus.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from car.actuators import Actuators
from car.bus import open_bus as open_bus
from car.clock import Clock
from car.config import CameraConfig, CarConfig, SideConfig, ThrottleConfig
from car.frame import Camera
from car.guard.settings import (
    BridgeOutputs,
    GuardSettings,
    HBridgeSettings,
    PulseOutput,
    ServoAndEscSettings,
    TwoEscsSettings,
    Wheels,
)
from car.power import PowerWatch

if TYPE_CHECKING:
    from car.guard.guard import Guard
    from car.humans.controls import Controls
    from car.pilots.pilot import Pilot
    from car.simulation.hardware import SimulatedCamera, SimulatedClock
    from car.simulation.marshal import Standing
    from car.simulation.pca9685 import SimulatedPca9685
    from car.simulation.world import World as World


def guard_settings(config: CarConfig, bus: str | None = None) -> GuardSettings:
    """Choose from car.toml what the guard and the emergency writer need.

    Args:
        config: the car's settings.
        bus: names another one than chip.bus; a simulated one, whose motors need no arming.

    Raises:
        ConfigError: what cannot be.
    """
    return GuardSettings(
        bus=bus or config.chip.bus,
        address=config.chip.address,
        frequency_hz=config.chip.frequency_hz,
        oscillator_hz=config.chip.oscillator_hz,
        wheels=_wheels(config),
        deadline_s=config.guard.deadline_s,
        arming_s=0.0 if bus else config.throttle.arming_s,
    )


def _wheels(config: CarConfig) -> Wheels:
    steering, throttle = config.steering, config.throttle
    left, right, turn = (
        config.differential.left,
        config.differential.right,
        config.differential.turn,
    )
    match config.wheels.kind:
        case "servo-and-esc":
            return ServoAndEscSettings(
                PulseOutput(
                    steering.channel, steering.left_us, steering.centre_us, steering.right_us
                ),
                _motor(throttle),
            )
        case "two-escs":
            return TwoEscsSettings(_motor(left), _motor(right), turn)
        case "h-bridge":
            return HBridgeSettings(
                BridgeOutputs(left.channel, left.reverse_channel),
                BridgeOutputs(right.channel, right.reverse_channel),
                turn,
            )


def _motor(motor: ThrottleConfig | SideConfig) -> PulseOutput:
    return PulseOutput(motor.channel, motor.reverse_us, motor.neutral_us, motor.forward_us)


def expert_of(world: "World") -> "Pilot":
    """The driver who knows the simulated world."""
    from car.simulation.expert import Expert

    return Expert(world)


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
    from car.guard.client import GuardProcess
    from car.simulation.hardware import SimulatedClock, WallClock
    from car.simulation.i2c import open_chip

    with TemporaryDirectory(prefix="everlap-") as folder:
        chip = open_chip(Path(folder) / "pca9685", config.chip.address)
        clock = SimulatedClock(WallClock().sleep_until)
        guard = GuardProcess(guard_settings(config, f"simulated:{folder}/pca9685"))
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
    from car.drivers.pca9685 import ChipDriver
    from car.guard.guard import Guard
    from car.simulation.i2c import SimulatedI2c

    settings = guard_settings(config, "simulated:memory")
    wheels = ChipDriver(SimulatedI2c([chip]), settings, clock)
    return Guard(wheels, settings.deadline_s, clock, settings.arming_s)


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
    from car.guard.client import GuardProcess
    from car.simulation.i2c import open_chip
    from car.simulation.pca9685 import PulseWatch

    with TemporaryDirectory(prefix="everlap-") as folder:
        chip = open_chip(Path(folder) / "pca9685", config.chip.address)
        yield Bench(
            GuardProcess(guard_settings(config, f"simulated:{folder}/pca9685")),
            PulseWatch(chip, config.steering.channel).pulse_us,
            PulseWatch(chip, config.throttle.channel).pulse_us,
        )


@dataclass(frozen=True)
class RoadCar:
    """The parts of a car on the road.

    Attributes:
        camera: opened by the drive loop.
        actuators: the guard, in a process of its own.
        people: everybody who may be at the controls.
        power: watches the supply.
    """

    camera: Camera
    actuators: Actuators
    people: "Controls"
    power: PowerWatch


@contextmanager
def on_the_road(config: CarConfig) -> Iterator[RoadCar]:
    """Put a real car together, and listen to those who may drive it.

    Raises:
        ConfigError: the settings are impossible.
        DeviceError: another drive listens already, or a part is not there.
    """
    from car.humans.controls import controls
    from car.power import PiPower

    camera, actuators = _camera_of(config.camera), _guard_of(config)
    with controls(config.human) as people, PowerWatch(PiPower()) as power:
        yield RoadCar(camera, actuators, people, power)


def _camera_of(config: CameraConfig) -> Camera:
    """Choose the camera that car.toml names; the drive loop opens it."""
    kind, _, place = config.device.partition(":")
    if kind == "picamera2":
        from car.drivers.picamera import Picamera2Camera

        return Picamera2Camera(config, time.monotonic)
    if kind == "usb":
        from car.drivers.usb_camera import UsbCamera

        return UsbCamera(place, config, time.monotonic)
    from car.drivers.replay import RepeatedReplay, ReplayCamera
    from tubs.reader import Tub

    longest_s = 1.0 / config.frames_per_s
    return RepeatedReplay(
        ReplayCamera(Tub(Path(place)), time.monotonic, time.sleep, 1.0, longest_s)
    )


def _guard_of(config: CarConfig) -> Actuators:
    """The guard that runs as a service, where one does; else one that ends with the drive."""
    from car.guard.client import GuardProcess, GuardService
    from car.guard.messages import guard_socket

    settings, service = guard_settings(config), guard_socket(os.environ)
    return GuardService(settings, service) if _is_there(service) else GuardProcess(settings)


def _is_there(path: Path) -> bool:
    """Whether anything lies at a path; what may not be looked at counts as nothing."""
    try:
        return path.exists()
    except OSError:
        return False
