"""`everlap tub check`: every record read, the damaged ones named."""

from pathlib import Path

import click

from tubs.commands.damage_shown import name_damage
from tubs.figures import check_outputs, json_option, write_figures
from tubs.progress import progress_bar


@click.command()
@click.argument("folder", metavar="TUB", type=click.Path(path_type=Path))
@json_option
@click.pass_context
def check(context: click.Context, folder: Path, json_path: Path | None) -> None:
    """Read every record and name the damaged ones; exit 1 when there are any."""
    from tubs.check import check_tub

    check_outputs(json_path)
    with progress_bar("checking") as progress:
        report = check_tub(folder, progress)
    name_damage(report.damaged)
    click.echo(f"{report.good} of {report.records} records are good")
    write_figures(json_path, report)
    if report.damaged:
        context.exit(1)
