"""Damaged records, named on the terminal."""

import re
from collections.abc import Iterable, Sequence
from typing import Protocol

import click

SHOWN = 20
"""As many lines are printed; the JSON file names all records."""


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
    """Print the first damaged records, a line for neighbours that fail alike, and how many more."""
    runs = _runs(damaged)
    for run in runs[:SHOWN]:
        first = run[0]
        session = getattr(first, "session", "")
        records = f"records {first.record}-{run[-1].record}" if len(run) > 1 else ""
        click.echo(
            f"{records or f'record {first.record}'}{f' ({session})' if session else ''}: "
            f"{first.reason}{', and so on' if len(run) > 1 else ''}"
        )
    if more := sum(len(run) for run in runs[SHOWN:]):
        click.echo(f"and {more} more; --json FILE names them all")


def _runs(damaged: Iterable[NumberedDamage]) -> list[list[NumberedDamage]]:
    """Neighbouring records of one session whose reasons differ in nothing but numbers."""
    runs: list[list[NumberedDamage]] = []
    for damage in damaged:
        if runs and _is_next(runs[-1][-1], damage):
            runs[-1].append(damage)
        else:
            runs.append([damage])
    return runs


def _is_next(before: NumberedDamage, damage: NumberedDamage) -> bool:
    return damage.record == before.record + 1 and _kind(damage) == _kind(before)


def _kind(damage: NumberedDamage) -> tuple[str, str]:
    return getattr(damage, "session", ""), re.sub(r"\d+", "#", damage.reason)
