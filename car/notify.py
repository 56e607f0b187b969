"""Tells systemd how the process fares, as sd_notify does: ready, alive, stopping."""

import logging
import os
import socket
import time
from collections.abc import Callable, Mapping

STATUS_EVERY_S = 1.0
"""How often a changed status goes out where no watchdog sets the pace."""

log = logging.getLogger(__name__)


class Notifier:
    """One end of the service manager's notification socket; silent where there is none.

    It never waits and never raises: what cannot be sent is lost, and a manager that misses the
    watchdog's message then does what it is there for.

    Args:
        environ: where NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID are looked up.
        clock: gives monotonic seconds.
    """

    def __init__(
        self, environ: Mapping[str, str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._watchdog = _watchdog_s(environ) is not None
        self._every_s = (_watchdog_s(environ) or 3 * STATUS_EVERY_S) / 3
        self._due_s = float("-inf")
        self._status = ""
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        self._socket = (
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            if self._address
            else None
        )

    def ready(self, status: str | None = None) -> None:
        """Say that the process does now what it was started for."""
        self._send("READY=1", *self._news(status))

    def alive(self, status: str | None = None) -> None:
        """Feed the watchdog; call it from the loop itself, as often as it turns.

        Args:
            status: what the process is doing, in a few words; None leaves the last one standing.
        """
        now_s = self._clock()
        if self._socket is None or now_s < self._due_s:
            return
        self._due_s = now_s + self._every_s
        self._send(*(["WATCHDOG=1"] if self._watchdog else []), *self._news(status))

    def stopping(self, status: str | None = None) -> None:
        """Say that the process is ending, and close the socket."""
        self._send("STOPPING=1", *self._news(status))
        self.close()

    def close(self) -> None:
        """Close the socket; nothing is sent from then on."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _news(self, status: str | None) -> list[str]:
        if not status or status == self._status:
            return []
        self._status = status
        return ["STATUS=" + " ".join(status.split())]

    def _send(self, *lines: str) -> None:
        if self._socket is None or not lines:
            return
        try:
            self._socket.sendto("\n".join(lines).encode(), socket.MSG_DONTWAIT, self._address)
        except OSError as error:
            log.debug("the service manager did not hear %s: %s", lines, error)


def _address(name: str) -> str:
    """Give the socket's address as the kernel takes it; empty where systemd names none."""
    if name.startswith("@"):
        return "\0" + name[1:]
    return name if name.startswith("/") else ""


def _watchdog_s(environ: Mapping[str, str]) -> float | None:
    """Give the time within which systemd wants to hear from this process, if it does."""
    period_us = environ.get("WATCHDOG_USEC", "")
    if not period_us.isdecimal() or int(period_us) == 0:
        return None
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return int(period_us) / 1e6
