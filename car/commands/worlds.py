"""The options that choose a simulated world, shared by the commands that drive in one."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = [
    click.option(
        "--seed",
        type=click.IntRange(0),
        default=0,
        show_default=True,
        help="Fixes looks, car and noise.",
    ),
    click.option("--surface", help="What the road is made of; drawn by the seed if not given."),
    click.option(
        "--look", default=0.5, show_default=True, help="How varied things look, from 0 to 1."
    ),
    click.option(
        "--delay", default=0.0, show_default=True, help="Seconds of delay added to the car's own."
    ),
]


def world_options(command: Command) -> Command:
    """Add --seed, --surface, --look and --delay to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
