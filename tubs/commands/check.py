"""`everlap tub check`: every record read, the damaged ones named."""

from pathlib import Path
from shlex import quote

import click

from tubs.commands.damage_shown import SHOWN, name_damage
from tubs.figures import check_outputs, json_option, write_figures
from tubs.progress import progress_bar


@click.command()
@click.argument("folder", metavar="TUB", type=click.Path(path_type=Path))
@json_option
@click.pass_context
def check(context: click.Context, /, folder: Path, json_path: Path | None) -> None:
    """Read every record of TUB and name the damaged ones; exit 1 when anything is damaged.

    Records that were dropped while driving are counted, and are no damage.
    """
    from tubs.health.check import check_tub

    check_outputs(json_path)
    with progress_bar("checking") as progress:
        report = check_tub(folder, progress)
    name_damage(report.damaged)
    for fault in report.faults:
        reason = fault.reason
        click.echo(reason if fault.where in reason else f"{fault.where}: {reason}")
    for remark in report.remarks[:SHOWN]:
        click.echo(remark)
    click.echo(f"{report.good} of {report.records} records are good")
    if report.good and (not report.whole or report.unfinished_sessions):
        click.echo(f"to make a whole tub of it: everlap tub repair {quote(str(folder))} OUT")
    write_figures(json_path, report)
    if not report.whole:
        context.exit(1)
