"""`everlap demo`: the whole loop on a simulated car, from nothing to laps."""

import shutil
from pathlib import Path

import click

from tubs.errors import EverlapError, OutputError
from tubs.figures import check_outputs, json_option, write_figures

MARK = ".everlap-demo"
"""A file that says that a folder was made by a demo, and may be cleared by the next one."""


class NotGoodEnoughError(EverlapError):
    """The demo ran to its end, and its pilot does not drive well."""

    exit_code = 1


@click.command()
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 500))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("everlap-demo"),
    show_default=True,
    help="Folder for the tub, the pilot, the film and the report.",
)
@click.option(
    "--minutes",
    default=5.0,
    type=click.FloatRange(0, min_open=True),
    show_default=True,
    help="How long to train.",
)
@json_option
def demo(seed: int, out: Path, minutes: float, json_path: Path | None) -> None:
    """Record, train, quantize and drive, all on a simulated car.

    A simulated driver records a tub on many roads, a network learns from it, is quantized to
    int8, and drives three roads that it has never seen, ten laps each. Open report.html in the
    folder afterwards.
    """
    check_outputs(json_path)
    _make_room(out)
    from train.commands.train import progress_shown
    from train.quiet import without_chatter

    without_chatter()
    from train.demo.demo import run_demo
    from train.demo.plan import DemoPlan

    figures = run_demo(DemoPlan(out, seed, minutes=minutes), click.echo, progress_shown)
    total = figures.total
    click.echo(
        f"{total.laps_done} of {total.laps_asked} laps on roads it had never seen, "
        f"{total.off_road_events} off-road events; steering error int8 "
        f"{figures.scores_int8['steering_mae']:.4f}, float "
        f"{figures.scores_float['steering_mae']:.4f}; "
        f"{sum(figures.seconds.values()) / 60:.1f} minutes\n"
        f"see {out / 'report.html'} and {out / 'lap.mp4'}; drive it yourself: "
        f"./everlap drive --sim random:5 --pilot {out / 'pilot.tflite'}"
    )
    write_figures(json_path, figures)
    if total.laps_done < total.laps_asked:
        raise NotGoodEnoughError("the pilot did not finish its laps: see the report")


def _make_room(folder: Path) -> None:
    """An empty folder; what an earlier demo left in its own is removed, nothing else ever.

    Raises:
        OutputError: the folder holds something else, or cannot be made.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is a file: name a folder for the demo")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        found = sorted(path.name for path in folder.iterdir())
        if found and MARK not in found:
            raise OutputError(
                f"{folder} holds {found[0]} and is not a demo's: name a new folder with --out"
            )
        for path in folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        (folder / MARK).touch()
    except OSError as error:
        raise OutputError(f"cannot make room in {folder}: {error.strerror}") from error
