"""`everlap tub export`: a tub for another program, or as plain files."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tubs.commands.damage_shown import name_damage
from tubs.commands.importing import check_apart
from tubs.figures import check_outputs, json_option, write_figures
from tubs.progress import progress_bar

if TYPE_CHECKING:
    from tubs.exchange.export_report import ExportReport

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("folder", metavar="TUB", type=_PATH)
@click.argument("destination", metavar="DEST", type=_PATH)
@click.option(
    "--to",
    type=click.Choice(["donkeycar", "csv"]),
    required=True,
    help="donkeycar: a tub of version 2. csv: JPEG files and one table.",
)
@click.option(
    "--all",
    "keep_deleted",
    is_flag=True,
    help="With csv: also what is marked as deleted. A donkeycar tub always has it, so marked.",
)
@json_option
def export(
    folder: Path, destination: Path, to: str, keep_deleted: bool, json_path: Path | None
) -> None:
    """Write the records of TUB to a new folder DEST for other programs."""
    check_outputs(json_path)
    check_apart(folder, destination)
    report = _exported(folder, destination, to, keep_deleted)
    _tell(report, destination)
    write_figures(json_path, report)


def _exported(folder: Path, destination: Path, to: str, keep_deleted: bool) -> "ExportReport":
    from tubs.exchange.csv_export import export_csv
    from tubs.exchange.donkeycar_export import export_donkeycar

    with progress_bar("exporting") as progress:
        if to == "csv":
            return export_csv(folder, destination, keep_deleted, progress)
        return export_donkeycar(folder, destination, progress)


def _tell(report: "ExportReport", destination: Path) -> None:
    name_damage(report.damaged)
    if report.left_out:
        click.echo(f"{report.left_out} records marked as deleted: left out; --all keeps them")
    elif report.deleted:
        click.echo(f"{report.deleted} records are marked as deleted")
    if report.renumbered:
        click.echo("all records numbered anew: two had the same index or image name")
    for remark in report.remarks:
        click.echo(remark)
    click.echo(f"{report.good} of {report.records} records are now in {destination}")
