"""`everlap tub plot`: a whole tub on one page."""

from pathlib import Path

import click

from car.pictures.tub_selection import selected_records, selection_options
from tubs.commands.damage_shown import name_damage
from tubs.figures import check_outputs, json_option, write_figures
from tubs.progress import progress_bar
from tubs.reader import Tub

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("folder", metavar="TUB", type=_PATH)
@click.option("--out", required=True, type=_PATH, help="A .png, .svg or .pdf file to write.")
@selection_options
@json_option
def plot(
    folder: Path, out: Path, records: str | None, session: str | None, json_path: Path | None
) -> None:
    """Draw TUB on one page: commands, modes, events, rate and age over time, and histograms."""
    from train.tub_plot.page import check_plot_path, plot_tub

    check_outputs(json_path)
    check_plot_path(out)
    tub = Tub(folder)
    chosen = selected_records(tub, records, session)
    with progress_bar("reading") as progress:
        summary = plot_tub(tub, chosen, out, progress)
    name_damage(summary.damaged)
    shown = summary.records - len(summary.damaged)
    click.echo(f"{shown:,} records, {summary.duration_s:.1f} s of driving, are drawn in {out}")
    write_figures(json_path, summary)
