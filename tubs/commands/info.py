"""`everlap tub info`: what tubs hold."""

from pathlib import Path

import click

from tubs.figures import check_outputs, json_option, write_figures


@click.command()
@click.argument("tubs", type=click.Path(path_type=Path), nargs=-1, required=True)
@json_option
def info(tubs: tuple[Path, ...], json_path: Path | None) -> None:
    """Say what tubs hold: records, duration, modes, steering."""
    from tubs.info import as_text, describe

    check_outputs(json_path)
    figures = [describe(folder) for folder in tubs]
    for figure in figures:
        click.echo(as_text(figure))
    write_figures(json_path, {"tubs": figures})
