"""Damaged records, named on the terminal."""

import click

from tubs.damage import Damage

SHOWN = 20
"""As many are named; the JSON file names all."""


def name_damage(damaged: list[Damage]) -> None:
    """Print a line for each of the first damaged records, and how many more there are."""
    for damage in damaged[:SHOWN]:
        click.echo(f"record {damage.record}: {damage.reason}")
    if len(damaged) > SHOWN:
        click.echo(f"and {len(damaged) - SHOWN} more; --json FILE names them all")
