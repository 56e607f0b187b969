"""`everlap bench train`: how fast a training is, beside donkeycar's, and what memory it takes."""

from pathlib import Path

import click

from tubs.figures import check_outputs, json_option, write_figures
from tubs.progress import progress_bar

_FEWEST, _MOST = 500, 10_000_000


def counts(context: click.Context, parameter: click.Parameter, value: str) -> tuple[int, ...]:
    """Numbers of records by comma; the word none is no number at all."""
    try:
        numbers = tuple(int(word) for word in ([] if value == "none" else value.split(",")))
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is neither numbers by comma nor none") from error
    if any(not _FEWEST <= number <= _MOST for number in numbers):
        raise click.BadParameter(f"{value}: each must be {_FEWEST} to {_MOST} records")
    return numbers


@click.command("train")
@click.option("--tub", type=click.Path(path_type=Path), help="Train on this, not on a simulated.")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1, 100))
@click.option(
    "--epochs",
    default=4,
    show_default=True,
    type=click.IntRange(2, 100),
    help="Of each timed training; the first does not count.",
)
@click.option(
    "--records",
    default="1000,20000,200000",
    show_default=True,
    callback=counts,
    help="Of the tubs whose memory is measured; 65 kB each on the disk. none: no memory.",
)
@click.option(
    "--steps",
    default=60,
    show_default=True,
    type=click.IntRange(2, 10_000),
    help="Of each training whose memory is measured.",
)
@click.option(
    "--donkeycar", metavar="PYTHON", help="A Python that has donkeycar and its TensorFlow."
)
@click.option(
    "--disk",
    type=click.Path(path_type=Path, file_okay=False, exists=True, writable=True),
    help="A folder for the long tubs; the temporary folder unless told otherwise.",
)
@json_option
def train(
    tub: Path | None,
    rounds: int,
    epochs: int,
    records: tuple[int, ...],
    steps: int,
    donkeycar: str | None,
    disk: Path | None,
    json_path: Path | None,
) -> None:
    """A training of the default network: images a second, and memory as tubs grow.

    Each training is a process of its own. With --donkeycar, donkeycar's own training of its
    default network, with the settings that it comes with, takes turns on the same records.
    """
    from train.bench.training import Scale, measure_training
    from train.bench.training_table import training_table

    check_outputs(json_path)
    with progress_bar("training") as progress:
        found = measure_training(
            Scale(rounds, epochs, records, steps), tub, donkeycar, disk, progress
        )
    click.echo(training_table(found))
    write_figures(json_path, found)
