"""What one look at the car found, and what to do about it."""

from typing import NamedTuple

import msgspec


class Check(msgspec.Struct, frozen=True):
    """One finding.

    Attributes:
        name: the same at every run and on every machine.
        ok: None when it could not be told, or does not apply here.
        detail: what was found.
        remedy: what to do about it; empty when there is nothing to do. With `ok` None or true it
            is advice.
    """

    name: str
    ok: bool | None
    detail: str
    remedy: str = ""


class Group(NamedTuple):
    """Checks that belong together."""

    title: str
    checks: list[Check]
