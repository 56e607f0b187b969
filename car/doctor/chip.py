"""Checks of the PCA9685: it is read and never written, so nothing moves and nothing wakes."""

import errno
from typing import NamedTuple

from car.bus import bus_node
from car.config import ChipConfig
from car.doctor.check import Check
from car.doctor.machine import Machine
from car.doctor.subject import Subject
from car.drivers.bus_errors import device_error
from car.drivers.i2c import I2cBus
from car.drivers.pulses import TICKS_PER_CYCLE, prescale_for
from car.errors import CarError, ConfigError

MODE1, PRE_SCALE = 0x00, 0xFE
RESTART, EXTERNAL_CLOCK, AUTO_INCREMENT, SLEEP, ALL_CALL = 0x80, 0x40, 0x20, 0x10, 0x01
ALL_CALL_ADDRESS = 0x70
ADDRESSES = range(0x08, 0x78)
STUCK = (errno.ETIMEDOUT, errno.EAGAIN)

WIRING = (
    "check the board's VCC (3.3 V, Pi pin 1), SDA (pin 3), SCL (pin 5) and GND (pin 6), and "
    "chip.address in car.toml"
)
IDENTITY = {0x02: 0xE2, 0x03: 0xE4, 0x04: 0xE8, 0x05: 0xE0}
"""What a PCA9685 holds in the registers of its further addresses, unless somebody changed them."""

UNSTUCK = "look for a loose or shorted SDA or SCL wire; take power off everything, then on again"


class Chip(NamedTuple):
    """What was read of the chip that answers.

    Attributes:
        mode1: register MODE1.
        prescale: register PRE_SCALE.
        is_certain: whether its registers hold what only a PCA9685 holds.
    """

    mode1: int
    prescale: int
    is_certain: bool


def check_chip(machine: Machine, subject: Subject) -> list[Check]:
    """Read the chip, then see what else answers on its bus."""
    config = subject.config.chip
    node = bus_node(config.bus)
    simulated = config.bus.startswith("simulated:")
    if not (node if simulated else machine.path(str(node))).exists():
        return []
    try:
        bus = machine.open_bus(config.bus)
    except CarError as error:
        remedy = "see I2C bus and packages for driving above"
        if simulated:
            remedy = f"make sure that {machine.user} may read and write {node}, or delete it"
        return [Check("chip", False, str(error), remedy)]
    try:
        return _on_the_bus(bus, config, guarded=_is_guarded(machine))
    finally:
        bus.deinit()


def _on_the_bus(bus: I2cBus, config: ChipConfig, *, guarded: bool) -> list[Check]:
    if not bus.try_lock():
        return [Check("chip", None, "another program has locked the bus")]
    try:
        chip = _read_chip(bus, config.address)
    except OSError as error:
        fault = str(device_error(error, config.address))
        if error.errno in STUCK:
            return [Check("chip", False, fault, UNSTUCK)]
        return [Check("chip", False, fault, WIRING), _others(bus, config.address)]
    else:
        return [
            _identity(chip, config.address),
            _mode(chip, guarded=guarded),
            _frequency(chip, config),
            _others(bus, config.address),
        ]
    finally:
        bus.unlock()


def _is_guarded(machine: Machine) -> bool:
    """Whether the guard runs as a service, and so should have set the chip up."""
    return machine.said("systemctl", "is-active", "everlap-guard") == "active"


def _read_chip(bus: I2cBus, address: int) -> Chip:
    return Chip(
        mode1=_read(bus, address, MODE1),
        prescale=_read(bus, address, PRE_SCALE),
        is_certain=all(_read(bus, address, at) == value for at, value in IDENTITY.items()),
    )


def _identity(chip: Chip, address: int) -> Check:
    if chip.is_certain:
        return Check("chip", True, f"a PCA9685 answers at 0x{address:02x}")
    return Check(
        "chip",
        None,
        f"something answers at 0x{address:02x}, but not quite as a PCA9685 does",
        "make sure that no other board sits at this address (power meters such as the INA219 use "
        "0x40 too); if one does, change the address of either, and chip.address in car.toml",
    )


def _read(bus: I2cBus, address: int, register: int) -> int:
    value = bytearray(1)
    bus.writeto_then_readfrom(address, bytes((register,)), value)
    return value[0]


def _mode(chip: Chip, *, guarded: bool) -> Check:
    words = [
        "asleep: it sends no pulses" if chip.mode1 & SLEEP else "awake: it sends pulses",
        "as Everlap sets it up" if chip.mode1 & AUTO_INCREMENT else "not set up by Everlap yet",
    ]
    if chip.mode1 & RESTART:
        words.append("it holds pulses back since it fell asleep")
    if chip.mode1 & ALL_CALL:
        words.append("it answers to the all-call address too")
    detail = f"MODE1 0x{chip.mode1:02x}: {', '.join(words)}"
    if chip.mode1 & EXTERNAL_CLOCK:
        return Check(
            "chip mode",
            False,
            f"{detail}, it runs from an external clock",
            "take the board's VCC off and on again: only that brings its own clock back",
        )
    if guarded and chip.mode1 & SLEEP:
        return Check(
            "chip mode",
            False,
            f"{detail}; yet the guard runs as a service, so the chip restarted by itself",
            "its supply breaks down: give the servo a supply of its own; then "
            "`sudo systemctl restart everlap-guard`",
        )
    return Check("chip mode", True, detail)


def _frequency(chip: Chip, config: ChipConfig) -> Check:
    name = "chip frequency"
    try:
        wanted = prescale_for(config.frequency_hz, config.oscillator_hz)
    except ConfigError as error:
        return Check(name, False, str(error), "correct [chip] in car.toml")
    runs_hz = config.oscillator_hz / (TICKS_PER_CYCLE * (chip.prescale + 1))
    detail = f"PRE_SCALE {chip.prescale}: {runs_hz:.1f} pulses a second"
    if chip.prescale == wanted:
        return Check(name, True, f"{detail}, as car.toml asks")
    detail = f"{detail}; car.toml asks for {config.frequency_hz:g}"
    if chip.mode1 & SLEEP:
        return Check(name, None, f"{detail}, which the first drive sets")
    return Check(
        name,
        False,
        detail,
        "end other programs that use the chip, then drive once: that sets the frequency",
    )


def _others(bus: I2cBus, address: int) -> Check:
    """Read a byte from every other address: what answers there may be a chip in the wrong place."""
    name, found = "other chips", []
    for other in ADDRESSES:
        if other == address:
            continue
        try:
            bus.readfrom_into(other, bytearray(1))
        except OSError as error:
            if error.errno in STUCK:
                return Check(name, False, "the bus is stuck", UNSTUCK)
            if error.errno != errno.EBUSY:
                continue
        found.append(other)
    shown = [
        f"0x{other:02x}" + (" (a PCA9685's all-call address)" if other == ALL_CALL_ADDRESS else "")
        for other in found
    ]
    return Check(name, True if found else None, ", ".join(shown) or "none")
