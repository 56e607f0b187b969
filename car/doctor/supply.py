"""Checks of the Pi's supply and temperature, by what its firmware noted."""

import re

from car.doctor.check import Check
from car.doctor.machine import Machine
from car.doctor.subject import Subject
from car.power import PiPower, PowerFlags, decode_throttled

WARM_C, HOT_C = 70.0, 80.0

STRONGER = (
    "give the Pi a 5 V supply of its own (3 A for a Pi 4, 5 A for a Pi 5) with short thick wires, "
    "and the servo another; then restart the Pi, which forgets the old flags"
)
COOLER = "give the Pi a heat sink or a fan, and its case an opening; then restart it"


def check_supply(machine: Machine, subject: Subject) -> list[Check]:
    """Read the power flags and the temperature."""
    return [_flags(machine), _temperature(machine)]


def _flags(machine: Machine) -> Check:
    bits = _bits(machine)
    if bits is None:
        return Check(
            "power",
            None,
            "the firmware could not be asked" if machine.is_pi else "only a Raspberry Pi tells",
        )
    flags = decode_throttled(bits)
    if not flags.now and not flags.occurred:
        return Check("power", True, "no undervoltage and no throttling since the Pi was started")
    undervoltage = any("undervoltage" in names for names in (flags.now, flags.occurred))
    return Check("power", False, _in_words(flags), STRONGER if undervoltage else COOLER)


def _in_words(flags: PowerFlags) -> str:
    parts = []
    if flags.now:
        parts.append(f"now: {', '.join(flags.now)}")
    if flags.occurred:
        parts.append(f"since the Pi was started: {', '.join(flags.occurred)}")
    return f"{'; '.join(parts)} (0x{flags.bits:x})"


def _bits(machine: Machine) -> int | None:
    """Ask vcgencmd, which needs rights; failing that, the kernel's files."""
    said = machine.said("vcgencmd", "get_throttled") or ""
    match = re.fullmatch(r"throttled=0x([0-9a-fA-F]+)", said)
    if match is not None:
        return int(match[1], 16)
    try:
        return PiPower(machine.root)()
    except (OSError, ValueError):
        return None


def _temperature(machine: Machine) -> Check:
    degrees_c = _degrees_c(machine)
    if degrees_c is None:
        return Check("temperature", None, "no sensor here")
    detail = f"{degrees_c:.0f} degrees C"
    if degrees_c >= HOT_C:
        return Check("temperature", False, f"{detail}: the Pi slows itself down", COOLER)
    return Check("temperature", True, detail, COOLER if degrees_c >= WARM_C else "")


def _degrees_c(machine: Machine) -> float | None:
    match = re.fullmatch(r"temp=(\d+\.?\d*)'C", machine.said("vcgencmd", "measure_temp") or "")
    if match is not None:
        return float(match[1])
    millidegrees = machine.text("/sys/class/thermal/thermal_zone0/temp") or ""
    return int(millidegrees) / 1e3 if millidegrees.isdecimal() else None
