"""A gamepad at the controls: lost when unplugged, silent when stuck, and never trusted at once."""

import logging
from typing import TYPE_CHECKING, Protocol, Self

from car.command import STOP, Command
from car.errors import DeviceError
from car.human import LONG_AGO_S, NOBODY, Wish
from car.modes import AT_REST, Event

if TYPE_CHECKING:
    from car.drivers.gamepad_search import GamepadSearch

logger = logging.getLogger(__name__)


class Pad(Protocol):
    """A pad that was found; car.drivers.gamepad.Gamepad is one."""

    name: str
    layout: str
    was_heard: bool

    @property
    def steering(self) -> float:
        """-1 is full left."""
        ...

    @property
    def throttle(self) -> float:
        """+1 is full ahead."""
        ...

    def look(self) -> list[Event]:
        """What buttons meant since the last look; OSError when it is gone."""
        ...

    def distrust(self) -> None:
        """No more throttle before it was seen at rest."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Search(Protocol):
    """Where pads come from. Asking never waits."""

    def take(self) -> Pad | None:
        """A pad that was found since, or none."""
        ...


def search_for_gamepads() -> "GamepadSearch":
    """Give the search for the gamepads of this machine; enter it to start looking.

    Raises:
        DeviceError: the library that reads them is missing.
    """
    try:
        from car.drivers.gamepad_search import GamepadSearch
    except ModuleNotFoundError as error:
        raise DeviceError(
            f"gamepads cannot be read, {error.name} is missing: sudo apt install python3-evdev, "
            "or pip install evdev"
        ) from error
    return GamepadSearch()


class GamepadHuman:
    """Whoever holds a gamepad.

    A pad that is there renews its wish although no stick moves. It is stale when unplugged, and
    when it holds a throttle but sends nothing at all for `stuck_after_s`, as a pad does that is
    out of reach. Its throttle counts only after it was seen at rest, also when it comes back; and
    by then the car is stopped and a mode must be chosen again.
    """

    def __init__(self, search: Search, stuck_after_s: float) -> None:
        """Store where pads come from.

        Args:
            search: finds pads.
            stuck_after_s: how long a throttle counts that is held without any event.
        """
        self._search = search
        self._stuck_after_s = stuck_after_s
        self._pad: Pad | None = None
        self._heard_s = LONG_AGO_S
        self._is_stuck = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        """Let go of the pad."""
        if self._pad is not None:
            self._pad.close()
            self._pad = None

    def wish(self, now_s: float) -> Wish:
        """Read the pad; without one nobody is there."""
        pad = self._pad or self._take(now_s)
        if pad is None:
            return NOBODY
        try:
            pressed = pad.look()
        except OSError as error:
            return self._lose(pad, error)
        if pad.was_heard:
            self._heard_s, self._is_stuck = now_s, False
        elif self._holds_too_long(pad, now_s):
            self._is_stuck = True
            pad.distrust()
        if self._is_stuck:
            return Wish(STOP, self._heard_s, tuple(pressed))
        return Wish(Command(pad.steering, pad.throttle), now_s, tuple(pressed))

    def _take(self, now_s: float) -> Pad | None:
        self._pad = self._search.take()
        if self._pad is not None:
            self._heard_s, self._is_stuck = now_s, False
            logger.info("gamepad: %s (%s)", self._pad.name, self._pad.layout)
        return self._pad

    def _holds_too_long(self, pad: Pad, now_s: float) -> bool:
        if abs(pad.throttle) <= AT_REST or now_s - self._heard_s <= self._stuck_after_s:
            return False
        logger.warning(
            "stopped: %s holds throttle %.2f and was silent for %.1f s",
            pad.name,
            pad.throttle,
            now_s - self._heard_s,
        )
        return True

    def _lose(self, pad: Pad, error: OSError) -> Wish:
        logger.warning("stopped: lost the gamepad %s (%s)", pad.name, error.strerror or error)
        pad.close()
        self._pad = None
        return Wish(STOP, LONG_AGO_S, (Event.STOP,))
