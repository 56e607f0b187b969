"""What the drive loop and the guard process say to each other, as bytes of fixed size."""

import enum
import socket
import struct
from typing import NamedTuple

from car.command import STOP, Command
from car.guard import GuardState


class Ask(enum.IntEnum):
    """What the drive loop wants."""

    APPLY = 1
    LEAVE = 2


class Outcome(enum.IntEnum):
    """How it went."""

    DONE = 1
    """Also the guard's first word: the chip is set up and neutral."""
    STALE = 2
    """The sequence number is not above the last one; nothing was sent."""
    NONSENSE = 3
    """A value is not finite or out of range; the throttle is at neutral."""
    DEVICE = 4
    """The chip or its bus failed; neutral is tried on and on."""
    CONFIG = 5
    """The guard cannot begin with these settings."""
    LEFT = 6
    """The guard is ending; the throttle is at neutral."""


class Request(NamedTuple):
    """From the drive loop: sequence counts up by at least one each time."""

    ask: Ask
    sequence: int
    command: Command = STOP


class Reply(NamedTuple):
    """From the guard: what really went out, what it does with throttle, and what went wrong."""

    outcome: Outcome
    sequence: int = 0
    sent: Command = STOP
    state: GuardState = GuardState.WAITING
    text: str = ""


_REQUEST = struct.Struct("<BIdd")
_REPLY = struct.Struct("<BIddBH")
REQUEST_BYTES = _REQUEST.size
LONGEST_TEXT = 1000

LAST_TRIES_S = 10.0
"""How long neutral is tried after the drive loop has gone, while the bus is broken."""


def request_bytes(request: Request) -> bytes:
    """Pack a request."""
    return _REQUEST.pack(request.ask, request.sequence, *request.command)


def parse_request(data: bytes) -> Request:
    """Unpack REQUEST_BYTES bytes.

    Raises:
        ValueError: it is no request.
    """
    ask, sequence, steering, throttle = _REQUEST.unpack(data)
    return Request(Ask(ask), sequence, Command(steering, throttle))


def reply_bytes(reply: Reply) -> bytes:
    """Pack a reply; a long text is cut."""
    text = reply.text.encode()[:LONGEST_TEXT]
    head = _REPLY.pack(reply.outcome, reply.sequence, *reply.sent, reply.state, len(text))
    return head + text


def receive_reply(link: socket.socket) -> Reply:
    """Read one reply.

    Raises:
        EOFError: the other end is gone.
        OSError: the link failed, or its timeout passed.
    """
    outcome, sequence, steering, throttle, state, length = _REPLY.unpack(
        _receive(link, _REPLY.size)
    )
    text = _receive(link, length).decode(errors="replace") if length else ""
    sent = Command(steering, throttle)
    return Reply(Outcome(outcome), sequence, sent, GuardState(state), text)


def receive_request(link: socket.socket) -> Request:
    """Read one request.

    Raises:
        EOFError: the other end is gone.
        OSError: the link failed, or its timeout passed.
        ValueError: it is no request.
    """
    return parse_request(_receive(link, REQUEST_BYTES))


def _receive(link: socket.socket, size: int) -> bytes:
    data = link.recv(size)
    while 0 < len(data) < size:
        more = link.recv(size - len(data))
        if not more:
            break
        data += more
    if len(data) < size:
        raise EOFError("the other end of the guard's link is gone")
    return data
