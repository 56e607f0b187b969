"""Neutral when all else has gone: a few plain bytes to a chip that somebody else had set up.

Also a program of its own that needs nothing but Python's standard library:

    python3 -I -S emergency.py SETTINGS.json [LAST_GOOD.json]

It puts every throttle output at rest, says what it did in one line, and exits with 0 or 1. It asks
no lock: whoever holds it may be what hangs. Steering stays, and a chip that sleeps stays asleep.

Without any settings it takes the defaults of car.toml, i2c-1, 0x40 and channel 0, and looks at
what that channel sends: a pulse that a speed controller could mean becomes 1500 us, any other
signal is switched off, and no signal stays none. Other channels are left alone, for they may hold
a servo. It exits with 1 then, since nobody can know whether that was right.
"""

import fcntl
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

MODE1, LED0, PRE_SCALE = 0x00, 0x06, 0xFE
ASLEEP, AWAKE_AUTO_INCREMENT = 0x10, 0x20
FULL, CYCLE_TICKS = 0x10, 4096
I2C_SLAVE = 0x0703
"""The request of Linux that names the chip to talk to."""

PATIENCE_S, RETRY_S = 2.0, 0.01
LOW_US, HIGH_US, USUAL_NEUTRAL_US = 500, 2500, 1500


class Plan(NamedTuple):
    """Where the chip is and what its throttle outputs do at rest: 0 us is no pulse."""

    bus: str
    address: int
    oscillator_hz: float
    rest: tuple[tuple[int, float], ...]


USUAL = Plan("i2c-1", 0x40, 25e6, ())


class Chip(Protocol):
    """The registers of one chip; every call raises OSError when the bus does not take it."""

    def write(self, data: bytes) -> None:
        """Write from a register on, which the first byte names."""
        ...

    def read(self, register: int) -> int:
        """Read one register."""
        ...

    def close(self) -> None:
        """Let go of the bus."""
        ...


def plan_from_json(text: str) -> Plan:
    """Read the guard's settings, as far as they matter here.

    Raises:
        ValueError: they are damaged.
    """
    document = json.loads(text)
    try:
        plan = Plan(
            document["bus"],
            document["address"],
            document["oscillator_hz"],
            tuple((channel, us) for channel, us in document["rest"]),
        )
        sound = (
            isinstance(plan.bus, str)
            and plan.bus.isprintable()
            and type(plan.address) is int
            and 0x40 <= plan.address <= 0x7F
            and 23e6 <= plan.oscillator_hz <= 27e6
            and plan.rest != ()
            and all(type(channel) is int and 0 <= channel <= 15 for channel, _ in plan.rest)
            and all(us == 0 or LOW_US <= us <= HIGH_US for _, us in plan.rest)
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"the guard's settings are damaged: {error!r}") from error
    if not sound:
        raise ValueError("the guard's settings are damaged: a value is out of its range")
    return plan


class KernelChip:
    """A chip on a bus of this machine, by plain system calls."""

    def __init__(
        self, node: str, address: int, ioctl: Callable[[int, int, int], object] = fcntl.ioctl
    ) -> None:
        self._number = os.open(node, os.O_RDWR)
        try:
            ioctl(self._number, I2C_SLAVE, address)
        except OSError:
            os.close(self._number)
            raise

    def write(self, data: bytes) -> None:
        """Write from a register on."""
        os.write(self._number, data)

    def read(self, register: int) -> int:
        """Read one register; twice the same, for somebody else may move the chip's pointer."""
        first, second = (self._read_once(register) for _ in range(2))
        if first != second:
            raise OSError(f"register 0x{register:02x} reads as {first} and as {second}")
        return first

    def _read_once(self, register: int) -> int:
        self.write(bytes((register,)))
        return os.read(self._number, 1)[0]

    def close(self) -> None:
        """Let go of the bus."""
        os.close(self._number)


class BusChip:
    """A chip on a bus as car.drivers.i2c has it: the way to simulated chips."""

    def __init__(self, spec: str, address: int) -> None:
        from car.bus import bus_node, open_bus
        from car.errors import CarError

        try:
            bus_node(spec).stat()
            self._bus = open_bus(spec)
        except CarError as error:
            raise OSError(str(error)) from error
        self._address = address
        self._bus.try_lock()

    def write(self, data: bytes) -> None:
        """Write from a register on."""
        self._bus.writeto(self._address, data)

    def read(self, register: int) -> int:
        """Read one register."""
        value = bytearray(1)
        self._bus.writeto_then_readfrom(self._address, bytes((register,)), value)
        return value[0]

    def close(self) -> None:
        """Let go of the bus."""
        self._bus.deinit()


def open_chip(plan: Plan) -> Chip:
    """Open the bus that a plan names.

    Raises:
        OSError: it is not there, or may not be opened.
    """
    number = plan.bus.removeprefix("i2c-")
    if number != plan.bus and number.isdecimal():
        return KernelChip(f"/dev/i2c-{number}", plan.address)
    return BusChip(plan.bus, plan.address)


def put_at_rest(chip: Chip, plan: Plan) -> str:
    """Write what stands still to every throttle output; say what was done.

    A pulse that does not fit in the chip's cycle, which somebody else must have set, is switched
    off instead.

    Raises:
        OSError: the bus did not take it.
    """
    if chip.read(MODE1) & ASLEEP:
        return "the chip sleeps and sends no pulses: it was left asleep"
    tick_us = (chip.read(PRE_SCALE) + 1) * 1e6 / plan.oscillator_hz
    chip.write(bytes((MODE1, AWAKE_AUTO_INCREMENT)))
    for channel, us in plan.rest or _guess(chip, tick_us):
        chip.write(bytes((LED0 + 4 * channel, 0, 0, *_off_bytes(int(us / tick_us + 0.5)))))
    return "the throttle is at neutral" if plan.rest else "channel 0 was put where neutral may be"


def _off_bytes(ticks: int) -> tuple[int, int]:
    return (ticks & 0xFF, ticks >> 8) if 0 < ticks < CYCLE_TICKS else (0, FULL)


def _guess(chip: Chip, tick_us: float) -> tuple[tuple[int, float], ...]:
    """Say what channel 0 should send, from what it sends now; nothing where it sends nothing."""
    on_low, on_high, off_low, off_high = (chip.read(LED0 + byte) for byte in range(4))
    if off_high & FULL:
        return ()
    ticks = (off_low + 256 * off_high - on_low - 256 * on_high) % CYCLE_TICKS
    is_pulse = not on_high & FULL and LOW_US <= ticks * tick_us <= HIGH_US
    return ((0, USUAL_NEUTRAL_US if is_pulse else 0),)


def stop_the_car(
    plan: Plan,
    patience_s: float,
    open_the_chip: Callable[[Plan], Chip] = open_chip,
    clock: Callable[[], float] = time.monotonic,
) -> str:
    """Put the throttle at rest, trying again for a while; say what was done.

    Raises:
        OSError: the bus is not there or did not take it.
    """
    give_up_s = clock() + patience_s
    while True:
        try:
            chip = open_the_chip(plan)
            try:
                return put_at_rest(chip, plan)
            finally:
                chip.close()
        except OSError:
            if clock() >= give_up_s:
                raise
            time.sleep(RETRY_S)


def main(*settings_files: str, patience_s: float = PATIENCE_S) -> int:
    """Stop the car by the first settings that can be read; give the exit code."""
    plan, faults = USUAL, []
    for name in settings_files:
        try:
            plan = plan_from_json(Path(name).read_text("utf-8"))
            break
        except (OSError, ValueError) as error:
            faults.append(f"{name}: {error}; ")
    try:
        done = stop_the_car(plan, patience_s)
    except OSError as error:
        done = f"NEUTRAL DID NOT REACH THE CHIP on {plan.bus}: {error}"
        plan = USUAL
    sys.stdout.write(f"emergency: {''.join(faults)}{done}\n")
    return 0 if plan.rest else 1


if __name__ == "__main__":  # pragma: no cover: tests run it as a program
    sys.path.append(str(Path(__file__).resolve().parents[2]))
    sys.exit(main(*sys.argv[1:]))
