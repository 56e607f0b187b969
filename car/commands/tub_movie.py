"""`everlap tub movie`: a film of a tub."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from car.pictures.tub_selection import selected_records, selection_options
from car.pictures.video import check_video_path
from tubs.commands.damage_shown import name_damage
from tubs.errors import OutputError
from tubs.figures import check_outputs, json_option, write_figures
from tubs.progress import progress_bar
from tubs.reader import Tub

if TYPE_CHECKING:
    from car.pictures.tub_movie import MovieSummary

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("folder", metavar="TUB", type=_PATH)
@click.option("--out", required=True, type=_PATH, help="A .mp4 or .gif file to write.")
@selection_options
@click.option(
    "--speed", default=1.0, show_default=True, type=click.FloatRange(0.05, 100.0),
    help="Times as fast as it was recorded.",
)  # fmt: skip
@click.option(
    "--scale", type=click.IntRange(1, 32), help="Times as large; about 480 px high if not given."
)
@click.option("--pilot", type=_PATH, help="A pilot file: show what it would do on each picture.")
@click.option("--plain", is_flag=True, help="The pictures alone, without instruments and titles.")
@click.option("--all", "deleted_too", is_flag=True, help="Show deleted records too, dimmed.")
@json_option
def movie(
    folder: Path,
    out: Path,
    records: str | None,
    session: str | None,
    speed: float,
    scale: int | None,
    pilot: Path | None,
    plain: bool,
    deleted_too: bool,
    json_path: Path | None,
) -> None:
    """Make a film of TUB, at the rate at which it was recorded.

    Over the pictures: steering and throttle as applied, as the human and as the pilot wished;
    mode, speed, record and time; events as they happen. Deleted records are left out, and pauses.
    """
    check_outputs(json_path)
    check_video_path(out)
    if plain and pilot is not None:
        raise OutputError("--plain shows no instruments, so --pilot would not be seen: choose one")
    tub = Tub(folder)
    chosen = selected_records(tub, records, session)
    from car.pictures.tub_movie import MovieWish, make_movie

    wish = MovieWish(out, chosen, speed, scale, pilot, plain, deleted_too)
    with progress_bar("filming") as progress:
        summary = make_movie(tub, wish, progress)
    name_damage(summary.damaged)
    click.echo(_as_text(summary, out))
    write_figures(json_path, summary)


def _as_text(summary: "MovieSummary", out: Path) -> str:
    lines = []
    if summary.skipped_deleted:
        lines.append(f"{summary.skipped_deleted} deleted records left out; --all shows them")
    if summary.skipped_too_fast:
        lines.append(f"{summary.skipped_too_fast} records passed over, for the film is that fast")
    if summary.pilot is not None:
        lines.append(
            f"{Path(summary.pilot.file).name} differs from what was done by "
            f"{summary.pilot.steering_mae:.3f} of steering and "
            f"{summary.pilot.throttle_mae:.3f} of throttle on average"
        )
    shown = summary.frames - summary.title_cards
    lines.append(f"{shown} records in {summary.duration_s:.1f} s of film: {out}")
    return "\n".join(lines)
