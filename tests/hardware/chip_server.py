"""A PCA9685 that outlives every program: serves the I2C shim, and tells tests what is on the pins.

    python chip_server.py SOCKET LOG

Each connection to SOCKET is one open /dev/i2c-N. Tests connect too, and send a JSON object instead
of a transfer; see `Chip.control`. LOG gets one JSON line for each change of the pulses, with the
monotonic time that all processes of the machine share.
"""

import contextlib
import errno
import json
import socket
import struct
import sys
import threading
import time
from pathlib import Path
from typing import Any

from car.simulation.pca9685 import MODE1, SimulatedPca9685, powered_on

REQUEST = struct.Struct("=cBHH")
MOST_BYTES = 9000


class Chip:
    """The chip, its bus, and what tests do to them; one transfer at a time, as on the wires."""

    def __init__(self, log_path: Path) -> None:
        self._registers = powered_on()
        self._chip = SimulatedPca9685(self._registers)
        self._log_path = log_path
        self._wires = threading.Lock()
        self._stuck_s: float | None = None
        self._pulses_us: dict[str, float] = {}
        self._owner: object | None = None
        self._transfers = 0
        self._note_pulses()

    def transfer(self, address: int, data: bytes, count: int) -> bytes:
        """Do one transaction and give the reply: an errno, then what was read."""
        with self._wires:
            self._transfers += 1
            if self._stuck_s is not None:
                time.sleep(self._stuck_s)
                return _failure(errno.ETIMEDOUT)
            if not self._chip.answers(address):
                return _failure(errno.EREMOTEIO)
            if data and self._chip.write(address, data) < len(data):
                return _failure(errno.EREMOTEIO)
            result = self._chip.read(count)
            self._note_pulses()
        return _failure(0) + result

    def lock(self, owner: object) -> bytes:
        """Give the bus to one descriptor, as flock does."""
        with self._wires:
            if self._owner not in (None, owner):
                return _failure(errno.EWOULDBLOCK)
            self._owner = owner
        return _failure(0)

    def unlock(self, owner: object) -> bytes:
        """Take the bus from a descriptor, if it has it."""
        with self._wires:
            if self._owner is owner:
                self._owner = None
        return _failure(0)

    def control(self, orders: dict[str, Any]) -> dict[str, Any]:
        """Do what a test asks and report.

        Args:
            orders: any of `nack`: how many transfers to refuse, 255 for ever; `stuck_s`: how long
                each transfer hangs before it times out, null to heal; `power_on`: restart alone.

        Returns:
            `at_s`, `pulses_us` by channel (those without pulses left out), `mode1`, `transfers`.
        """
        if "stuck_s" in orders:
            self._stuck_s = orders["stuck_s"]
        with self._wires:
            if "nack" in orders:
                self._chip.refuse(orders["nack"])
            if orders.get("power_on"):
                self._chip.power_on()
                self._note_pulses()
            return {
                "at_s": time.monotonic(),
                "pulses_us": self._pulses_us,
                "mode1": self._registers[MODE1],
                "transfers": self._transfers,
            }

    def _note_pulses(self) -> None:
        widths = {str(channel): self._chip.pulse_us(channel) for channel in range(16)}
        pulses_us = {channel: round(us, 1) for channel, us in widths.items() if us is not None}
        if pulses_us == self._pulses_us:
            return
        self._pulses_us = pulses_us
        with self._log_path.open("a", encoding="ascii") as log:
            log.write(json.dumps({"at_s": time.monotonic(), "pulses_us": pulses_us}) + "\n")


def _failure(number: int) -> bytes:
    return struct.pack("=i", number)


def serve(chip: Chip, link: socket.socket) -> None:
    """Answer one open device, or one test, until it is closed or its process was killed."""
    with link, contextlib.suppress(ConnectionError):
        while message := link.recv(MOST_BYTES):
            if message.startswith(b"{"):
                link.send(json.dumps(chip.control(json.loads(message))).encode())
                continue
            what, address, out_bytes, in_bytes = REQUEST.unpack_from(message)
            data = message[REQUEST.size : REQUEST.size + out_bytes]
            if what == b"t":
                reply = chip.transfer(address, data, in_bytes)
            else:
                reply = chip.lock(link) if what == b"l" else chip.unlock(link)
            link.send(reply)
    chip.unlock(link)


def main(socket_path: str, log_path: str) -> None:
    """Serve until killed."""
    chip = Chip(Path(log_path))
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
        door.bind(socket_path)
        Path(socket_path).chmod(0o666)
        door.listen()
        while True:
            link, _ = door.accept()
            threading.Thread(target=serve, args=(chip, link), daemon=True).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
