"""Talks to systemd: systemctl and journalctl, and what a unit says about itself."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from car.service.errors import ServiceError
from car.service.units import UNITS

LONGEST_WAIT_S = 240.0
"""More than both units may take to start and to stop."""

ASKED = (
    "LoadState",
    "ActiveState",
    "SubState",
    "StateChangeTimestamp",
    "StatusText",
    "NRestarts",
    "Result",
    "ExecMainCode",
    "ExecMainStatus",
    "ExecMainExitTimestamp",
    "UnitFileState",
)


@dataclass(frozen=True)
class UnitState:
    """How one unit fares, as systemd tells.

    Attributes:
        unit: its name.
        installed: systemd knows it.
        enabled: it starts with the machine.
        state: `active`, `activating`, `inactive`, `failed`; what systemd calls ActiveState.
        since: when that began, in the machine's own words; empty when unknown.
        says: what the process last said about itself.
        restarts: how often it was started again by itself.
        last_exit: how its last process ended, in plain words; empty when none has.
        last_exit_at: when, in the machine's own words.
    """

    unit: str
    installed: bool
    enabled: bool
    state: str
    since: str
    says: str
    restarts: int
    last_exit: str
    last_exit_at: str


def check_running() -> None:
    """Make sure that systemd runs this machine.

    Raises:
        ServiceError: it does not.
    """
    if not Path("/run/systemd/system").is_dir() or shutil.which("systemctl") is None:
        raise ServiceError(
            "systemd does not run this machine, so there is no service: start the car by "
            "`everlap drive`, or prepare an image with --root DIR"
        )


def systemctl(*words: str) -> str:
    """Run systemctl and give what it printed.

    Raises:
        ServiceError: it failed: says how, and what the journal holds about it.
    """
    done = _run(("systemctl", *words), LONGEST_WAIT_S)
    if done.returncode:
        told = (done.stderr.strip() or done.stdout.strip()).replace("\n", " ")
        raise ServiceError(f"`systemctl {' '.join(words)}` failed: {told}")
    return done.stdout


def state_of(unit: str) -> UnitState:
    """Ask systemd about a unit."""
    shown = systemctl("show", "--property", ",".join(ASKED), unit)
    told = dict(line.partition("=")[::2] for line in shown.splitlines())
    return UnitState(
        unit=unit,
        installed=told.get("LoadState") not in ("not-found", None),
        enabled=told.get("UnitFileState") == "enabled",
        state=told.get("ActiveState", "unknown"),
        since=told.get("StateChangeTimestamp", ""),
        says=told.get("StatusText", ""),
        restarts=int(told.get("NRestarts") or 0),
        last_exit=_last_exit(told),
        last_exit_at=told.get("ExecMainExitTimestamp", ""),
    )


CAUSES = {"watchdog": "it hung, and the watchdog ended it", "oom-kill": "memory ran out"}


def _last_exit(told: dict[str, str]) -> str:
    """Say how the last process ended; codes 1, 2 and 3 are exited, killed, and dumped core."""
    number = int(told.get("ExecMainStatus") or 0)
    result = told.get("Result", "")
    if result in CAUSES:
        return CAUSES[result]
    match told.get("ExecMainCode"):
        case "1":
            return {0: "in good order", 2: "exit code 2: bad input"}.get(
                number, f"exit code {number}"
            )
        case "2" | "3":
            return f"killed by signal {number}"
    return ""


def last_lines(unit: str, count: int) -> list[str]:
    """Give the last lines of a unit's journal, oldest first; none where it may not be read."""
    return _journal("--unit", unit, "--lines", str(count), "--output", "short-iso")


def last_words(unit: str) -> str:
    """Give the last line that a unit's own process wrote; empty when there is none."""
    about = ("--output", "cat", f"_SYSTEMD_UNIT={unit}", "_TRANSPORT=stdout")
    return "".join(_journal("--lines", "1", *about))


def _journal(*words: str) -> list[str]:
    done = _run(("journalctl", "--no-pager", "--quiet", *words), 20.0)
    return done.stdout.splitlines() if not done.returncode else []


def follow_journal(count: int) -> NoReturn:
    """Become journalctl: show the journal of all units, and go on as it grows.

    Raises:
        ServiceError: there is no journalctl.
    """
    units = [word for unit in UNITS for word in ("--unit", unit)]
    program = shutil.which("journalctl")
    if program is None:
        raise ServiceError("there is no journalctl here: is this a machine with systemd?")
    os.execv(program, [program, "--follow", "--lines", str(count), *units])


def _run(words: Sequence[str], wait_s: float) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LC_ALL": "C", "SYSTEMD_COLORS": "0"}
    try:
        return subprocess.run(
            words,
            capture_output=True,
            text=True,
            timeout=wait_s,
            check=False,
            env=environment,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError as error:
        raise ServiceError(
            f"there is no {words[0]} here: is this a machine with systemd?"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise ServiceError(f"`{' '.join(words)}` did not end within {wait_s:g} s") from error
