"""What the drive loop, onlookers and the guard say to each other, as bytes of fixed size."""

import enum
import socket
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from car.command import STOP, Command
from car.guard.guard import GuardState


class Ask(enum.IntEnum):
    """What somebody wants of the guard."""

    APPLY = 1
    LEAVE = 2
    DRIVE = 3
    """To be the one whose commands count; answered when the speed controller is armed."""
    STATE = 4
    """To see how the guard fares; open to everyone."""


class Outcome(enum.IntEnum):
    """How it went."""

    DONE = 1
    """Also the guard's first word to a driver, with the settings' digest: the chip is neutral."""
    STALE = 2
    """The command is too old, or its number is not above the last one; nothing was sent."""
    NONSENSE = 3
    """A value is not finite or out of range; the throttle is at neutral."""
    DEVICE = 4
    """The chip or its bus failed; neutral is tried on and on."""
    CONFIG = 5
    """The guard cannot begin with these settings."""
    LEFT = 6
    """The driver has left, or the guard is ending; the throttle is at neutral."""
    BUSY = 7
    """Somebody else drives."""


class Request(NamedTuple):
    """To the guard: sequence counts up by at least one each time; made_s is monotonic time."""

    ask: Ask
    sequence: int = 0
    made_s: float = 0.0
    command: Command = STOP


class Reply(NamedTuple):
    """From the guard: what really went out, what it does with throttle, and what went wrong."""

    outcome: Outcome
    sequence: int = 0
    sent: Command = STOP
    state: GuardState = GuardState.WAITING
    text: str = ""


_REQUEST = struct.Struct("<BIddd")
_REPLY = struct.Struct("<BIddBH")
REQUEST_BYTES = _REQUEST.size
LONGEST_TEXT = 1000

REPLY_TIMEOUT_S = 0.1
"""A driver waits no longer for a reply, and the guard applies no command that is older.

So a guard that hangs is noticed, and neutral is in the chip, within 0.2 s; and one that wakes up
later does not apply what it was told before.
"""
LAST_TRIES_S = 10.0
"""How long neutral is tried after the drive loop has gone, while the bus is broken."""


def guard_socket(environ: Mapping[str, str]) -> Path:
    """Give the path at which a guard that is a service listens; EVERLAP_RUN names its folder."""
    return Path(environ.get("EVERLAP_RUN", "/run/everlap")) / "guard.sock"


def request_bytes(request: Request) -> bytes:
    """Pack a request."""
    return _REQUEST.pack(request.ask, request.sequence, request.made_s, *request.command)


def reply_bytes(reply: Reply) -> bytes:
    """Pack a reply; a long text is cut."""
    text = reply.text.encode()[:LONGEST_TEXT]
    head = _REPLY.pack(reply.outcome, reply.sequence, *reply.sent, reply.state, len(text))
    return head + text


def receive_request(link: socket.socket) -> Request:
    """Read one request, which has come whole or is none.

    Raises:
        EOFError: the other end is gone.
        OSError: the link failed.
        ValueError: it is no request.
    """
    data = link.recv(REQUEST_BYTES)
    if not data:
        raise EOFError("it is gone")
    if len(data) < REQUEST_BYTES:
        raise ValueError(f"it sent {len(data)} bytes, a request has {REQUEST_BYTES}")
    ask, sequence, made_s, steering, throttle = _REQUEST.unpack(data)
    return Request(Ask(ask), sequence, made_s, Command(steering, throttle))


def receive_reply(link: socket.socket) -> Reply:
    """Read one reply.

    Raises:
        EOFError: the other end is gone.
        OSError: the link failed, or its timeout passed.
        ValueError: it is no reply.
    """
    outcome, sequence, steering, throttle, state, length = _REPLY.unpack(
        _receive(link, _REPLY.size)
    )
    text = _receive(link, length).decode(errors="replace") if length else ""
    sent = Command(steering, throttle)
    return Reply(Outcome(outcome), sequence, sent, GuardState(state), text)


def _receive(link: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = link.recv(size - len(data))
        if not more:
            raise EOFError("the other end of the guard's link is gone")
        data += more
    return data
