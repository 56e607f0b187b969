"""`everlap drive`: drive the car, the simulated car, or over a recorded tub."""

from pathlib import Path

import click
from click.core import ParameterSource

from car.commands.worlds import world_options
from car.config import CarConfig, find_config, load_config
from car.errors import CarError, DeviceError
from car.pictures.video import check_video_path
from car.pilots.shipped import SHIPPED_PILOT
from tubs.errors import EverlapError
from tubs.figures import check_outputs, json_option

OF_A_WORLD = ("real_time", "laps", "seed", "surface", "look", "delay", "car_level")
OF_A_RECORDING = ("pulses", "pace")
FOREIGN = {
    "replay": (*OF_A_WORLD, "record"),
    "sim": OF_A_RECORDING,
    "": (*OF_A_WORLD, *OF_A_RECORDING, "video"),
}
"""Options of other kinds of drive."""


WITHOUT_A_CAR = "; without a car try `everlap drive --sim`"


class NotCleanError(EverlapError):
    """The drive ended, but not all laps were done on the road."""

    exit_code = 1


@click.command()
@click.option(
    "--sim",
    "track",
    is_flag=False,
    flag_value="random:1000",
    metavar="[TRACK]",
    help="Drive the simulated car: random:SEED, oval, figure-eight, hairpins, chicane, stadium, "
    "or a file.csv of points in metres.",
)
@click.option("--replay", type=click.Path(path_type=Path), help="Drive over the frames of a tub.")
@click.option("--pace", default=1.0, show_default=True, help="Replay this many times as fast.")
@click.option(
    "--pilot",
    default=str(SHIPPED_PILOT),
    show_default="the shipped one",
    help="A pilot file; `line` to follow a line; `planner:FILE` for the road that a network sees; "
    "`none` to drive by hand only; or `expert` for the simulator's own driver.",
)
@click.option("--laps", default=3, show_default=True, type=click.IntRange(1, 10_000))
@world_options
@click.option("--car-level", default=0.0, show_default=True, help="How odd the car is, 0 to 1.")
@click.option("--real-time", is_flag=True, help="Keep to the wall clock, guard in its own process.")
@click.option("--config", "config_path", type=click.Path(path_type=Path), help="A car.toml.")
@click.option("--record", type=click.Path(path_type=Path), help="Record a tub in this folder.")
@click.option("--video", type=click.Path(path_type=Path), help="Film it: a .mp4 or .gif file.")
@click.option("--pulses", type=click.Path(path_type=Path), help="Replay: pulses to a .csv file.")
@json_option
def drive(
    track: str | None,
    replay: Path | None,
    pace: float,
    pilot: str,
    laps: int,
    seed: int,
    surface: str | None,
    look: float,
    delay: float,
    car_level: float,
    real_time: bool,
    config_path: Path | None,
    record: Path | None,
    video: Path | None,
    pulses: Path | None,
    json_path: Path | None,
) -> None:
    """Drive the car: by gamepad, from the terminal, or with a pilot.

    It stands still until somebody chooses a mode, and stops when anything breaks. With --sim or
    --replay the same loop, guard and chip driver run on a simulated PCA9685.
    """
    check_outputs(json_path, video, pulses)
    if video is not None:
        check_video_path(video)
    if track is not None and replay is not None:
        raise CarError("--sim and --replay are two kinds of drive: choose one")
    kind = "replay" if replay is not None else "sim" if track is not None else ""
    _refuse_foreign_options(kind)
    if real_time and video is not None:
        raise CarError("filming is too slow for --real-time: leave it out to make a --video")
    if not kind:
        from car.commands.road import drive_on_the_road

        config, found = find_config(config_path)
        click.echo(f"settings from {found or 'the defaults: no car.toml here'}")
        named = None if pilot == "none" else pilot
        try:
            drive_on_the_road(config, named, record, json_path)
        except DeviceError as error:
            raise DeviceError(f"{error}{'' if found else WITHOUT_A_CAR}") from error
        return
    config = load_config(config_path) if config_path else CarConfig()
    if replay is not None:
        from car.commands.replay import replay_tub

        replay_tub(replay, pilot, config, pace, video, pulses, json_path)
        return
    from car.commands.simulated import Drive, drive_simulated
    from car.simulation.world import WorldSpec

    assert track is not None
    spec = WorldSpec(track, surface, seed, look, car_level, delay)
    wish = Drive(spec, pilot, laps, real_time, record, video)
    if not drive_simulated(wish, config, json_path):
        raise NotCleanError("the car left the road or did not finish its laps: see above")


def _refuse_foreign_options(kind: str) -> None:
    """An option that does nothing here was meant for something else.

    Raises:
        CarError: one was given.
    """
    context = click.get_current_context()
    for name in FOREIGN[kind]:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            option = "--" + name.replace("_", "-")
            where = f"with --{kind}" if kind else "on a real car"
            raise CarError(f"{option} does nothing {where}: leave it out")
