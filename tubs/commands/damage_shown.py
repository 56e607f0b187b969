"""Damaged records, named on the terminal."""

from collections.abc import Sequence
from typing import Protocol

import click

SHOWN = 20
"""As many are named; the JSON file names all."""


class NumberedDamage(Protocol):
    """A record that cannot be used."""

    @property
    def record(self) -> int:
        """Its number."""
        ...

    @property
    def reason(self) -> str:
        """What is wrong with it."""
        ...


def name_damage(damaged: Sequence[NumberedDamage]) -> None:
    """Print a line for each of the first damaged records, and how many more there are."""
    for damage in damaged[:SHOWN]:
        session = getattr(damage, "session", "")
        click.echo(f"record {damage.record}{f' ({session})' if session else ''}: {damage.reason}")
    if len(damaged) > SHOWN:
        click.echo(f"and {len(damaged) - SHOWN} more; --json FILE names them all")
