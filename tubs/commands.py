"""`everlap tub`: look at recordings, check them, and import those of others."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tubs.errors import OutputError
from tubs.figures import check_outputs, json_option, write_figures
from tubs.progress import progress_bar

if TYPE_CHECKING:
    from tubs.damage import Damage
    from tubs.donkeycar_import import ImportReport

SHOWN = 20
"""As many damaged records are named on the terminal; the JSON file names all."""
_PATH = click.Path(path_type=Path)


@click.group()
def tub() -> None:
    """Look at tubs (recordings), check them, import others."""


@tub.command()
@click.argument("tubs", type=_PATH, nargs=-1, required=True)
@json_option
def info(tubs: tuple[Path, ...], json_path: Path | None) -> None:
    """Say what tubs hold: records, duration, modes, steering."""
    from tubs.info import as_text, describe

    check_outputs(json_path)
    figures = [describe(folder) for folder in tubs]
    for figure in figures:
        click.echo(as_text(figure))
    write_figures(json_path, {"tubs": figures})


@tub.command()
@click.argument("folder", metavar="TUB", type=_PATH)
@json_option
@click.pass_context
def check(context: click.Context, folder: Path, json_path: Path | None) -> None:
    """Read every record and name the damaged ones; exit 1 when there are any."""
    from tubs.check import check_tub

    check_outputs(json_path)
    with progress_bar("checking") as progress:
        report = check_tub(folder, progress)
    _name_damage(report.damaged)
    click.echo(f"{report.good} of {report.records} records are good")
    write_figures(json_path, report)
    if report.damaged:
        context.exit(1)


@tub.command(name="import")
@click.argument("source", type=_PATH)
@click.argument("destination", metavar="DEST", type=_PATH)
@json_option
def import_(source: Path, destination: Path, json_path: Path | None) -> None:
    """Make a tub DEST of the donkeycar tub SOURCE, version 1 or 2."""
    from tubs.donkeycar_import import import_donkeycar

    check_outputs(json_path)
    _check_apart(source, destination)
    with progress_bar("importing") as progress:
        report = import_donkeycar(source, destination, progress)
    _name_damage(report.damaged)
    for count, text in _remarks(report):
        if count:
            click.echo(f"{count} {text}")
    click.echo(
        f"{report.good} of {report.records} records are now in {destination}, "
        f"in {report.sessions} sessions"
    )
    write_figures(json_path, report)


def _remarks(report: "ImportReport") -> list[tuple[int, str]]:
    return [
        (report.deleted, "records left out: their owner had marked them as deleted"),
        (report.clipped, "records with a command outside [-1, +1]: set to the edge"),
        (report.encoded_anew, "images that were no colour JPEG: encoded anew"),
        (report.assumed_times, "records timed at 20 Hz: their time stamps make no sense"),
    ]


def _name_damage(damaged: "list[Damage]") -> None:
    for damage in damaged[:SHOWN]:
        click.echo(f"record {damage.record}: {damage.reason}")
    if len(damaged) > SHOWN:
        click.echo(f"and {len(damaged) - SHOWN} more; --json FILE names them all")


def _check_apart(source: Path, destination: Path) -> None:
    if destination.resolve().is_relative_to(source.resolve()):
        raise OutputError(f"{destination} lies in {source}: name a folder outside of it")
