"""Checks of the services that start the car with the Pi, and of the guard's socket."""

import pwd
import stat
from pathlib import Path

from car.doctor.check import Check
from car.doctor.machine import Machine
from car.doctor.subject import Subject

UNITS = ("everlap-guard", "everlap")
PROPERTIES = ("LoadState", "ActiveState", "SubState", "UnitFileState", "NRestarts")
ACCEPTS = 0x10000
"""Flag in /proc/net/unix of a socket that somebody listens at."""


def check_services(machine: Machine, subject: Subject) -> list[Check]:
    """Ask systemd about each unit, and look who holds the guard's socket."""
    if not machine.path("/run/systemd/system").exists():
        return [Check("services", None, "this system was not started by systemd"), _socket(machine)]
    return [*(_unit(machine, unit) for unit in UNITS), _socket(machine)]


def _unit(machine: Machine, unit: str) -> Check:
    name = f"service {unit}"
    state = _state(machine, unit)
    if state is None:
        return Check(name, None, "systemctl did not answer")
    if state.get("LoadState") != "loaded":
        return Check(
            name,
            None,
            "not installed",
            "to start the car with the Pi: `everlap service install`" if machine.is_pi else "",
        )
    active = state.get("ActiveState", "unknown")
    restarts = state.get("NRestarts", "0")
    at_start = "starts" if state.get("UnitFileState") == "enabled" else "does not start"
    detail = f"{active} ({state.get('SubState', '')}), {at_start} with the system"
    if restarts not in ("", "0"):
        detail += f", restarted {restarts} times by itself"
    if active == "failed" or state.get("SubState") == "auto-restart":
        remedy = f"`journalctl -u {unit} -n 30` says why; then `sudo systemctl restart {unit}`"
        return Check(name, False, detail, remedy)
    return Check(name, True if active == "active" else None, detail)


def _state(machine: Machine, unit: str) -> dict[str, str] | None:
    wanted = [word for each in PROPERTIES for word in ("-p", each)]
    said = machine.said("systemctl", "show", f"{unit}.service", *wanted)
    if said is None:
        return None
    return {line.partition("=")[0]: line.partition("=")[2] for line in said.splitlines()}


def _socket(machine: Machine) -> Check:
    name, path = "guard's socket", machine.runtime_folder / "guard.sock"
    try:
        status = machine.path(str(path)).stat()
    except OSError:
        return Check(name, None, f"{path} is not there: no guard runs as a service")
    owner = _user_name(status.st_uid)
    if not stat.S_ISSOCK(status.st_mode):
        return Check(name, False, f"{path} is no socket", f"`sudo rm {path}`")
    listening = _is_listening(machine, path)
    if listening is None:
        return Check(name, None, f"{path} belongs to {owner}")
    if listening:
        return Check(name, True, f"{path}: a guard run by {owner} listens")
    gone = f"{path} belongs to {owner}, but nobody listens: its guard has ended"
    if machine.said("systemctl", "is-active", UNITS[0]) == "active":
        return Check(name, False, gone, f"`sudo systemctl restart {UNITS[0]}`")
    return Check(name, None, gone)


def _user_name(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def _is_listening(machine: Machine, path: Path) -> bool | None:
    """Look in the kernel's table of local sockets; None when it cannot be read."""
    table = machine.text("/proc/net/unix")
    if table is None:
        return None
    rows = (line.split() for line in table.splitlines()[1:])
    return any(len(row) == 8 and row[7] == str(path) and int(row[3], 16) & ACCEPTS for row in rows)
