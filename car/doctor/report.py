"""Findings as text for a terminal of 80 columns: a line or two a check, then what to do."""

import re
import textwrap
from collections.abc import Sequence

import click

from car.doctor.check import Check, Group

WIDTH = 80
NAME_WIDTH = 24
COMMAND = re.compile(r"`[^`]*`")
UNBROKEN = "\N{NO-BREAK SPACE}"
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
        parts += [click.style("What to do", bold=True), *_remedies(failed), ""]
    if advised:
        parts += [click.style("Advice", bold=True), *_remedies(advised), ""]
    return "\n".join([*parts, _count(checks, len(failed))])


def _remedies(checks: Sequence[Check]) -> list[str]:
    """One paragraph for each thing to do, named after all that it is good for."""
    names: dict[str, list[str]] = {}
    for check in checks:
        names.setdefault(check.remedy or check.detail, []).append(check.name)
    return [_paragraph(f"{', '.join(names)}: {remedy}") for remedy, names in names.items()]


def _paragraph(text: str) -> str:
    """Wrap a text, but no command in it: what stands between backquotes is to be copied."""
    whole = COMMAND.sub(lambda found: found[0].replace(" ", UNBROKEN), text)
    wrapped = textwrap.fill(
        whole,
        WIDTH,
        initial_indent="  ",
        subsequent_indent="      ",
        break_on_hyphens=False,
        break_long_words=False,
    )
    return wrapped.replace(UNBROKEN, " ")


def _count(checks: Sequence[Check], failed: int) -> str:
    good = sum(check.ok is True for check in checks)
    rest = len(checks) - good - failed
    return (
        f"{good} ok, {failed or 'none'} failed, {rest} that do not apply here or could not be told"
    )
