"""The seam between the drive loop and the person at the controls."""

from typing import NamedTuple, Protocol

from car.command import STOP, Command
from car.modes import Event


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


class Human(Protocol):
    """Whoever holds the controls. Asking never waits."""

    def wish(self, now_s: float) -> Wish:
        """Give the newest wish; an old one keeps its old time."""
        ...


class Starter:
    """Chooses a mode once, at rest, and then keeps a hand off the controls."""

    def __init__(self, choice: Event) -> None:
        self._events: tuple[Event, ...] = (choice,)

    def wish(self, now_s: float) -> Wish:
        """The choice at the first look, nothing afterwards."""
        events, self._events = self._events, ()
        return Wish(STOP, now_s, events)
