"""The drive loop's end of the guard: actuators that stop even when this process dies."""

import logging
import math
import socket
import time
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Protocol, Self

from car.command import STOP, Command
from car.drivers.bus_errors import device_error
from car.drivers.emergency import plan_from_json, stop_the_car
from car.errors import ConfigError, DeviceError, GuardError
from car.guard.guard import GuardState
from car.guard.keepers import ChildKeeper, ServiceKeeper
from car.guard.messages import (
    LAST_TRIES_S,
    REPLY_TIMEOUT_S,
    Ask,
    Outcome,
    Reply,
    Request,
    receive_reply,
    request_bytes,
)
from car.guard.settings import GuardSettings
from car.guard.undisturbed import undisturbed

HASTE_S = 0.03
"""So long neutral is tried from here before somebody is told that the bus is broken."""
START_TIMEOUT_S = 15.0
LEAVE_TIMEOUT_S = 1.0

log = logging.getLogger(__name__)


class Keeper(Protocol):
    """How a guard comes to be there, and what can be done about one that fails."""

    def call(self) -> socket.socket:
        """Give a link to a guard that will greet; raises GuardError."""
        ...

    def dismiss(self, patience_s: float) -> int | None:
        """See the guard off after its link was closed, by force if need be; give its exit code.

        None where it lives on, or never lived.
        """
        ...

    @property
    def advice(self) -> str:
        """What to do about a guard that failed; empty when it is gone for sure."""
        ...

    @property
    def last_tries_s(self) -> float:
        """How long the drive loop must go on trying neutral, while the bus is broken."""
        ...


class Guarded:
    """Actuators behind a guard in another process.

    Args:
        settings: of the guard, for neutral from here when the guard itself is gone.
        keeper: starts the guard, or finds it.
        reply_timeout_s: longest wait for an answer.

    Attributes:
        state: what the guard did with throttle at the last command.
    """

    def __init__(
        self, settings: GuardSettings, keeper: Keeper, reply_timeout_s: float = REPLY_TIMEOUT_S
    ) -> None:
        self._settings, self._keeper = settings, keeper
        self._plan = plan_from_json(settings.to_json())
        self._reply_timeout_s = reply_timeout_s
        self._link: socket.socket | None = None
        self._sequence = 0
        self._asked_s = math.inf
        self._lapsed = False
        self.state = GuardState.WAITING

    def __enter__(self) -> Self:
        """Wait until the guard has set the chip up and the speed controller is armed.

        Raises:
            GuardError: the guard is not there, serves somebody else or has other settings.
            DeviceError: the chip does not answer.
            ConfigError: the settings are impossible.
        """
        self._link = self._keeper.call()
        self._sequence, self.state = 0, GuardState.WAITING
        self._asked_s, self._lapsed = math.inf, False
        try:
            self._link.settimeout(START_TIMEOUT_S + self._settings.arming_s)
            reply = _receive(self._link, 0)
            self._link.settimeout(self._reply_timeout_s)
            _raise_if_failed(reply)
            self._compare(reply.text)
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
        with undisturbed():
            self._link.settimeout(LEAVE_TIMEOUT_S)
            try:
                reply = self._ask(Ask.LEAVE, STOP)
            except GuardError as silence:
                self._end_patiently(str(silence))
            self._end(LEAVE_TIMEOUT_S)
        _raise_if_failed(reply)

    @property
    def latched(self) -> bool:
        """Whether throttle is held at neutral, or was before the last command.

        A guard whose deadline has passed takes a command with throttle 0 and goes on. Whoever
        decides must hear of it even so, or the car moves by itself with the command after that.
        """
        return self.state is GuardState.LATCHED or self._lapsed

    def send(self, command: Command) -> Command:
        """Have the guard apply a command and say what really went out.

        Raises:
            GuardError: it is gone or does not answer, or refused the command.
            DeviceError: the command did not reach the chip, or the chip broke down.
        """
        before_s, self._asked_s = self._asked_s, time.monotonic()
        try:
            reply = self._ask(Ask.APPLY, command)
            if reply.outcome is Outcome.LEFT:
                raise GuardError("the guard was told to end")
        except GuardError as silence:
            with undisturbed():
                self._end_at_once(str(silence))
        self._lapsed = time.monotonic() - before_s >= self._settings.deadline_s
        self.state = reply.state
        _raise_if_failed(reply)
        return reply.sent

    def _compare(self, digest: str) -> None:
        """See that the guard drives the same car.

        Raises:
            GuardError: it does not.
        """
        if digest != self._settings.digest:
            raise GuardError(
                "the guard runs with other settings than this drive: "
                "sudo systemctl restart everlap-guard"
            )

    def _ask(self, ask: Ask, command: Command) -> Reply:
        link = self._link
        if link is None:
            raise GuardError("the guard is not running")
        self._sequence += 1
        try:
            link.sendall(request_bytes(Request(ask, self._sequence, time.monotonic(), command)))
        except OSError as error:
            raise GuardError(f"the guard is gone ({error})") from error
        return _receive(link, self._sequence)

    def _end_at_once(self, why: str) -> NoReturn:
        """Put the throttle at neutral from here, where possible once no guard can interfere.

        Raises:
            GuardError: always.
        """
        self._end(0.0)
        why += self._keeper.advice
        try:
            self._neutral_from_here(HASTE_S)
        except DeviceError as error:
            log.error("hold the car: the chip does not take neutral (%s); trying on", error)
            self._last_tries(why)
        raise GuardError(f"{why}: the throttle was put at neutral from the drive loop")

    def _last_tries(self, why: str) -> NoReturn:
        """Go on trying neutral, when no guard is left to do so.

        Raises:
            GuardError: always.
        """
        try:
            self._neutral_from_here(self._keeper.last_tries_s)
        except DeviceError as error:
            raise GuardError(f"{why}, and neutral did not reach the chip: {error}") from error
        raise GuardError(f"{why}: the chip took neutral late, its bus was broken")

    def _end_patiently(self, why: str) -> NoReturn:
        """Put the throttle at neutral from here; where the bus is broken let the guard try on.

        Raises:
            GuardError: always.
        """
        try:
            self._neutral_from_here(HASTE_S)
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

    def _neutral_from_here(self, patience_s: float) -> None:
        try:
            stop_the_car(self._plan, patience_s)
        except OSError as error:
            raise device_error(error, self._settings.address) from error

    def _end(self, patience_s: float) -> int | None:
        """Close the link, see the guard off and give its exit code."""
        link, self._link = self._link, None
        self.state = GuardState.LATCHED
        if link is not None:
            link.close()
        return self._keeper.dismiss(patience_s)


class GuardProcess(Guarded):
    """Actuators behind a guard that is started with them and ends with them."""

    def __init__(self, settings: GuardSettings, reply_timeout_s: float = REPLY_TIMEOUT_S) -> None:
        self._child = ChildKeeper(settings)
        super().__init__(settings, self._child, reply_timeout_s)

    @property
    def process_id(self) -> int:
        """The guard's, while it runs.

        Raises:
            GuardError: it is not running.
        """
        if self._child.process is None:
            raise GuardError("the guard is not running: use it in a with statement")
        return self._child.process.pid


class GuardService(Guarded):
    """Actuators behind a guard that is a service, which listens at a path."""

    def __init__(
        self, settings: GuardSettings, path: Path, reply_timeout_s: float = REPLY_TIMEOUT_S
    ) -> None:
        super().__init__(settings, ServiceKeeper(path), reply_timeout_s)


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
        case Outcome.NONSENSE | Outcome.BUSY:
            raise GuardError(reply.text)
        case Outcome.STALE:
            raise GuardError(f"the guard refused command number {reply.sequence}: {reply.text}")
