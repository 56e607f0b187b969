"""`everlap tub info`: what tubs hold."""

from pathlib import Path

import click

from tubs.figures import check_outputs, json_option, write_figures


@click.command()
@click.argument("tubs", metavar="TUB...", type=click.Path(path_type=Path), nargs=-1, required=True)
@json_option
def info(tubs: tuple[Path, ...], json_path: Path | None) -> None:
    """Say what tubs hold: sessions, rate, modes, events, steering, throttle, and what is odd."""
    from tubs.info.describe import describe
    from tubs.info.text import as_text, total_text

    check_outputs(json_path)
    figures = [describe(folder) for folder in tubs]
    click.echo("\n\n".join(as_text(figure) for figure in figures))
    if len(figures) > 1:
        click.echo(f"\n{total_text(figures)}")
    write_figures(json_path, {"tubs": figures})
