"""The computer as the doctor sees it: its files, its tools and its user, all replaceable."""

import errno
import getpass
import grp
import importlib.metadata
import importlib.util
import os
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from car.bus import open_bus
from car.clock import Clock
from car.drivers.i2c import I2cBus

TOOL_TIMEOUT_S = 2.0
SYSTEM_TOOLS = "/usr/local/sbin:/usr/sbin:/sbin:/opt/vc/bin"
"""Where `iw` and others lie that an ordinary user's PATH does not reach."""

TIMED_OUT = 124
COULD_NOT_START = 126


class Answer(NamedTuple):
    """What a tool said; a timeout is TIMED_OUT, and a death by signal is negative."""

    exit_code: int
    out: str
    err: str = ""


class RunTool(Protocol):
    """Runs tools of the computer."""

    def __call__(self, words: Sequence[str], timeout_s: float = TOOL_TIMEOUT_S) -> Answer | None:
        """Run a tool and wait for its end; None when there is no such tool."""
        ...


class PythonFacts(NamedTuple):
    """The Python that runs this."""

    version: tuple[int, int, int]
    bits: int


@dataclass(frozen=True)
class Machine:
    """A computer to examine.

    Attributes:
        root: where its file system begins.
        run: runs its tools.
        python: the Python that everything runs in.
        version_of: version of a package, by module and distribution name; empty when the package
            does not tell, None when it is missing.
        open_device: opens a device for reading and writing, and closes it; raises OSError.
        open_bus: opens an I2C bus by its name in car.toml.
        user: name of who runs this.
        groups: names of the groups that this process is in.
        is_root: whether it may do everything.
        runtime_folder: where the guard puts its socket.
        year: by the wall clock.
        clock: monotonic seconds.
    """

    root: Path
    run: RunTool
    python: PythonFacts
    version_of: Callable[[str, str], str | None]
    open_device: Callable[[Path], None]
    open_bus: Callable[[str], I2cBus]
    user: str
    groups: frozenset[str]
    is_root: bool
    runtime_folder: Path
    year: int
    clock: Clock

    def path(self, name: str) -> Path:
        """Give the path of a file by its usual absolute name."""
        return self.root / name.lstrip("/")

    def text(self, name: str) -> str | None:
        """Read a small text file of the system; None when it is missing or may not be read."""
        try:
            return self.path(name).read_bytes().decode("utf-8", "replace").strip("\0\n ")
        except OSError:
            return None

    def names(self, folder: str) -> list[str]:
        """List a folder of the system in order; empty when it is missing or may not be read."""
        try:
            return sorted(entry.name for entry in self.path(folder).iterdir())
        except OSError:
            return []

    def said(self, *words: str) -> str | None:
        """Give what a tool printed; None when it is missing, hangs or fails."""
        answer = self.run(words)
        return answer.out.strip() if answer is not None and answer.exit_code == 0 else None

    @property
    def model(self) -> str | None:
        """What board this is, as its device tree says; None on a PC."""
        return self.text("/proc/device-tree/model")

    @property
    def is_pi(self) -> bool:
        """Whether this is a Raspberry Pi."""
        return "Raspberry Pi" in (self.model or "")


def this_machine() -> Machine:
    """Describe the computer that this runs on."""
    return Machine(
        root=Path("/"),
        run=run_tool,
        python=PythonFacts(sys.version_info[:3], 8 * struct.calcsize("P")),
        version_of=installed_version,
        open_device=open_and_close,
        open_bus=open_bus,
        user=_user(),
        groups=_groups(),
        is_root=os.geteuid() == 0,
        runtime_folder=Path(os.environ.get("EVERLAP_RUN", "/run/everlap")),
        year=datetime.now().year,
        clock=time.perf_counter,
    )


def run_tool(words: Sequence[str], timeout_s: float = TOOL_TIMEOUT_S) -> Answer | None:
    """Run a tool of this computer without a shell, in plain English; None when it is missing."""
    path = f"{os.environ.get('PATH', '/usr/bin:/bin')}:{SYSTEM_TOOLS}"
    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=False,
            env={**os.environ, "PATH": path, "LC_ALL": "C.UTF-8"},
        )
    except (FileNotFoundError, NotADirectoryError):
        return None
    except subprocess.TimeoutExpired:
        return Answer(TIMED_OUT, "", f"no answer within {timeout_s:g} s")
    except OSError as error:
        return Answer(COULD_NOT_START, "", error.strerror or str(error))
    out, err = (stream.decode("utf-8", "replace") for stream in (done.stdout, done.stderr))
    return Answer(done.returncode, out, err)


def installed_version(module: str, distribution: str) -> str | None:
    """Find the version of a package without importing it."""
    try:
        if importlib.util.find_spec(module) is None:
            return None
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""
    except ModuleNotFoundError:
        return None


def open_and_close(path: Path) -> None:
    """Open a device for reading and writing, and close it again.

    Raises:
        OSError: it is missing or may not be opened.
    """
    os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC))


def why_not(machine: Machine, device: Path) -> str | None:
    """Say why a device cannot be opened; None when it can."""
    try:
        machine.open_device(device)
    except OSError as error:
        return "permission denied" if is_denied(error) else error.strerror or str(error)
    return None


def is_denied(error: OSError) -> bool:
    """Whether it is a matter of rights."""
    return error.errno in (errno.EACCES, errno.EPERM)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _groups() -> frozenset[str]:
    names = set()
    for number in {*os.getgroups(), os.getegid()}:
        try:
            names.add(grp.getgrgid(number).gr_name)
        except KeyError:
            names.add(str(number))
    return frozenset(names)
