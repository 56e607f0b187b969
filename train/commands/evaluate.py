"""`everlap evaluate`: let a pilot drive many roads, and count what goes wrong."""

from pathlib import Path

import click

from car.commands.worlds import world_options
from car.config import CarConfig, load_config
from car.episode import EpisodeResult
from car.fleet import in_parallel, usual_workers, with_progress
from car.pilots.network import NetworkPilot
from car.simulation.scene import SURFACES
from car.simulation.tracks import parse_tracks
from car.simulation.world import WorldSpec
from train.evaluate import Trial, run_trial, summarise
from tubs.errors import EverlapError
from tubs.figures import check_outputs, json_option, write_figures


class UnfinishedError(EverlapError):
    """The pilot was measured, and did not finish what was asked."""

    exit_code = 1


@click.command()
@click.argument("pilot")
@click.option(
    "--tracks", default="random:1000-1009", show_default=True, help="Roads to drive, by comma."
)
@click.option("--laps", default=3, show_default=True, type=click.IntRange(1, 10_000))
@world_options
@click.option(
    "--car-level",
    default=1.0,
    show_default=True,
    help="How odd the cars are, 0 to 1; at 1 speed and friction differ by up to 30 %, and it "
    "takes 30 to 120 ms from light to wheels.",
)
@click.option("--workers", type=click.IntRange(1, 256), help="Processes; all cores if not given.")
@click.option("--config", "config_path", type=click.Path(path_type=Path), help="A car.toml.")
@json_option
def evaluate(
    pilot: str,
    tracks: str,
    laps: int,
    seed: int,
    surface: str | None,
    look: float,
    delay: float,
    car_level: float,
    workers: int | None,
    config_path: Path | None,
    json_path: Path | None,
) -> None:
    """Let PILOT, a pilot file or `expert`, drive many roads in the simulator.

    Each road has a look and a car of its own, fixed by the seed. Without --surface the surfaces
    take turns. The whole stack drives: loop, guard, chip driver and simulated chip.
    """
    check_outputs(json_path)
    config = load_config(config_path) if config_path else CarConfig()
    file = None if pilot == "expert" else Path(pilot)
    if file is not None:
        NetworkPilot(file, config.camera)
    worlds = [
        WorldSpec(track, surface or surface_in_turn(number), seed + number, look, car_level, delay)
        for number, track in enumerate(parse_tracks(tracks))
    ]
    trials = [Trial(file, world, laps, config) for world in worlds]
    results = []
    driven = in_parallel(run_trial, trials, workers or usual_workers())
    for result, _ in with_progress(driven, len(trials), "driving"):
        results.append(result)
        click.echo(_line(result))
    total = summarise(results)
    rate = total.off_road_per_100_laps
    click.echo(
        f"{total.laps_done} of {total.laps_asked} laps, {total.off_road_events} off-road events: "
        f"{rate.value:.1f} per 100 laps (95 % interval {rate.low:.1f} to {rate.high:.1f}); "
        f"{total.clean_episodes.value:.0%} of the roads clean; "
        f"autonomy {total.autonomy.value:.1%}; "
        f"cross-track error {100 * total.cross_track_rmse_m.value:.1f} cm; "
        f"lap time {total.lap_time_ratio.value:.2f} of the expert's"
    )
    write_figures(json_path, {"episodes": results, "total": total})
    if total.laps_done < total.laps_asked:
        raise UnfinishedError(f"{total.laps_asked - total.laps_done} laps were not finished")


def surface_in_turn(number: int) -> str:
    """The surfaces one after the other."""
    return SURFACES[number % len(SURFACES)]


def _line(result: EpisodeResult) -> str:
    return (
        f"{result.track:<14} {result.surface:<14} {result.laps_done:>3}/{result.laps_asked} laps "
        f"{result.off_road_events:>3} off road, {100 * result.cross_track_rmse_m:4.1f} cm, "
        f"delay {1000 * result.delay_s:3.0f} ms, speed x{result.speed_response:.2f}, "
        f"friction {result.friction:.2f}"
    )
