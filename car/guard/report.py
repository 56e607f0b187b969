"""A look at a guard that is a service, by whoever may connect to it; it cannot be commanded so."""

import json
from dataclasses import dataclass
from pathlib import Path

from car.errors import GuardError
from car.guard.keepers import connect
from car.guard.messages import Ask, Request, receive_reply, request_bytes


@dataclass(frozen=True, slots=True)
class GuardReport:
    """How a guard fares.

    Attributes:
        state: waiting, driving or latched.
        arming: whether the speed controller must see neutral a while longer.
        age_s: of the last command; None when there was none.
        driver: process id of whoever drives; None when nobody does.
        neutral_owed: whether neutral did not reach the chip yet.
        sent: steering and throttle as they went out last.
        settings: their digest.
        guard: the guard's own process id.
        failed_writes: transfers that the bus did not take.
        restarts: how often the chip restarted by itself.
    """

    state: str
    arming: bool
    age_s: float | None
    driver: int | None
    neutral_owed: bool
    sent: list[float]
    settings: str
    guard: int
    failed_writes: int
    restarts: int


def look_at_guard(path: Path) -> GuardReport:
    """Ask a guard how it fares.

    Raises:
        GuardError: it is not there, may not be talked to, or does not answer within a second.
    """
    with connect(path) as link:
        try:
            link.sendall(request_bytes(Request(Ask.STATE)))
            reply = receive_reply(link)
            return GuardReport(**json.loads(reply.text))
        except (EOFError, OSError, ValueError, TypeError) as error:
            raise GuardError(f"the guard at {path} does not answer ({error})") from error
