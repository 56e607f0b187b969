"""`everlap tub import`: a recording of another program becomes a tub."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tubs.commands.damage_shown import name_damage
from tubs.counted import counted
from tubs.errors import OutputError
from tubs.figures import check_outputs, json_option, write_figures
from tubs.progress import progress_bar

if TYPE_CHECKING:
    from tubs.exchange.import_report import ImportReport

_PATH = click.Path(path_type=Path)


@click.command(name="import")
@click.argument("source", type=_PATH)
@click.argument("destination", metavar="DEST", type=_PATH)
@json_option
def import_(source: Path, destination: Path, json_path: Path | None) -> None:
    """Make a new tub DEST of the recording SOURCE of another program.

    SOURCE is a tub of donkeycar, version 1 or 2, or a folder with the driving_log.csv of Udacity's
    simulator; which one is found out. It is only read.
    """
    from tubs.exchange.importer import import_recording

    check_outputs(json_path)
    check_apart(source, destination)
    if json_path is not None:
        check_apart(source, json_path)
    with progress_bar("importing") as progress:
        report = import_recording(source, destination, progress)
    _tell(report, destination)
    write_figures(json_path, report)


def _tell(report: "ImportReport", destination: Path) -> None:
    name_damage(report.damaged)
    for count, text in _counts(report):
        if count:
            click.echo(f"{count} {text}")
    for remark in report.remarks:
        click.echo(remark)
    click.echo(
        f"{report.good + report.deleted} of {report.records} records are now in {destination}, "
        f"in {counted(report.sessions, 'session')}"
    )


def _counts(report: "ImportReport") -> list[tuple[int, str]]:
    return [
        (report.deleted, "records that their owner had deleted: taken over, and marked as deleted"),
        (report.clipped, "records with a command outside [-1, +1]: set to the edge"),
        (report.encoded_anew, "images that were no colour JPEG: encoded anew, the original kept"),
        (report.assumed_times, "records timed at 20 Hz: their time stamps make no sense"),
        (report.spare_images, "images that no record names: left out"),
    ]


def check_apart(source: Path, destination: Path) -> None:
    """Make sure that a result is not written into what it is made of.

    Raises:
        OutputError: it would be.
    """
    if destination.resolve().is_relative_to(source.resolve()):
        raise OutputError(f"{destination} lies in {source}: name a folder outside of it")
