"""`everlap score`: a pilot beside what recorded drivers did, and beside simple baselines."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tubs.figures import check_outputs, json_option, write_figures
from tubs.progress import progress_bar

if TYPE_CHECKING:
    from train.scoring import SteeringScore, TubScore

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("pilot", type=_PATH)
@click.argument("tubs", type=_PATH, nargs=-1, required=True)
@click.option("--cache", type=_PATH, help="Folder for decoded images.")
@json_option
def score(pilot: Path, tubs: tuple[Path, ...], cache: Path | None, json_path: Path | None) -> None:
    """Score PILOT on the held-out blocks or sessions of TUBS, with baselines on the same."""
    from train.scoring import score_tubs

    check_outputs(json_path)
    with progress_bar("scoring") as progress:
        scores = score_tubs(pilot, list(tubs), cache, progress)
    for tub_score in scores:
        click.echo(as_text(tub_score))
    write_figures(json_path, {"pilot": str(pilot), "tubs": scores})


def as_text(found: "TubScore") -> str:
    """A small table."""
    known = "learned from it" if found.pilot_trained_on_it else "never saw it"
    lines = [
        f"{found.tub}: {found.split.held_out_records} of {found.records} records held out by "
        f"{found.split.kind}; the pilot {known}",
        f"  {'steering':8} {'MAE':>6} {'balanced':>8} {'RMSE':>6} {'R2':>6} {'side':>5}",
        _row("pilot", found),
    ]
    lines += [_row(name, line) for name, line in found.baselines.items()]
    lines.append(f"  throttle MAE {found.throttle_mae:.4f}, R2 {found.throttle_r2:.2f}")
    return "\n".join(lines)


def _row(name: str, line: "SteeringScore | TubScore") -> str:
    return (
        f"  {name:8} {line.mae:6.3f} {line.balanced_mae:8.3f} {line.rmse:6.3f} "
        f"{line.r2:6.2f} {line.sign_accuracy:5.0%}"
    )
