"""What a remote client says to the drive loop, and how it is checked."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from car.command import Command
from car.modes import Event

LONGEST_BYTES = 1024

Ratio = Annotated[float, Meta(ge=-1.0, le=1.0)]
Said = Literal["choose human", "choose assisted", "choose pilot", "stop", "emergency", "rearm"]
"""Values of `Event`; silence and faults are found by the car itself."""


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One datagram; a client sends them all the time, for silence stops the car.

    Attributes:
        client: who says it, 16 random hexadecimal digits chosen at the client's start.
        number: counts up with every message of that client.
        made_s: when it was made, on this machine's monotonic clock.
        steering: -1 is full left.
        throttle: +1 is full ahead.
        event: what else the human wants.
    """

    client: Annotated[str, Meta(pattern=r"\A[0-9a-f]{16}\Z")]
    number: Annotated[int, Meta(ge=0, lt=2**53)]
    made_s: Annotated[float, Meta(ge=0.0, le=1e12)]
    steering: Ratio = 0.0
    throttle: Ratio = 0.0
    event: Said | None = None

    @property
    def command(self) -> Command:
        """Steering and throttle."""
        return Command(self.steering, self.throttle)

    @property
    def events(self) -> tuple[Event, ...]:
        """The event, or none."""
        return (Event(self.event),) if self.event else ()


_decoder = msgspec.json.Decoder(Message)


def message_of(datagram: bytes) -> Message | None:
    """Read a datagram; None when it is not a message in every respect."""
    if len(datagram) > LONGEST_BYTES:
        return None
    try:
        return _decoder.decode(datagram)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
