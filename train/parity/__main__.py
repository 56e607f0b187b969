"""`python -m train.parity`: whether the int8 pilot drives as its float network does."""

import shlex
import sys
from pathlib import Path

import click

from tubs.figures import check_outputs, json_option, write_figures

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("pilot", type=_PATH)
@click.option("--network", type=_PATH, help="The float network; NAME.keras if not given.")
@click.option("--work", type=_PATH, required=True, help="Folder to keep what is driven in.")
@click.option("--suite", default="ordinary", show_default=True,
              help="Roads to drive: ordinary, hard or foreign.")  # fmt: skip
@click.option("--tracks", help="Instead of those of the suite.")
@click.option("--laps", type=click.IntRange(1), default=4, show_default=True)
@click.option("--workers", type=click.IntRange(1, 256), help="Processes.")
@json_option
def parity(
    pilot: Path,
    network: Path | None,
    work: Path,
    suite: str,
    tracks: str | None,
    laps: int,
    workers: int | None,
    json_path: Path | None,
) -> None:
    """Let PILOT and its float network drive the same roads, looks and cars, and compare.

    Both run in the same TFLite runtime, without the runtime monitor; 200 laps each with the usual
    suite. What is driven is kept in --work: started again, it goes on where it was. Ends with 1
    when the laps differ or the cross-track errors by more than 2 %.
    """
    from train.quiet import without_chatter

    without_chatter()
    import msgspec

    from car.fleet import usual_workers
    from train.driving.campaign import Campaign
    from train.driving.drive_kept import UNWATCHED, drive_kept
    from train.driving.episodes import NOMINAL
    from train.driving.scenarios import find_suite
    from train.driving.suite_worlds import worlds_of
    from train.errors import ParityError, StoppedEarlyError
    from train.learning.float_pilot import float_pilot
    from train.parity.compare import compare
    from train.parity.text import lines

    check_outputs(json_path)
    roads = find_suite(suite)
    worlds = worlds_of(msgspec.structs.replace(roads, tracks=tracks or roads.tracks))
    twin = float_pilot(pilot, network or pilot.with_suffix(".keras"), work / "float.tflite")
    driven = []
    try:
        for name, file in (("int8", pilot), ("float", twin)):
            click.echo(f"{name} drives {laps} laps on each of {len(worlds)} roads", err=True)
            campaign = Campaign(str(file), worlds, laps, UNWATCHED)
            outcome = drive_kept(campaign, work / name, workers or usual_workers(), click.echo)
            driven.append(outcome.driven[NOMINAL])
    except KeyboardInterrupt as error:
        raise StoppedEarlyError(
            f"interrupted; what is done is kept in {work}: the same command goes on"
        ) from error
    found = compare(*driven)
    click.echo("\n".join(lines(found)))
    command = shlex.join(["python", "-m", "train.parity", *sys.argv[1:]])
    write_figures(json_path, {"command": command, "parity": found, "faults": found.faults})
    if found.faults:
        raise ParityError("; ".join(found.faults))


if __name__ == "__main__":
    from car.cli import Entry, main

    entry = Entry("train.parity.__main__:parity", "train", "Int8 beside float, driving.")
    sys.exit(main(["parity", *sys.argv[1:]], {"parity": entry}))
