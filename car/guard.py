"""The guard: owns the drive train and lets no throttle stand that nobody renews."""

import enum
import logging
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from car.command import Command
from car.errors import DeviceError, GuardError

log = logging.getLogger(__name__)


class DriveTrain(Protocol):
    """What moves the wheels; leaving its context puts the throttle at neutral."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def write(self, command: Command) -> Command:
        """Send a command and say what really went out; raises DeviceError."""
        ...

    def neutral(self) -> Command:
        """Put the throttle at neutral, steering where it is; raises DeviceError."""
        ...


class GuardState(enum.IntEnum):
    """What the guard does with throttle."""

    WAITING = 0
    """No command yet: neutral."""
    DRIVING = 1
    LATCHED = 2
    """Something broke: neutral until a command with throttle 0 comes."""


class Guard:
    """Actuators with a deadline.

    After a missed deadline, a nonsense value or an error of the bus the throttle is at neutral and
    stays there until a command with throttle 0 has come; steering follows meanwhile.

    Args:
        wheels: entered and left with the guard.
        deadline_s: longest time that a command counts.
        clock: monotonic seconds; in a simulation virtual ones.

    Attributes:
        state: what it does with throttle.
    """

    def __init__(self, wheels: DriveTrain, deadline_s: float, clock: Callable[[], float]) -> None:
        self._wheels, self._deadline_s, self._clock = wheels, deadline_s, clock
        self._commanded_s = 0.0
        self._neutral_is_owed = False
        self.state = GuardState.WAITING

    def __enter__(self) -> Self:
        """Set the drive train up; the throttle is at neutral.

        Raises:
            DeviceError: it does not answer.
        """
        self._wheels.__enter__()
        self.state = GuardState.WAITING
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Put the throttle at neutral.

        Raises:
            DeviceError: the bus did not take it.
        """
        self.state = GuardState.LATCHED
        self._wheels.__exit__(kind, error, traceback)

    @property
    def latched(self) -> bool:
        """Whether throttle is held at neutral until a command with throttle 0 comes."""
        return self.state is GuardState.LATCHED

    def send(self, command: Command) -> Command:
        """Apply a command and say what really went out.

        Raises:
            GuardError: a value is not finite or not within -1 to +1; the throttle is at neutral.
            DeviceError: the bus did not take it; neutral is tried again at every check.
        """
        if not (-1.0 <= command.steering <= 1.0 and -1.0 <= command.throttle <= 1.0):
            self._refuse(command)
        self.check()
        if self.state is not GuardState.DRIVING:
            command = self._unlatch(command)
        try:
            sent = self._wheels.write(command)
        except DeviceError:
            self._latch()
            raise
        self._commanded_s = self._clock()
        return sent

    def check(self) -> None:
        """Put the throttle at neutral when the deadline has passed; to be called often.

        An error of the bus is logged and neutral is tried again at the next call.
        """
        if self.state is GuardState.DRIVING:
            silent_s = self._clock() - self._commanded_s
            if silent_s > self._deadline_s:
                log.warning("no command for %.3f s: throttle at neutral", silent_s)
                self._latch()
        elif self._neutral_is_owed:
            self._try_neutral()

    def seconds_left(self) -> float | None:
        """Give the time until check() has something to do; None when a command must come first."""
        if self._neutral_is_owed:
            return 0.0
        if self.state is not GuardState.DRIVING:
            return None
        return max(0.0, self._commanded_s + self._deadline_s - self._clock())

    def _unlatch(self, command: Command) -> Command:
        """Begin to drive, or withhold the throttle while latched."""
        if self.state is GuardState.LATCHED and command.throttle != 0:
            return Command(command.steering, 0.0)
        self.state = GuardState.DRIVING
        return command

    def _refuse(self, command: Command) -> None:
        self._latch()
        raise GuardError(
            f"steering = {command.steering}, throttle = {command.throttle} are not both within "
            "-1 to +1: throttle is at neutral; whoever decides is broken"
        )

    def _latch(self) -> None:
        self.state = GuardState.LATCHED
        self._try_neutral()

    def _try_neutral(self) -> None:
        try:
            self._wheels.neutral()
            self._neutral_is_owed = False
        except DeviceError as error:
            if not self._neutral_is_owed:
                log.error("neutral did not reach the chip, trying on: %s", error)
            self._neutral_is_owed = True
