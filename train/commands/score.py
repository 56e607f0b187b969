"""`everlap score`: a pilot beside what recorded drivers did, and beside simple baselines."""

from pathlib import Path

import click

from tubs.figures import check_outputs, json_option, write_figures
from tubs.progress import progress_bar

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("pilot")
@click.argument("tubs", type=_PATH, nargs=-1, required=True)
@click.option("--cache", type=_PATH, help="Folder for decoded images.")
@json_option
def score(pilot: str, tubs: tuple[Path, ...], cache: Path | None, json_path: Path | None) -> None:
    """Score PILOT on the held-out blocks or sessions of TUBS, with baselines on the same.

    A pilot is never measured on what it learned from: of a tub that stands on its card only the
    records count that were kept from it.
    """
    from train.quiet import without_chatter

    without_chatter()
    from train.scoring.score_text import as_text
    from train.scoring.scoring import score_tubs

    check_outputs(json_path)
    with progress_bar("scoring") as progress:
        scores = score_tubs(pilot, list(tubs), cache, progress)
    click.echo("\n\n".join(as_text(tub_score) for tub_score in scores))
    write_figures(json_path, {"pilot": pilot, "tubs": scores})
