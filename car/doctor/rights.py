"""Checks of what this user may do: use the car's devices, and ask for real-time priority."""

import re

from car.doctor.check import Check
from car.doctor.machine import Machine
from car.doctor.subject import Subject

GROUPS = {
    "i2c": "the chip",
    "video": "cameras and power flags",
    "input": "gamepads",
    "gpio": "pins",
    "render": "the camera's graphics",
}
PRIORITY = 40
"""Of SCHED_FIFO that the guard asks for, at least."""

LOCK_BYTES = 64 << 20
MAY_SET_PRIORITY, MAY_LOCK = 1 << 23, 1 << 14
"""Bits of the capabilities CAP_SYS_NICE and CAP_IPC_LOCK."""


def check_rights(machine: Machine, subject: Subject) -> list[Check]:
    """Look at groups and limits of the user who runs this."""
    return [_groups(machine), _real_time(machine)]


def _groups(machine: Machine) -> Check:
    if machine.is_root:
        return Check("groups", True, f"{machine.user} may use every device")
    members = _members(machine)
    known = [name for name in GROUPS if name in members]
    missing = [name for name in known if name not in machine.groups]
    if not machine.is_pi:
        shown = ", ".join(name for name in known if name in machine.groups)
        return Check("groups", None, f"{machine.user} is in {shown or 'none of the usual ones'}")
    if not missing:
        return Check("groups", True, f"{machine.user} is in {', '.join(known)}")
    detail = f"{machine.user} is not in " + ", ".join(
        f"{name} (for {GROUPS[name]})" for name in missing
    )
    absent = [name for name in missing if machine.user not in members[name]]
    if not absent:
        return Check("groups", False, f"{detail} yet", "log out and in again, or restart the Pi")
    command = f"sudo usermod -aG {','.join(absent)} {machine.user}"
    return Check("groups", False, detail, f"`{command}`, then log out and in again")


def _members(machine: Machine) -> dict[str, list[str]]:
    """Read which groups there are, and who is in them."""
    lines = (line.split(":") for line in (machine.text("/etc/group") or "").splitlines())
    return {fields[0]: fields[3].split(",") for fields in lines if len(fields) == 4}


def _real_time(machine: Machine) -> Check:
    name = "real-time rights"
    limits = machine.text("/proc/self/limits")
    if limits is None:
        return Check(name, None, "the system does not tell")
    capabilities = _capabilities(machine)
    priority = _limit(limits, "Max realtime priority")
    lock_bytes = _limit(limits, "Max locked memory")
    may_fifo = capabilities & MAY_SET_PRIORITY or priority >= PRIORITY
    may_lock = capabilities & MAY_LOCK or lock_bytes >= LOCK_BYTES
    detail = (
        f"SCHED_FIFO {'allowed' if may_fifo else 'not allowed'}, "
        f"locked memory {'allowed' if may_lock else f'up to {lock_bytes / 2**20:.0f} MB only'}"
    )
    if may_fifo and may_lock:
        return Check(name, True, detail)
    return Check(
        name,
        None,
        f"{detail}: the guard runs at ordinary priority",
        "the service has these rights (`everlap service install`); for driving by hand add two "
        f"lines to /etc/security/limits.d/everlap.conf: `{machine.user} - rtprio 50` and "
        f"`{machine.user} - memlock unlimited`, then log in again",
    )


def _limit(limits: str, name: str) -> float:
    """Read a soft limit of /proc/self/limits; unlimited is infinite."""
    match = re.search(rf"^{name}\s+(\d+|unlimited)\b", limits, re.MULTILINE)
    if match is None:
        return 0.0
    return float("inf") if match[1] == "unlimited" else float(match[1])


def _capabilities(machine: Machine) -> int:
    match = re.search(r"^CapEff:\s+([0-9a-f]+)$", machine.text("/proc/self/status") or "", re.M)
    return int(match[1], 16) if match else 0
