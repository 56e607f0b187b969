"""Findings as text for a terminal of 80 columns: a line or two a check, then what to do."""

import textwrap
from collections.abc import Sequence

import click

from car.doctor.check import Check, Group

WIDTH = 80
NAME_WIDTH = 24
MARKS = {True: "ok", False: "!!", None: "-"}
COLOURS = {True: "green", False: "red", None: "bright_black"}


def shown_group(group: Group) -> str:
    """Show a group: its title, then its checks."""
    return "\n".join([click.style(group.title, bold=True), *map(_shown, group.checks), ""])


def _shown(check: Check) -> str:
    mark = click.style(f"{MARKS[check.ok]:<2}", fg=COLOURS[check.ok])
    lines = textwrap.wrap(
        f"{check.name:<{NAME_WIDTH}} {check.detail}",
        WIDTH - 6,
        subsequent_indent=" " * (NAME_WIDTH + 1),
        break_on_hyphens=False,
        break_long_words=False,
    )
    return "\n".join([f"  {mark}  {lines[0]}", *(f"      {line}" for line in lines[1:])])


def shown_remedies(checks: Sequence[Check]) -> str:
    """Show what to do about what failed, then advice on the rest, then the count."""
    failed = [check for check in checks if check.ok is False]
    advised = [check for check in checks if check.ok is not False and check.remedy]
    parts = []
    if failed:
        parts += [click.style("What to do", bold=True), *map(_remedy, failed), ""]
    if advised:
        parts += [click.style("Advice", bold=True), *map(_remedy, advised), ""]
    return "\n".join([*parts, _count(checks, len(failed))])


def _remedy(check: Check) -> str:
    return textwrap.fill(
        f"{check.name}: {check.remedy or check.detail}",
        WIDTH,
        initial_indent="  ",
        subsequent_indent="      ",
        break_on_hyphens=False,
        break_long_words=False,
    )


def _count(checks: Sequence[Check], failed: int) -> str:
    good = sum(check.ok is True for check in checks)
    rest = len(checks) - good - failed
    return (
        f"{good} ok, {failed or 'none'} failed, {rest} that do not apply here or could not be told"
    )
