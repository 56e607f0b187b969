"""`python -m train.ablation`: what each part of the recipe is worth, in laps."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tubs.figures import check_outputs, json_option, write_figures

if TYPE_CHECKING:
    from train.ablation.compare import Compared
    from train.ablation.run import AblationPlan

_PATH = click.Path(path_type=Path)


@click.command()
@click.option("--work", type=_PATH, required=True, help="Folder to keep everything in.")
@click.option("--epochs", type=click.IntRange(1), default=20, show_default=True,
              help="Passes over --frames examples, for all variants.")  # fmt: skip
@click.option("--minutes", type=click.FloatRange(0, min_open=True), help="Instead of --epochs.")
@click.option("--seeds", default="1,2,3", show_default=True, help="Trainings of each variant.")
@click.option("--only", help="Variants by comma; the default always is among them.")
@click.option("--frames", type=click.IntRange(200), default=20_000, show_default=True)
@click.option("--worlds", type=click.IntRange(8), default=120, show_default=True,
              help="Recorded, for so many frames in all.")  # fmt: skip
@click.option("--suite", default="ordinary", show_default=True,
              help="Roads to drive: ordinary, hard or foreign.")  # fmt: skip
@click.option("--tracks", help="Instead of those of the suite.")
@click.option("--laps", type=click.IntRange(1), default=4, show_default=True)
@click.option("--starts", type=click.IntRange(0), default=4, show_default=True,
              help="Disturbed starts on each road.")  # fmt: skip
@click.option("--scored", type=click.IntRange(8), default=40, show_default=True,
              help="Worlds recorded for the offline score.")  # fmt: skip
@click.option("--workers", type=click.IntRange(1, 256), help="Processes.")
@click.option("--html", type=_PATH, help="Write a page.")
@json_option
def ablation(html: Path | None, json_path: Path | None, **options: Any) -> None:
    """Train the usual recipe and variants of it with equal budgets, and let all drive the same.

    Tubs are recorded by the simulator's expert. What is done is kept in --work: started again, it
    goes on where it was. Page and figures are written after each seed.
    """
    from train.quiet import without_chatter

    without_chatter()
    from train.ablation.compare import made_by_several
    from train.ablation.report import finding, headline, write_ablation
    from train.ablation.run import ablation as measure
    from train.errors import StoppedEarlyError

    check_outputs(html, json_path)
    command = shlex.join(["python", "-m", "train.ablation", *sys.argv[1:]])

    def so_far(compared: "list[Compared]") -> None:
        if html is not None:
            write_ablation(html, compared, command)
        write_figures(json_path, {"command": command, "variants": compared})

    try:
        compared = measure(_plan(**options), lambda text: click.echo(text, err=True), so_far)
    except KeyboardInterrupt as error:
        raise StoppedEarlyError(
            f"interrupted; what is done is kept in {options['work']}: the same command goes on"
        ) from error
    if made_by_several(compared):
        click.echo("these pilots were trained by different versions of the code; for a fair "
                   "comparison name a new --work", err=True)  # fmt: skip
    click.echo(headline(compared))
    for each in compared[1:]:
        click.echo(f"  {finding(each)}")


def _plan(
    work: Path,
    epochs: int,
    minutes: float | None,
    seeds: str,
    only: str | None,
    frames: int,
    worlds: int,
    suite: str,
    tracks: str | None,
    laps: int,
    starts: int,
    scored: int,
    workers: int | None,
) -> "AblationPlan":
    import msgspec

    from car.fleet import usual_workers
    from train.ablation.measuring import Course
    from train.ablation.run import AblationPlan
    from train.ablation.variants import find_variants, parse_seeds
    from train.driving.scenarios import find_suite
    from train.driving.suite_worlds import with_disturbed_starts, worlds_of

    roads = find_suite(suite)
    roads = msgspec.structs.replace(roads, tracks=tracks or roads.tracks)
    course = Course(
        worlds_of(roads), laps, worlds_of(with_disturbed_starts(roads)), starts,
        workers or usual_workers(),
    )  # fmt: skip
    return AblationPlan(
        work, find_variants(only), parse_seeds(seeds), frames, worlds, epochs, minutes, scored,
        course,
    )  # fmt: skip


if __name__ == "__main__":
    from car.cli import Entry, main

    entry = Entry("train.ablation.__main__:ablation", "train", "What each part is worth.")
    sys.exit(main(["ablation", *sys.argv[1:]], {"ablation": entry}))
