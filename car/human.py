"""The seam between the drive loop and the person at the controls."""

from typing import NamedTuple, Protocol

import msgspec

from car.command import STOP, Command
from car.modes import Event

LONG_AGO_S = float("-inf")
"""When a wish was made that nobody made: it never counts."""


class Wish(NamedTuple):
    """What the human wants now.

    Attributes:
        command: stick and trigger.
        made_s: when it was made, on the drive's clock; it counts for `human.expiry_s`.
        events: buttons pressed since the last look.
    """

    command: Command
    made_s: float
    events: tuple[Event, ...] = ()


NOBODY = Wish(STOP, LONG_AGO_S)


class Human(Protocol):
    """Whoever holds the controls. Asking never waits."""

    def wish(self, now_s: float) -> Wish:
        """Give the newest wish; an old one keeps its old time."""
        ...


class Status(msgspec.Struct, frozen=True):
    """How the drive is going, for whoever holds the controls.

    Attributes:
        mode: the mode's name; `stopped` frees the wheel for whoever chooses next.
        latched: whether an emergency stop holds the car until someone re-arms.
        reason: why the car stopped last, in a few words; empty when it has not.
        steering: what was sent, -1 is full left.
        throttle: what was sent, +1 is full ahead.
        driver: who chose the mode; empty when nobody did.
        warning: what else they should know, of the recording; empty when all is well.
    """

    mode: str
    latched: bool = False
    reason: str = ""
    steering: float = 0.0
    throttle: float = 0.0
    driver: str = ""
    warning: str = ""


class Listener(Protocol):
    """Whoever shows a human how the drive is going. Telling never waits."""

    def tell(self, status: Status) -> None:
        """Take the state after a tick."""
        ...


class Starter:
    """Chooses a mode once, at rest, and then keeps a hand off the controls."""

    def __init__(self, choice: Event) -> None:
        self._events: tuple[Event, ...] = (choice,)

    def wish(self, now_s: float) -> Wish:
        """The choice at the first look, nothing afterwards."""
        events, self._events = self._events, ()
        return Wish(STOP, now_s, events)
