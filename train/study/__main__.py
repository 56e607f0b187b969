"""`python -m train.study`: which offline score of a checkpoint best predicts how it drives."""

import shlex
import sys
from pathlib import Path

import click

from tubs.figures import check_outputs, json_option, write_figures

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("folders", type=_PATH, nargs=-1, required=True)
@click.option("--work", type=_PATH, required=True, help="Folder to keep what is measured in.")
@click.option("--tracks", default="random:720000-720019", show_default=True)
@click.option("--laps", type=click.IntRange(1), default=3, show_default=True)
@click.option("--worlds", type=click.IntRange(2), default=40, show_default=True,
              help="Recorded for offline scores, clean and disturbed.")  # fmt: skip
@click.option("--seconds", type=click.FloatRange(2), default=9.0, show_default=True)
@click.option("--look", type=click.FloatRange(0, 1), default=0.7, show_default=True)
@click.option("--car-level", type=click.FloatRange(0, 1), default=0.5, show_default=True)
@click.option("--delay", type=click.FloatRange(0, 0.5), default=0.03, show_default=True)
@click.option("--workers", type=click.IntRange(1, 256), help="Processes.")
@click.option("--html", type=_PATH, help="Write a page.")
@json_option
def study(
    folders: tuple[Path, ...],
    work: Path,
    tracks: str,
    laps: int,
    worlds: int,
    seconds: float,
    look: float,
    car_level: float,
    delay: float,
    workers: int | None,
    html: Path | None,
    json_path: Path | None,
) -> None:
    """Score the pilots in FOLDERS on recorded frames, let each drive, and compare the two orders.

    What is measured is kept in --work: started again, it goes on where it was.
    """
    from train.quiet import without_chatter

    without_chatter()
    from car.fleet import usual_workers
    from car.simulation.tracks import parse_tracks
    from train.study.ranks import rank_all
    from train.study.report import headline, write_study
    from train.study.run import StudyPlan, find_checkpoints
    from train.study.run import study as measure

    check_outputs(html, json_path)
    plan = StudyPlan(work, worlds, seconds, parse_tracks(tracks), laps, look, car_level, delay,
                     workers or usual_workers())  # fmt: skip
    checkpoints = measure(find_checkpoints(folders), plan, lambda text: click.echo(text, err=True))
    found = rank_all(checkpoints)
    click.echo(headline(checkpoints, found))
    for each in found:
        if each.outcome == "off_road_per_100_laps" and each.rho is not None:
            bounds = "" if each.low is None else f"  ({each.low:+.2f} to {each.high:+.2f})"
            click.echo(f"  {each.score:24} {each.rho:+.2f}{bounds}")
    command = shlex.join(["python", "-m", "train.study", *sys.argv[1:]])
    if html is not None:
        write_study(html, checkpoints, found, command)
    write_figures(json_path, {"checkpoints": checkpoints, "predicts": found})


if __name__ == "__main__":
    from car.cli import Entry, main

    entry = Entry("train.study.__main__:study", "train", "Which offline score predicts driving.")
    sys.exit(main(["study", *sys.argv[1:]], {"study": entry}))
