"""The seam between the drive loop and whatever moves the wheels."""

from types import TracebackType
from typing import Protocol, Self

from car.command import Command


class Actuators(Protocol):
    """Steering and throttle. Leaving the context, however it is left, puts throttle at neutral."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def send(self, command: Command) -> Command:
        """Apply a command and say what really went out, in the units of the command.

        Raises:
            DeviceError: it did not reach the chip; the throttle is at neutral or was told to be.
        """
        ...

    @property
    def latched(self) -> bool:
        """Whether throttle is withheld, because something broke, until a command asks for none."""
        ...
