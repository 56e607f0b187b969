"""`everlap doctor`: examine the car and its computer, and say what to do."""

import os
from pathlib import Path

import click

from car.doctor.check import Check
from car.doctor.examination import examine
from car.doctor.machine import this_machine
from car.doctor.report import shown_group, shown_remedies
from car.doctor.subject import read_subject
from car.pilots.shipped import SHIPPED_PILOT
from tubs.errors import EverlapError
from tubs.figures import check_outputs, json_option, write_figures

RECORDINGS = Path("recordings")


class UnwellError(EverlapError):
    """Some check failed; the report says which."""

    exit_code = 1


@click.command()
@click.option(
    "--config",
    "config_path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    show_default="car.toml in this folder",
    help="The car's settings; its parts are then expected to be here.",
)
@click.option(
    "--pilot",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=SHIPPED_PILOT,
    show_default="the shipped one",
    help="The pilot to try.",
)
@json_option
def doctor(config_path: Path | None, pilot: Path, json_path: Path | None) -> None:
    """Examine the car and its computer, and say what to do.

    Nothing moves: the chip is read, never written. "ok" is well, "!!" failed, "-" does not apply
    here or could not be told. The exit code is 1 when a check failed.
    """
    check_outputs(json_path)
    subject = read_subject(config_path, pilot, RECORDINGS)
    machine = this_machine()
    colour = False if os.environ.get("NO_COLOR") else None
    click.echo(f"{machine.model or 'no Raspberry Pi'}\n")
    checks: list[Check] = []
    for group in examine(machine, subject):
        click.echo(shown_group(group), color=colour)
        checks += group.checks
    click.echo(shown_remedies(checks), color=colour)
    failed = [check.name for check in checks if check.ok is False]
    write_figures(json_path, {"checks": checks, "ok": not failed})
    if failed:
        raise UnwellError(f"failed: {', '.join(failed)}")
