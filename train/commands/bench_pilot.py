"""`everlap bench pilot`: how long a decision takes, beside donkeycar's network."""

from pathlib import Path
from tempfile import TemporaryDirectory

import click

from car.bench.pilot import Entrant, measure_decisions
from car.bench.pilot_table import pilot_table
from car.pilots.shipped import SHIPPED_PILOT
from train.bench.float_form import float_form
from train.errors import TrainError
from tubs.figures import check_outputs, json_option, write_figures
from tubs.progress import progress_bar


@click.command("pilot")
@click.argument("pilots", metavar="[PILOT]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--rounds", default=20, show_default=True, type=click.IntRange(1, 1000))
@click.option(
    "--calls", default=50, show_default=True, type=click.IntRange(10, 10_000), help="A round."
)
@click.option(
    "--donkeycar", metavar="PYTHON", help="A Python that has donkeycar and its TensorFlow."
)
@json_option
def pilot(
    pilots: tuple[Path, ...],
    rounds: int,
    calls: int,
    donkeycar: str | None,
    json_path: Path | None,
) -> None:
    """Decisions of pilot files, one thread: int8, float, and what the class map costs.

    Of the pilot that comes with Everlap when none is named. The float form is measured where
    NAME.keras lies beside NAME.tflite and TensorFlow is installed.
    """
    check_outputs(json_path)
    with TemporaryDirectory(prefix="everlap-bench-") as folder:
        entrants = [
            _entrant(path, Path(folder) / f"{number}.tflite")
            for number, path in enumerate(pilots or (SHIPPED_PILOT,))
        ]
        with progress_bar("measuring") as progress:
            found = measure_decisions(entrants, rounds, calls, donkeycar, progress)
    click.echo(pilot_table(found))
    write_figures(json_path, found)


def _entrant(path: Path, float_file: Path) -> Entrant:
    """A pilot with its float form where that can be had; where not, the reason is said."""
    try:
        return Entrant(path, float_form(path, float_file))
    except TrainError as error:
        click.echo(f"float form not measured: {error}", err=True)
        return Entrant(path)
