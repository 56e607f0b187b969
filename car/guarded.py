"""The drive loop's end of the guard process: actuators that stop even when this process dies."""

import logging
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

import msgspec

from car.command import STOP, Command
from car.config import CarConfig
from car.drivers.emergency import put_throttle_at_neutral
from car.drivers.i2c import I2cBus
from car.errors import ConfigError, DeviceError, GuardError
from car.guard import GuardState
from car.guard_messages import (
    LAST_TRIES_S,
    Ask,
    Outcome,
    Reply,
    Request,
    receive_reply,
    request_bytes,
)

START_TIMEOUT_S = 15.0
LEAVE_TIMEOUT_S = 1.0

log = logging.getLogger(__name__)

PROGRAM = "import sys; sys.path.append(sys.argv.pop(1)); from car.guard_process import main; "
"""Imports `car` from where this file lies, also when it is not installed."""


def start_guard(bus_spec: str, config: CarConfig) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start a guard process and give it with the socket to talk to it.

    It gets a session of its own: Ctrl-C in a terminal reaches the drive loop alone, which then
    takes leave in good order.
    """
    here, there = socket.socketpair()
    sections = {name: getattr(config, name) for name in ("chip", "steering", "throttle", "guard")}
    settings = msgspec.json.encode({"bus": bus_spec, **sections}).decode()
    root = str(Path(__file__).resolve().parent.parent)
    program = PROGRAM + "sys.exit(main(*sys.argv[1:]))"
    with there:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", program, root, str(there.fileno()), settings],
            pass_fds=[there.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    return process, here


class GuardProcess:
    """Actuators behind a guard in a process of its own.

    Args:
        bus_spec: names the I2C bus, as car.assembly.open_bus reads it.
        config: of the car; the guard gets the sections it needs.
        open_bus: opens the bus here too, for neutral when the guard itself is gone.
        reply_timeout_s: longest wait for an answer; the guard's own deadline when not given, for
            by then a guard that is alive has put the throttle at neutral.

    Attributes:
        state: what the guard did with throttle at the last command.
    """

    def __init__(
        self,
        bus_spec: str,
        config: CarConfig,
        open_bus: Callable[[str], I2cBus],
        reply_timeout_s: float | None = None,
    ) -> None:
        self._bus_spec, self._config, self._open_bus = bus_spec, config, open_bus
        self._reply_timeout_s = reply_timeout_s or config.guard.deadline_s
        self._process: subprocess.Popen[bytes] | None = None
        self._link: socket.socket | None = None
        self._sequence = 0
        self.state = GuardState.WAITING

    def __enter__(self) -> Self:
        """Start the guard and wait until the chip is set up and at neutral.

        Raises:
            GuardError: it did not start.
            DeviceError: the chip does not answer.
            ConfigError: the settings are impossible.
        """
        self._process, self._link = start_guard(self._bus_spec, self._config)
        self._sequence, self.state = 0, GuardState.WAITING
        try:
            self._link.settimeout(START_TIMEOUT_S)
            reply = _receive(self._link, 0)
            self._link.settimeout(self._reply_timeout_s)
            _raise_if_failed(reply)
        except BaseException:
            self._end(0.0)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Take leave and wait until the guard says that the throttle is at neutral.

        Raises:
            DeviceError: neutral did not reach the chip.
            GuardError: the guard did not say so, and from here it did not reach the chip either.
        """
        if self._link is None:
            return
        self._link.settimeout(LEAVE_TIMEOUT_S)
        try:
            reply = self._ask(Ask.LEAVE, STOP)
        except GuardError as silence:
            self._end_patiently(str(silence))
        self._end(LEAVE_TIMEOUT_S)
        _raise_if_failed(reply)

    @property
    def latched(self) -> bool:
        """Whether throttle is held at neutral until a command with throttle 0 comes."""
        return self.state is GuardState.LATCHED

    @property
    def process_id(self) -> int:
        """The guard's, while it runs.

        Raises:
            GuardError: it is not running.
        """
        if self._process is None:
            raise GuardError("the guard is not running: use it in a with statement")
        return self._process.pid

    def send(self, command: Command) -> Command:
        """Have the guard apply a command and say what really went out.

        Raises:
            GuardError: it is gone or does not answer, or refused the command.
            DeviceError: the command did not reach the chip.
        """
        try:
            reply = self._ask(Ask.APPLY, command)
            if reply.outcome is Outcome.LEFT:
                raise GuardError("the guard was told to end")
        except GuardError as silence:
            self._end_at_once(str(silence))
        self.state = reply.state
        _raise_if_failed(reply)
        return reply.sent

    def _ask(self, ask: Ask, command: Command) -> Reply:
        link = self._link
        if link is None:
            raise GuardError("the guard is not running")
        self._sequence += 1
        try:
            link.sendall(request_bytes(Request(ask, self._sequence, command)))
        except OSError as error:
            raise GuardError(f"the guard is gone ({error})") from error
        return _receive(link, self._sequence)

    def _end_at_once(self, why: str) -> NoReturn:
        """Put the throttle at neutral from here, once no guard can interfere.

        Raises:
            GuardError: always.
        """
        self._end(0.0)
        try:
            self._neutral_from_here()
        except DeviceError as error:
            raise GuardError(f"{why}, and neutral did not reach the chip: {error}") from error
        raise GuardError(f"{why}: the throttle was put at neutral from the drive loop")

    def _end_patiently(self, why: str) -> NoReturn:
        """Put the throttle at neutral from here; where the bus is broken let the guard try on.

        Raises:
            GuardError: always.
        """
        try:
            self._neutral_from_here()
        except DeviceError as error:
            log.error("hold the car: the chip does not take neutral (%s); trying on", error)
            if self._end(LAST_TRIES_S + LEAVE_TIMEOUT_S) == 0:
                raise GuardError(
                    f"{why}: the chip took neutral late, its bus was broken"
                ) from error
            raise GuardError(
                f"{why}, and neutral may not have reached the chip: {error}"
            ) from error
        self._end(0.0)
        raise GuardError(f"{why}: the throttle was put at neutral from the drive loop")

    def _neutral_from_here(self) -> None:
        bus = self._open_bus(self._bus_spec)
        try:
            put_throttle_at_neutral(bus, self._config.chip, self._config.throttle)
        finally:
            bus.deinit()

    def _end(self, patience_s: float) -> int | None:
        """Close the link, see the process off, by force if it lingers, and give its exit code."""
        link, process, self._link, self._process = self._link, self._process, None, None
        self.state = GuardState.LATCHED
        if link is not None:
            link.close()
        if process is None:
            return None
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            with suppress(subprocess.TimeoutExpired):
                process.wait(LEAVE_TIMEOUT_S)
        return process.returncode


def _receive(link: socket.socket, sequence: int) -> Reply:
    """Wait for the answer to a request; what a guard says at its beginning and end has number 0.

    Raises:
        GuardError: it is gone or silent.
    """
    try:
        while (reply := receive_reply(link)).sequence not in (0, sequence):
            pass
    except TimeoutError as error:
        raise GuardError(f"the guard did not answer within {link.gettimeout():g} s") from error
    except (EOFError, OSError, ValueError) as error:
        raise GuardError(f"the guard is gone ({error})") from error
    return reply


def _raise_if_failed(reply: Reply) -> None:
    match reply.outcome:
        case Outcome.DEVICE:
            raise DeviceError(reply.text)
        case Outcome.CONFIG:
            raise ConfigError(reply.text)
        case Outcome.NONSENSE:
            raise GuardError(reply.text)
        case Outcome.STALE:
            raise GuardError(f"the guard refused command number {reply.sequence} {reply.text}")
