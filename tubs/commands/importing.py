"""`everlap tub import`: a recording of another program becomes a tub."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tubs.commands.damage_shown import name_damage
from tubs.errors import OutputError
from tubs.figures import check_outputs, json_option, write_figures
from tubs.progress import progress_bar

if TYPE_CHECKING:
    from tubs.exchange.donkeycar_import import ImportReport

_PATH = click.Path(path_type=Path)


@click.command(name="import")
@click.argument("source", type=_PATH)
@click.argument("destination", metavar="DEST", type=_PATH)
@json_option
def import_(source: Path, destination: Path, json_path: Path | None) -> None:
    """Make a tub DEST of the donkeycar tub SOURCE, version 1 or 2."""
    from tubs.exchange.donkeycar_import import import_donkeycar

    check_outputs(json_path)
    _check_apart(source, destination)
    with progress_bar("importing") as progress:
        report = import_donkeycar(source, destination, progress)
    name_damage(report.damaged)
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


def _check_apart(source: Path, destination: Path) -> None:
    if destination.resolve().is_relative_to(source.resolve()):
        raise OutputError(f"{destination} lies in {source}: name a folder outside of it")
