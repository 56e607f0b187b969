"""A chip behind /dev/i2c-1 for tests: builds the shim, runs the chip server, asks it for pulses."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent


def missing_tools() -> str:
    """Say what keeps the shim from being built and used; empty when nothing does."""
    if not sys.platform.startswith("linux"):
        return "the I2C shim is for Linux"
    if shutil.which("cc") is None:
        return "no C compiler for the I2C shim: sudo apt install gcc libc6-dev"
    return ""


def build_shim(folder: Path) -> Path:
    """Compile the shim; a warning is an error."""
    shim = folder / "i2c_shim.so"
    command = ["cc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", str(shim)]
    subprocess.run([*command, str(HERE / "i2c_shim.c"), "-ldl"], check=True, timeout=60)
    return shim


class WiredChip:
    """A chip server of its own, which outlives the programs under test.

    Args:
        folder: for the socket `chip.sock`, the log of pulses, and the shim.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shim = build_shim(folder)
        self.socket_path = folder / "chip.sock"
        self._log = folder / "pulses.jsonl"

    def __enter__(self) -> Self:
        """Power the chip on."""
        server = [sys.executable, str(HERE / "chip_server.py"), str(self.socket_path)]
        self._server = subprocess.Popen([*server, str(self._log)], cwd=CHECKOUT)
        self._link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._link.settimeout(10.0)
        give_up_s = time.monotonic() + 10.0
        while True:
            try:
                self._link.connect(str(self.socket_path))
                return self
            except (FileNotFoundError, ConnectionRefusedError):
                if time.monotonic() > give_up_s:
                    raise
                time.sleep(0.02)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Take the chip's power away."""
        self._link.close()
        self._server.kill()
        self._server.wait()

    def order(self, **orders: Any) -> dict[str, Any]:
        """Inject a fault, or nothing, and get a report; see chip_server.Chip.control."""
        self._link.send(json.dumps(orders).encode())
        report: dict[str, Any] = json.loads(self._link.recv(65536))
        return report

    def pulse_us(self, channel: int) -> float | None:
        """Measure the pulse on a pin now; None where there are no pulses."""
        width: float | None = self.order()["pulses_us"].get(str(channel))
        return width

    def changes(self, since_s: float = 0.0) -> list[tuple[float, dict[str, float]]]:
        """Give when pulses changed, on the monotonic clock, and what they were from then on."""
        entries = map(json.loads, self._log.read_text("ascii").splitlines())
        return [(e["at_s"], e["pulses_us"]) for e in entries if e["at_s"] >= since_s]

    def environment(self) -> dict[str, str]:
        """Give the environment in which a program finds this chip at /dev/i2c-N."""
        chip = {"LD_PRELOAD": str(self.shim), "EVERLAP_I2C_SOCKET": str(self.socket_path)}
        return {**os.environ, **chip}
