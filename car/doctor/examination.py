"""The whole examination, group by group, in the order in which things depend on each other."""

from collections.abc import Iterator
from typing import Protocol

from car.doctor.calibration import check_calibration
from car.doctor.cameras import check_cameras
from car.doctor.check import Check, Group
from car.doctor.chip import check_chip
from car.doctor.gamepads import check_gamepads
from car.doctor.i2c import check_i2c
from car.doctor.machine import Machine
from car.doctor.memory import check_memory
from car.doctor.pilot import check_pilot
from car.doctor.rights import check_rights
from car.doctor.services import check_services
from car.doctor.software import check_software
from car.doctor.storage import check_storage
from car.doctor.subject import Subject
from car.doctor.supply import check_supply
from car.doctor.wall_clock import check_wall_clock
from car.doctor.wifi import check_wifi
from tubs.errors import EverlapError


class Look(Protocol):
    """Examines one kind of thing."""

    __name__: str

    def __call__(self, machine: Machine, subject: Subject, /) -> list[Check]:
        """Give what was found."""
        ...


GROUPS: list[tuple[str, list[Look]]] = [
    ("Software", [check_software]),
    ("Pilot", [check_pilot]),
    ("Camera", [check_cameras]),
    ("Servo and speed controller", [check_i2c, check_chip]),
    ("Driving by hand", [check_gamepads, check_wifi]),
    ("Rights", [check_rights]),
    ("Power", [check_supply]),
    ("Disk and memory", [check_storage, check_memory]),
    ("System", [check_wall_clock, check_services]),
    ("Calibration", [check_calibration]),
]


def examine(machine: Machine, subject: Subject) -> Iterator[Group]:
    """Look at everything; nothing on the car moves, and only a small file is written and removed.

    Yields:
        Each group as soon as it is done, for some take seconds.
    """
    for title, looks in GROUPS:
        checks = [check for look in looks for check in _looked(look, machine, subject)]
        yield Group(title, checks)


def _looked(look: Look, machine: Machine, subject: Subject) -> list[Check]:
    """A look that breaks, because the system is odd in a way nobody thought of, is a finding."""
    try:
        return look(machine, subject)
    except (OSError, ValueError, EverlapError) as error:
        name = look.__name__.removeprefix("check_").replace("_", " ")
        return [Check(name, None, f"could not be looked at: {error}")]
