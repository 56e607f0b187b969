"""Checks of gamepads: which are plugged in or paired, and whether they may be read."""

import re

from car.doctor.check import Check
from car.doctor.machine import Machine, why_not
from car.doctor.subject import Subject

DEVICES = "/proc/bus/input/devices"
NAME = re.compile(r'^N: Name="(.*)"$', re.MULTILINE)
HANDLERS = re.compile(r"^H: Handlers=(.*)$", re.MULTILINE)


def check_gamepads(machine: Machine, subject: Subject) -> list[Check]:
    """List the kernel's input devices that it takes for joysticks."""
    listing = machine.text(DEVICES)
    if listing is None:
        return [Check("gamepads", None, "the system does not tell")]
    pads = _gamepads(listing)
    if not pads:
        return [Check("gamepads", None, "none is plugged in or paired")]
    closed = {
        name: fault
        for name, event in pads.items()
        if (fault := why_not(machine, machine.path(f"/dev/input/{event}"))) is not None
    }
    if not closed:
        return [Check("gamepads", True, ", ".join(pads))]
    detail = "; ".join(f"{name} cannot be read: {fault}" for name, fault in closed.items())
    remedy = f"`sudo usermod -aG input {machine.user}`, then log out and in again"
    return [Check("gamepads", False, detail, remedy)]


def _gamepads(listing: str) -> dict[str, str]:
    """Names of gamepads, and which event device each has."""
    pads = {}
    for device in listing.split("\n\n"):
        name, handlers = NAME.search(device), HANDLERS.search(device)
        words = handlers[1].split() if handlers else []
        event = next((word for word in words if word.startswith("event")), None)
        if name and event and any(re.fullmatch(r"js\d+", word) for word in words):
            pads[name[1]] = event
    return pads
