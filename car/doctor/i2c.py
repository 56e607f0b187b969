"""Checks of the I2C bus itself: that it is there, may be opened, and is fast."""

from pathlib import Path

from car.doctor.check import Check
from car.doctor.machine import Machine, why_not
from car.doctor.subject import Subject

GOOD_SPEED_HZ = 390_000
FASTEST_HZ = 1_000_000
BURST_BITS = 92
"""On the wire for one command: 10 bytes of 9 bits, start and stop."""

SWITCH_ON = "`sudo raspi-config nonint do_i2c 0`, then restart the Pi"
FASTER = (
    "in /boot/firmware/config.txt write `dtparam=i2c_arm_baudrate=400000` below "
    "`dtparam=i2c_arm=on`, then restart the Pi"
)


def check_i2c(machine: Machine, subject: Subject) -> list[Check]:
    """Look at the bus that car.toml names, without a single transfer."""
    spec = subject.config.chip.bus
    kind, _, file = spec.partition(":")
    if kind == "simulated":
        return [_simulated(Path(file))]
    bus = _bus(machine, spec, expected=subject.is_expected(machine))
    return [bus, _speed(machine, spec)] if bus.ok else [bus]


def _simulated(file: Path) -> Check:
    if file.exists():
        return Check("I2C bus", True, f"simulated, in {file}")
    return Check("I2C bus", None, f"simulated; {file} is made by the first drive")


def _bus(machine: Machine, spec: str, *, expected: bool) -> Check:
    device = f"/dev/{spec}"
    if not machine.path(device).exists():
        others = [name for name in machine.names("/dev") if name.startswith("i2c-")]
        there = f"; there is {', '.join(others)}" if others else ""
        if not expected:
            return Check("I2C bus", None, f"no {device} here{there}")
        return Check("I2C bus", False, f"{device} is not there{there}", SWITCH_ON)
    fault = why_not(machine, machine.path(device))
    if fault is not None:
        return Check(
            "I2C bus",
            False,
            f"{device} cannot be opened: {fault}",
            f"`sudo usermod -aG i2c {machine.user}`, then log out and in again",
        )
    return Check("I2C bus", True, f"{device} can be opened")


def _speed(machine: Machine, spec: str) -> Check:
    speed_hz = _speed_hz(machine, spec)
    if speed_hz is None:
        return Check("I2C speed", None, "the system does not tell")
    burst_us = BURST_BITS * 1e6 / speed_hz
    detail = f"{speed_hz / 1e3:.0f} kHz: a command takes {burst_us:.0f} us on the wire"
    if speed_hz > FASTEST_HZ:
        return Check("I2C speed", False, f"{detail}; the PCA9685 takes up to 1000 kHz", FASTER)
    return Check("I2C speed", True, detail, FASTER if speed_hz < GOOD_SPEED_HZ else "")


def _speed_hz(machine: Machine, spec: str) -> int | None:
    """Read the device tree's clock-frequency, four bytes, the highest first."""
    for folder in (f"/sys/class/i2c-adapter/{spec}", f"/sys/class/i2c-dev/{spec}/device"):
        try:
            data = machine.path(f"{folder}/of_node/clock-frequency").read_bytes()
        except OSError:
            continue
        if len(data) == 4 and any(data):
            return int.from_bytes(data, "big")
    return None
