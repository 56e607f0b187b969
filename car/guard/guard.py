"""The guard: owns the wheels and lets no throttle stand that nobody renews."""

import enum
import logging
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from car.command import STOP, Command
from car.errors import DeviceError, GuardError

CHECK_EVERY_S = 0.05
"""So often the chip is looked after although nothing is due."""

log = logging.getLogger(__name__)


class Wheels(Protocol):
    """What moves the car; leaving its context puts the throttle at neutral."""

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

    def look(self) -> bool:
        """Say whether they lost their setting and were set up again; raises DeviceError."""
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

    After a missed deadline, a nonsense value, an error of the bus or a restart of the chip the
    throttle is at neutral and stays there until a command with throttle 0 has come; steering
    follows meanwhile. After the chip was set up no throttle goes out until the speed controller
    had time to arm.

    Args:
        wheels: entered and left with the guard.
        deadline_s: longest time that a command counts.
        clock: monotonic seconds; in a simulation virtual ones.
        arming_s: how long neutral must stand after the chip was set up.

    Attributes:
        state: what it does with throttle.
        neutral_is_owed: whether neutral did not reach the chip and is tried on and on.
        sent: what went out last, in the units of the command.
    """

    def __init__(
        self,
        wheels: Wheels,
        deadline_s: float,
        clock: Callable[[], float],
        arming_s: float = 0.0,
    ) -> None:
        self._wheels, self._deadline_s, self._clock = wheels, deadline_s, clock
        self._arming_s = arming_s
        self._armed_s = self._commanded_s = float("-inf")
        self._trouble: DeviceError | None = None
        self.neutral_is_owed = False
        self.state, self.sent = GuardState.WAITING, STOP

    def __enter__(self) -> Self:
        """Set the wheels up; the throttle is at neutral.

        Raises:
            DeviceError: they do not answer.
        """
        self._wheels.__enter__()
        self._armed_s = self._clock() + self._arming_s
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

    @property
    def arming(self) -> bool:
        """Whether the speed controller must see neutral a while longer."""
        return self._clock() < self._armed_s

    @property
    def silent_s(self) -> float:
        """The age of the last command that went out; infinite when there was none."""
        return self._clock() - self._commanded_s

    def welcome(self) -> None:
        """Begin anew for somebody else: what went wrong before was told to whoever drove then."""
        self._trouble = None
        if not self.neutral_is_owed:
            self.state = GuardState.WAITING

    def release(self) -> None:
        """Put the throttle at neutral: whoever drove is gone."""
        self._latch()

    def send(self, command: Command) -> Command:
        """Apply a command and say what really went out.

        Raises:
            GuardError: a value is not finite or not within -1 to +1; the throttle is at neutral.
            DeviceError: the bus did not take it, or the chip broke down since the last command;
                neutral is tried again at every check.
        """
        if not command.makes_sense:
            self._refuse(command)
        self.check()
        if self._trouble is not None:
            trouble, self._trouble = self._trouble, None
            raise trouble
        if self.state is not GuardState.DRIVING:
            command = self._unlatch(command)
        began_s = self._clock()
        try:
            self.sent = self._wheels.write(command)
        except DeviceError:
            self._latch()
            raise
        self._commanded_s = began_s
        return self.sent

    def check(self) -> None:
        """Put the throttle at neutral when the deadline has passed; to be called often.

        An error of the bus is logged and neutral is tried again at the next call.
        """
        if self.state is GuardState.DRIVING:
            silent_s = self.silent_s
            if silent_s >= self._deadline_s:
                self._latch()
                log.warning("no command for %.3f s: throttle at neutral", silent_s)
        elif self.neutral_is_owed:
            self._try_neutral()
        self._look()

    def seconds_left(self) -> float:
        """Give the time until check() may have something to do, at most CHECK_EVERY_S."""
        if self.neutral_is_owed:
            return 0.0
        if self.state is not GuardState.DRIVING:
            return CHECK_EVERY_S
        return min(CHECK_EVERY_S, max(0.0, self._deadline_s - self.silent_s))

    def _unlatch(self, command: Command) -> Command:
        """Begin to drive, or withhold the throttle while latched or arming."""
        if self.arming or (self.latched and command.throttle != 0):
            self.state = GuardState.LATCHED
            return Command(command.steering, 0.0)
        self.state = GuardState.DRIVING
        return command

    def _look(self) -> None:
        """Look after the chip; what was wrong with it is told at the next command."""
        try:
            if self._wheels.look():
                self._armed_s = self._clock() + self._arming_s
                self.state = GuardState.LATCHED
        except DeviceError as error:
            if self._trouble is None:
                log.error("%s", error)
            self._trouble = error
            self._latch()

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
            self.sent = self._wheels.neutral()
            self.neutral_is_owed = False
        except DeviceError as error:
            known, self.neutral_is_owed = self.neutral_is_owed, True
            if not known:
                log.error("neutral did not reach the chip, trying on: %s", error)
