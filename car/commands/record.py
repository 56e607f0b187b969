"""`everlap record`: make a tub to learn from, by the simulator's expert."""

import itertools
from pathlib import Path

import click

from car.commands.worlds import world_options
from car.config import CarConfig, load_config
from car.errors import CarError
from car.fleet import usual_workers
from tubs.errors import OutputError
from tubs.figures import check_outputs, json_option, write_figures


@click.command()
@click.option("--sim", is_flag=True, help="Record the simulated car, driven by its expert.")
@click.option(
    "--tracks", default="random:0-19", show_default=True, help="Roads, one session each; by comma."
)
@click.option(
    "--seconds",
    type=click.FloatRange(1.0, 100_000.0),
    default=15.0,
    show_default=True,
    help="Length of a session.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the tub; must be new.")
@world_options
@click.option("--car-level", default=0.3, show_default=True, help="How odd the cars are, 0 to 1.")
@click.option(
    "--invented",
    type=click.FloatRange(0.0, 1.0),
    default=0.35,
    show_default=True,
    help="Share of roads that look as no place does; without --surface.",
)
@click.option("--calm", is_flag=True, help="Without the pushes that make the expert recover.")
@click.option("--workers", type=click.IntRange(1, 256), help="Processes; all cores if not given.")
@click.option("--config", "config_path", type=click.Path(path_type=Path), help="A car.toml.")
@json_option
def record(
    sim: bool,
    tracks: str,
    seconds: float,
    out: Path | None,
    seed: int,
    surface: str | None,
    look: float,
    delay: float,
    car_level: float,
    invented: float,
    calm: bool,
    workers: int | None,
    config_path: Path | None,
    json_path: Path | None,
) -> None:
    """Record a tub.

    In the simulator the expert drives one session on every road, each in a look and a car of its
    own, while pushes on the wheel make it recover; what is learned from is what it wished. Some
    roads are of any material and colour, so that a network learns what a road is.
    """
    check_outputs(json_path)
    if not sim:
        raise CarError(
            "record the simulated car with --sim; your own with `everlap drive --record FOLDER`"
        )
    from car.recording import Recording, record_expert
    from car.simulation.tracks import parse_tracks
    from car.simulation.world import WorldSpec

    config = load_config(config_path) if config_path else CarConfig()
    worlds = [
        WorldSpec(track, surface or _drawn(number, invented), seed + number, look, car_level, delay)
        for number, track in enumerate(parse_tracks(tracks))
    ]
    folder = out or _new_folder()
    summary = record_expert(
        Recording(folder, config, seconds, disturbed=not calm), worlds, workers or usual_workers()
    )
    click.echo(
        f"{folder}: {summary.records} records in {len(worlds)} sessions, "
        f"{summary.off_road_events} times off the road and back"
    )
    write_figures(json_path, summary)


def _drawn(number: int, invented: float) -> str | None:
    """The invented look for that share of the roads, evenly spread; None is drawn by the seed."""
    from car.simulation.scene import INVENTED

    return INVENTED if int((number + 1) * invented) > int(number * invented) else None


def _new_folder() -> Path:
    """The first free `recordings/sim-N` under the current directory."""
    for number in itertools.count(1):
        folder = Path("recordings") / f"sim-{number}"
        if not folder.exists():
            return folder
    raise OutputError("no free folder under recordings")
