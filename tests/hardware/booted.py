"""A Debian system under a systemd of its own, in a container: booted and judged from here."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import debian_tree
from wired_chip import WiredChip

CHIP_FOLDER = "/opt/chip"
WIRES = f"""[Service]
Environment=LD_PRELOAD={CHIP_FOLDER}/i2c_shim.so EVERLAP_I2C_SOCKET={CHIP_FOLDER}/chip.sock
"""


class NoContainersError(Exception):
    """This machine cannot boot a system in a container."""


class BootedDebian:
    """The system while it runs; the chip is outside and outlives it.

    Args:
        tree: what `debian_tree.furnished` made.
        chip: shown inside as /dev/i2c-N to the services.
    """

    def __init__(self, tree: Path, chip: WiredChip) -> None:
        self._tree, self._chip = tree, chip
        self._leader = 0

    def __enter__(self) -> Self:
        """Boot, and wait until systemd has started everything."""
        self.boot()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Switch off."""
        self.power_off()

    def boot(self) -> float:
        """Boot, and give the monotonic time at which that began."""
        command = ["systemd-nspawn", "--quiet", "--directory", str(self._tree), "--boot"]
        command += [
            "--register=no",
            "--keep-unit",
            "--console=pipe",
            f"--machine=everlap-{os.getpid()}",
        ]
        command += [f"--bind-ro={debian_tree.packages_here()}:{debian_tree.SITE}"]
        command += [f"--bind={self._chip.folder}:{CHIP_FOLDER}"]
        console = (self._chip.folder / "console").open("ab")
        begun_s = time.monotonic()
        with console:
            self._nspawn = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
                start_new_session=True,
            )
        self.wait_until(lambda: self._find_leader() and self._is_up(), 60.0, "the system is up")
        return begun_s

    def power_off(self) -> None:
        """Switch off as a person does; by force when that does not end."""
        if self._nspawn.poll() is None:
            try:
                self.run("systemctl", "poweroff", check=False)
                self._nspawn.wait(30)
            except subprocess.TimeoutExpired:
                os.kill(self._leader, signal.SIGKILL)
                self._nspawn.wait(30)
                raise
            finally:
                self._leader = 0

    @property
    def is_on(self) -> bool:
        """Whether it runs."""
        return self._leader != 0

    def run(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a program inside, as root."""
        done = subprocess.run(
            self._entering(*words),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if check and done.returncode:
            raise AssertionError(f"{words} gave {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def everlap(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `everlap` inside, as root, as the bootstrapper would."""
        return self.run(debian_tree.PYTHON, "-P", "-m", "car.cli", *words, check=check)

    def told(self, unit: str, name: str) -> str:
        """Ask systemd for a property of a unit."""
        return self.run("systemctl", "show", "--value", "--property", name, unit).stdout.strip()

    def main_process(self, unit: str) -> int:
        """Give the number of a unit's main process, as this side of the container counts."""
        inner = self.told(unit, "MainPID")
        space = Path(f"/proc/{self._leader}/ns/pid").readlink()
        for process in Path("/proc").glob("[0-9]*"):
            try:
                status = (process / "status").read_text()
                if (process / "ns/pid").readlink() != space:
                    continue
            except OSError:
                continue
            numbers = next(line for line in status.splitlines() if line.startswith("NSpid:"))
            if numbers.split()[-1] == inner:
                return int(process.name)
        raise AssertionError(f"{unit} has no main process ({inner})")

    def journal(self, unit: str) -> str:
        """Give a unit's journal of this boot."""
        return self.run("journalctl", "--no-pager", "--boot", "--unit", unit).stdout

    def write(self, path: str, text: str) -> None:
        """Write a file inside."""
        file = self._tree / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def wait_until(self, condition: Callable[[], object], patience_s: float, what: str) -> None:
        """Wait for something to become true.

        Raises:
            AssertionError: it did not, in time.
        """
        give_up_s = time.monotonic() + patience_s
        while not condition():
            if time.monotonic() > give_up_s:
                raise AssertionError(f"not within {patience_s:g} s: {what}")
            time.sleep(0.02)

    def _entering(self, *words: str) -> list[str]:
        return [
            "nsenter",
            "--target",
            str(self._leader),
            "--all",
            "/usr/bin/env",
            "-i",
            *("PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"),
            *words,
        ]

    def _find_leader(self) -> bool:
        if self._nspawn.poll() is not None:
            raise NoContainersError((self._chip.folder / "console").read_text())
        children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children")
        found = children.read_text().split()
        self._leader = int(found[-1]) if found else 0
        return bool(found)

    def _is_up(self) -> bool:
        try:
            state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
        except subprocess.TimeoutExpired:
            return False
        return state in ("running", "degraded")
