"""`everlap train`: a pilot from tubs."""

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from train.errors import StoppedEarlyError, TrainError
from train.learning.history import as_table
from tubs.atomic import check_writable

if TYPE_CHECKING:
    from train.learning.pilot import Plan, Progress
    from train.learning.trained import Trained

_PATH = click.Path(path_type=Path)

PRACTISING = "recording practice pictures with class maps, once for this camera"
STOPPED = "stopping: the best epoch becomes the pilot; Ctrl-C once more to leave without it"


@click.command()
@click.argument("tubs", type=_PATH, nargs=-1)
@click.option("--out", type=_PATH, help="Pilot file to write, NAME.tflite.")
@click.option("--seed", type=click.IntRange(0, 2**31), default=0, show_default=True)
@click.option("--epochs", type=click.IntRange(1), default=40, show_default=True)
@click.option("--minutes", type=click.FloatRange(0, min_open=True), help="Instead of --epochs.")
@click.option("--size", type=click.Choice(["usual", "nano"]), default="usual", show_default=True,
              help="Of the network; nano is a third.")  # fmt: skip
@click.option("--batch", type=click.IntRange(8, 1024), default=64, show_default=True)
@click.option("--rate", type=click.FloatRange(1e-6, 0.1), default=3e-3, show_default=True)
@click.option("--delay", type=click.FloatRange(0, 1), help="Label delay in seconds.")
@click.option("--cache", type=_PATH, help="Folder for decoded images.")
@click.option("--no-shift", is_flag=True, help="Do not shift the view sideways.")
@click.option("--no-mirror", is_flag=True, help="Do not exchange left and right.")
@click.option("--no-light", is_flag=True, help="Do not change light and colour.")
@click.option("--no-practice", is_flag=True, help="No simulated class maps for tubs without any.")
@click.option("--no-report", is_flag=True, help="Do not write NAME.html.")
@click.option("--evaluate", type=click.IntRange(1, 100), help="Drive so many roads for the report.")
@click.option("--checkpoints", type=_PATH, help="New folder for pilots from along the way.")
@click.option("--keep", type=click.IntRange(1, 1000), default=10, show_default=True,
              help="How many --checkpoints.")  # fmt: skip
@click.option("--list", "listed", is_flag=True, help="Show the trainings of a folder, best first.")
def train(
    tubs: tuple[Path, ...],
    out: Path | None,
    no_report: bool,
    evaluate: int | None,
    listed: bool,
    **options: Any,
) -> None:
    """Train a network on TUBS, quantize it to int8, and write a pilot file.

    Beside NAME.tflite come NAME.html, a report; NAME.keras, the float network; NAME.json, its
    epochs; and a line in trainings.jsonl, which `everlap train --list FOLDER` shows. Ctrl-C ends
    the training and keeps the best network until then.
    """
    if listed:
        click.echo("\n\n".join(as_table(folder) for folder in tubs or (Path(),)))
        return
    if not tubs or out is None:
        raise click.UsageError("name at least one tub, and the pilot to write: --out NAME.tflite")
    from train.quiet import without_chatter

    without_chatter()
    from train.learning.pilot import train_pilot

    page = None if no_report else check_writable(out.with_suffix(".html"))
    with progress_shown() as report:
        trained = train_pilot(list(tubs), out, _plan(**options), report)
    if page is not None:
        _write_report(page, trained, evaluate or 0)
    click.echo(summary(trained))
    for change in trained.tubs_changed:
        click.echo(f"{change}. Train again if that matters; the card says so.", err=True)
    complain(trained)


def complain(trained: "Trained") -> None:
    """Tell the caller by an error that the training ended early, and what there is all the same.

    Raises:
        TrainError: something failed.
        StoppedEarlyError: somebody pressed Ctrl-C.
    """
    if trained.failure:
        raise TrainError(f"{trained.failure}. {_kept(trained)}")
    if trained.interrupted:
        raise StoppedEarlyError(f"interrupted. {_kept(trained)}")


def _kept(trained: "Trained") -> str:
    return (
        f"The best epoch, {trained.best_epoch} of {len(trained.history)}, is kept in "
        f"{trained.pilot} and {trained.float_file}"
    )


def _plan(
    seed: int,
    epochs: int,
    minutes: float | None,
    size: str,
    batch: int,
    rate: float,
    delay: float | None,
    cache: Path | None,
    no_shift: bool,
    no_mirror: bool,
    no_light: bool,
    no_practice: bool,
    checkpoints: Path | None,
    keep: int,
) -> "Plan":
    from train.learning.batches import Variation
    from train.learning.checkpoints import Checkpoints
    from train.learning.fit import Budget, Schedule
    from train.learning.pilot import Plan
    from train.learning.practice import Practice

    usual = Variation()
    return Plan(
        seed=seed,
        budget=Budget(epochs=epochs, minutes=minutes),
        size=size,
        schedule=Schedule(batch=batch, rate=rate),
        variation=Variation(
            shifted=0.0 if no_shift else usual.shifted,
            mirrored=0.0 if no_mirror else usual.mirrored,
            light=0.0 if no_light else usual.light,
        ),
        delay_s=delay,
        cache=cache,
        practice=None if no_practice else Practice(),
        checkpoints=None if checkpoints is None else Checkpoints(checkpoints, keep),
    )


def _write_report(page: Path, trained: "Trained", roads: int) -> None:
    from train.report.pilot_report import write_pilot_report

    verdict = write_pilot_report(page, trained, command_line(), roads)
    click.echo(f"{page}: {verdict}")


def command_line() -> str:
    """What was typed, to type it again."""
    return shlex.join(["everlap", *sys.argv[1:]])


def summary(trained: "Trained") -> str:
    """What was reached, in a few lines."""
    before, after = trained.card.scores_float, trained.card.scores_int8
    lines = [f"{trained.pilot}: {trained.pilot.stat().st_size / 1024:.0f} KB"]
    for name, scores in (("float", before), ("int8", after)):
        if scores is None:
            continue
        miou = "-" if scores.class_map_miou is None else f"{scores.class_map_miou:.3f}"
        lines.append(
            f"{name:5}  steering MAE {scores.steering_mae:.4f} (R2 {scores.steering_r2:.2f})   "
            f"throttle MAE {scores.throttle_mae:.4f} (R2 {scores.throttle_r2:.2f})   "
            f"class map mIoU {miou}   on {scores.records} held-out records"
        )
    return "\n".join(lines)


def epoch_line(progress: "Progress") -> str:
    """One epoch in one line."""
    epoch = progress.epoch
    if epoch is None:
        return ""
    miou = epoch.held_out_class_map_miou
    return (
        f"epoch {epoch.epoch:3}  {epoch.images_per_s:5.0f} images/s  "
        f"loss {epoch.steering_loss:.3f} {epoch.throttle_loss:.3f} {epoch.class_map_loss:.3f}  "
        f"held out: steering {epoch.held_out_steering_mae:.4f}  "
        f"throttle R2 {epoch.held_out_throttle_r2:.2f}"
        + (f"  mIoU {miou:.3f}" if miou is not None else "")
    )


@contextmanager
def progress_shown() -> "Iterator[Callable[[Progress], None]]":
    """A bar on a terminal, else a line an epoch; both on stderr."""
    if not sys.stderr.isatty():
        yield _print_epoch
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description:8}"),
        BarColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("decode", total=1.0, speed="")

        def show(progress: "Progress") -> None:
            speed = f"{progress.images_per_s:.0f} images/s" if progress.images_per_s else ""
            bar.update(task, description=progress.stage, completed=progress.share, speed=speed)
            if progress.said:
                bar.console.print(progress.said, highlight=False, markup=False)
            if progress.epoch is not None:
                bar.console.print(epoch_line(progress), highlight=False)
            if progress.stage == "stopped":
                bar.console.print(STOPPED, highlight=False)

        yield show


def _print_epoch(progress: "Progress") -> None:
    if progress.said:
        click.echo(progress.said, err=True)
    if progress.epoch is not None:
        click.echo(epoch_line(progress), err=True)
    if progress.stage == "stopped":
        click.echo(STOPPED, err=True)
    if progress.stage == "practice" and progress.share == 0.0:
        click.echo(PRACTISING, err=True)
