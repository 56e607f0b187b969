"""How a drive loop comes by a guard: it starts its own, or finds one that is a service."""

import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from car.errors import GuardError
from car.guard.messages import LAST_TRIES_S, Ask, Request, request_bytes
from car.guard.settings import GuardSettings

PATIENCE_S = 1.0
"""Longest wait for a guard that was killed to be gone, and for a service to let somebody in."""

PROGRAM = (
    "import sys; sys.path.append(sys.argv.pop(1)); from car.guard.process import main; "
    "sys.exit(main(*sys.argv[1:]))"
)
"""Imports `car` from where this file lies, also when it is not installed."""


def start_guard(settings: GuardSettings) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start a guard process and give it with the socket to talk to it.

    It gets a session of its own: Ctrl-C in a terminal reaches the drive loop alone, which then
    takes leave in good order.

    Raises:
        GuardError: the machine allows no more processes, files or memory.
    """
    try:
        return _started(settings)
    except OSError as error:
        raise GuardError(
            f"the guard cannot be started ({error.strerror}): end other programs, or restart the "
            "computer"
        ) from error


def _started(settings: GuardSettings) -> tuple[subprocess.Popen[bytes], socket.socket]:
    here, there = socket.socketpair()
    root = str(Path(__file__).resolve().parents[2])
    told = ["--child", str(there.fileno()), settings.to_json()]
    with there:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", PROGRAM, root, *told],
            pass_fds=[there.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    return process, here


class ChildKeeper:
    """Starts a guard for one drive loop alone, and ends it by force where it lingers."""

    advice = ""
    last_tries_s = LAST_TRIES_S

    def __init__(self, settings: GuardSettings) -> None:
        self._settings = settings
        self.process: subprocess.Popen[bytes] | None = None

    def call(self) -> socket.socket:
        """Start it.

        Raises:
            GuardError: the machine refused.
        """
        self.process, link = start_guard(self._settings)
        return link

    def dismiss(self, patience_s: float) -> int | None:
        """Wait for its end, then kill it; give its exit code."""
        process, self.process = self.process, None
        if process is None:
            return None
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            with suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE_S)
        return process.returncode


class ServiceKeeper:
    """Finds a guard that is a service; it lives on when the drive ends, whatever happens."""

    advice = " (it is a service: sudo systemctl restart everlap-guard)"
    last_tries_s = 0.0

    def __init__(self, path: Path) -> None:
        self._path = path

    def call(self) -> socket.socket:
        """Connect and ask to drive.

        Raises:
            GuardError: it is not there, or may not be talked to.
        """
        link = connect(self._path)
        try:
            link.sendall(request_bytes(Request(Ask.DRIVE)))
        except OSError as error:
            link.close()
            raise GuardError(f"the guard is gone ({error})") from error
        return link

    def dismiss(self, patience_s: float) -> None:
        """Leave it alone."""


def connect(path: Path) -> socket.socket:
    """Connect to a guard that is a service.

    Raises:
        GuardError: it is not there, or may not be talked to.
    """
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.settimeout(PATIENCE_S)
    try:
        link.connect(os.fspath(path))
    except PermissionError as error:
        link.close()
        raise GuardError(
            f"the guard at {path} may not be talked to: sudo usermod -aG i2c $USER, "
            "then log in again"
        ) from error
    except OSError as error:
        link.close()
        raise GuardError(
            f"no guard listens at {path} ({error.strerror or error}): "
            "sudo systemctl start everlap-guard; where there is no such service, remove that file"
        ) from error
    return link
