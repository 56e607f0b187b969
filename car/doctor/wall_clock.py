"""Check of the wall clock: driving never uses it, but recordings are dated by it."""

from car.doctor.check import Check
from car.doctor.machine import Machine
from car.doctor.subject import Subject

FIRST_YEAR, LAST_YEAR = 2025, 2060
SYNCHRONISED = "/run/systemd/timesync/synchronized"
ASK = ("timedatectl", "show", "-p", "NTPSynchronized", "--value")
SET = (
    "connect the Pi to the internet and wait a minute, or set it: "
    "`sudo date -s '2026-12-31 12:00'` with the right time"
)


def check_wall_clock(machine: Machine, subject: Subject) -> list[Check]:
    """Look whether the year can be, and whether somebody sets the clock."""
    if not FIRST_YEAR <= machine.year <= LAST_YEAR:
        return [Check("clock", False, f"it says {machine.year}", SET)]
    if machine.path(SYNCHRONISED).exists():
        return [Check("clock", True, f"{machine.year}, set by a time server")]
    answer = machine.said(*ASK)
    if answer == "yes":
        return [Check("clock", True, f"{machine.year}, set by a time server")]
    if answer == "no":
        detail = f"{machine.year}, not set by a time server: recordings may carry a wrong date"
        return [Check("clock", None, detail, SET if machine.is_pi else "")]
    return [Check("clock", None, f"{machine.year}; who sets it could not be told")]
