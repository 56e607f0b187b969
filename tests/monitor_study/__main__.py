"""Chooses the runtime monitor's weights from drives, and says how good it then is.

python -m tests.monitor_study drive FOLDER [--pilot FILE] [--clean 80] [--troubled 40] [--weak 20]
"""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import click
import msgspec

from car.config import CarConfig
from car.monitor_signs import WEIGHTS
from car.pilots.shipped import SHIPPED_PILOT
from tests.monitor_study.closed import ACTIONS, act, summary
from tests.monitor_study.drives import Plan, plan, record
from tests.monitor_study.keeping import keep
from tests.monitor_study.learning import ALLOWED, choose, try_all, worth
from tests.monitor_study.reporting import ALLOWED_TRIED, KINDS, blinded, held_out, line
from tests.monitor_study.signs import load


@click.group()
def study() -> None:
    """Measure and choose the runtime monitor."""


FOLDER = click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
PILOT = click.option("--pilot", type=click.Path(path_type=Path), default=SHIPPED_PILOT)
JSON = click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False))


@study.command()
@FOLDER
@PILOT
@click.option("--clean", default=80, help="Drives of the pilot as it is.")
@click.option("--troubled", default=40, help="Drives of a pilot to whom things happen.")
@click.option("--weak", default=20, help="Drives of a pilot that steers too little and too late.")
@click.option("--seconds", default=150.0, help="Simulated, each.")
@click.option("--jobs", default=1)
def drive(
    folder: Path, pilot: Path, clean: int, troubled: int, weak: int, seconds: float, jobs: int
) -> None:
    """Drive with the monitor off, and keep every frame; go on where an earlier run was ended."""
    folder.mkdir(parents=True, exist_ok=True)
    plans = list(_plans(clean, troubled, weak))
    with ProcessPoolExecutor(jobs) as pool:
        config = CarConfig()
        drives = [pool.submit(record, pilot, each, seconds, folder, config) for each in plans]
        for number, done in enumerate(as_completed(drives), 1):
            click.echo(f"{number}/{len(drives)} {done.result().name}")


def _plans(clean: int, troubled: int, weak: int) -> Iterator[Plan]:
    """All drives, mixed so that a run that is ended early has some of each kind."""
    counts = {"clean": clean, "troubled": troubled, "weak": weak}
    for number in range(max(counts.values())):
        for kind, count in counts.items():
            if number < count:
                yield plan(kind, number)


@study.command("choose")
@FOLDER
@click.option("--allowed", default=ALLOWED, help="False alarms an hour.")
@click.option("--keep", "is_kept", is_flag=True, help="Write car/monitor_weights.toml.")
@JSON
def choose_weights(folder: Path, allowed: float, is_kept: bool, json_file: Path | None) -> None:
    """Learn the signs' weights from kept drives; figures are of roads left out of the learning."""
    drives = [load(path, CarConfig()) for path in sorted(folder.glob("*[0-9].npz"))]
    if not drives:
        raise click.UsageError(f"no drives in {folder}: make some with: drive {folder}")
    trade_off = held_out(drives, sorted({allowed, *ALLOWED_TRIED}))
    for each, by_kind in trade_off.items():
        click.echo(f"chosen with {each:g} false alarms an hour, tried on other roads:")
        for kind, found in by_kind.items():
            click.echo("  " + line(kind, found))
    learned = choose(try_all(drives), allowed)
    signs = blinded(learned, drives)
    click.echo(f"all: {worth(learned, drives)}")
    for name, without_it in signs.items():
        click.echo(f"  without {name}: {without_it}")
    if is_kept:
        keep(learned, WEIGHTS)
    click.echo(msgspec.json.format(msgspec.json.encode(learned), indent=2).decode())
    _write(json_file, {"held_out": trade_off, "without": signs, "learned": learned})


@study.command()
@PILOT
@click.option("--drives", "count", default=8, help="Of each kind.")
@click.option("--first", default=500, help="Number of the first; far from those of `drive`.")
@click.option("--seconds", default=120.0, help="Simulated, each.")
@click.option("--jobs", default=1)
@JSON
def closed(
    pilot: Path, count: int, first: int, seconds: float, jobs: int, json_file: Path | None
) -> None:
    """Drive the same drives with the monitor off, slowing and stopping, and compare."""
    config = CarConfig()
    plans = [plan(kind, first + n) for n in range(count) for kind in KINDS]
    with ProcessPoolExecutor(jobs) as pool:
        drives = [
            pool.submit(act, pilot, each, action, seconds, config)
            for each in plans
            for action in ACTIONS
        ]
        figures = summary([each.result() for each in drives])
    for name, found in figures.items():
        click.echo(f"{name:16s} " + ", ".join(f"{k} {v:.2f}" for k, v in found.items()))
    _write(json_file, figures)


def _write(path: Path | None, figures: object) -> None:
    if path is not None:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=2))


if __name__ == "__main__":
    study()
