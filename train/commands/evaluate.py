"""`everlap evaluate`: let a pilot drive many roads, and count what goes wrong."""

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import msgspec
from click.core import ParameterSource

from car.commands.worlds import world_options
from car.config import CarConfig, load_config
from car.fleet import usual_workers
from car.simulation.world import World
from train.driving import evaluation
from train.driving.campaign import Campaign, Outcome, plan, run
from train.driving.episodes import NOMINAL, Driven, Job
from train.driving.evaluate import Trial, pilot_of
from train.driving.evaluation_text import drive_line, scenario_lines, starts_line, total_lines
from train.driving.failure_page import write_failures
from train.driving.ledger import Ledger, header_for, open_ledger
from train.driving.scenarios import Suite, find_scenarios, find_suite
from train.driving.suite_worlds import with_disturbed_starts, worlds_of
from train.driving.totals import summarise
from tubs.errors import EverlapError
from tubs.figures import check_outputs, json_option, write_figures
from tubs.progress import progress_bar

USUAL = Suite("", "random:1000-1009", 3, 0, 0.0, delay=0.0, car_level=1.0)


class UnfinishedError(EverlapError):
    """The pilot was measured, and did not finish what was asked."""

    exit_code = 1


class InterruptedEvaluationError(EverlapError):
    """Ctrl-C was pressed; what was done is kept where there is a folder."""

    exit_code = 130


@dataclass(frozen=True)
class Wish:
    """What the command line asks for.

    Attributes:
        pilot: as it was named.
        campaign: what is to be driven.
        out: folder that keeps finished episodes, or None.
        json_path: file for the figures, or None.
        workers: processes.
        command: the whole line, to go on with.
    """

    pilot: str
    campaign: Campaign
    out: Path | None
    json_path: Path | None
    workers: int
    command: str


@click.command()
@click.argument("pilot")
@click.option("--suite", help="A set of worlds: ordinary, hard, foreign or recovery.")
@click.option("--tracks", help="Roads to drive, by comma.  [default: random:1000-1009]")
@click.option("--laps", type=click.IntRange(1, 10_000), help="On each road.  [default: 3]")
@click.option(
    "--scenarios",
    help="Drive each road in these too: all, names by comma, or a .toml file of your own.",
)
@click.option(
    "--starts",
    type=click.IntRange(0, 10_000),
    help="Instead of laps, so many starts off the middle and askew on each road.",
)
@click.option(
    "--pictures",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for a picture of every failure and an index.html.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep finished episodes in this folder; the same command goes on where it was.",
)
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
@click.pass_context
def evaluate(context: click.Context, /, pilot: str, **options: Any) -> None:
    """Let PILOT drive many roads in the simulator.

    PILOT is NAME.tflite, line, planner:NAME.tflite or expert.

    Each road has a look and a car of its own, fixed by the seed. Without --surface the surfaces
    take turns. The whole stack drives: loop, guard, chip driver and simulated chip. The figures
    are the same for a seed, whatever the number of workers.
    """
    check_outputs(options["json_path"])
    wish = _wish(context, pilot, options)
    header = header_for(wish.campaign.pilot)
    with open_ledger(wish.out, header) as ledger:
        if ledger.note:
            click.echo(ledger.note)
        outcome = _drive(wish, plan(wish.campaign, header), ledger)
    figures = evaluation.figures(wish.campaign, outcome, header, wish.command)
    _tell(wish, outcome, figures)
    write_figures(wish.json_path, figures)
    _judge(outcome)


def _wish(context: click.Context, pilot: str, options: dict[str, Any]) -> Wish:
    """Read the options, and try everything that could be wrong before the work begins.

    Raises:
        EverlapError: the pilot, the config, a track, scenario or suite cannot be used.
    """
    config_path = options["config_path"]
    config = load_config(config_path) if config_path else CarConfig()
    suite = find_suite(options["suite"]) if options["suite"] else USUAL
    suite = _with_options(suite, context)
    scenarios = find_scenarios(options["scenarios"]) if options["scenarios"] else []
    if suite.starts and suite.conditions.start_offset_share == 0.0:
        suite = with_disturbed_starts(suite)
    campaign = Campaign(
        pilot=pilot,
        worlds=worlds_of(suite, options["surface"]),
        laps=suite.laps,
        config=config,
        scenarios=scenarios,
        starts=suite.starts,
        pictures=options["pictures"],
    )
    pilot_of(Trial(pilot, campaign.worlds[0], 1, config), World(campaign.worlds[0], config.camera))
    if campaign.pictures is not None:
        check_outputs(campaign.pictures / "index.html")
    workers = options["workers"] or usual_workers()
    words = shlex.join(["everlap", *sys.argv[1:]])
    return Wish(pilot, campaign, options["out"], options["json_path"], workers, words)


def _with_options(suite: Suite, context: click.Context) -> Suite:
    """The suite with what was given on the command line instead of its own."""
    names = ("tracks", "laps", "starts", "seed", "look", "delay", "car_level")
    given = {
        name: context.params[name]
        for name in names
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    return msgspec.structs.replace(suite, **given)


def _drive(wish: Wish, jobs: list[Job], ledger: Ledger) -> Outcome:
    """Drive all jobs and say how it goes.

    Raises:
        InterruptedEvaluationError: Ctrl-C; what is done is kept where there is a folder.
    """
    with progress_bar("driving") as move:

        def done(job: Job, driven: Driven | None, finished: int) -> None:
            click.echo(drive_line(driven) if driven is not None else f"{job.name}: failed")
            move(finished, len(jobs))

        try:
            return run(jobs, ledger, wish.workers, done)
        except KeyboardInterrupt as error:
            finished = sum(job.key in ledger.finished for job in jobs)
            raise InterruptedEvaluationError(_how_to_go_on(wish, finished, len(jobs))) from error


def _how_to_go_on(wish: Wish, finished: int, count: int) -> str:
    if wish.out is None:
        return f"interrupted after {finished} of {count} episodes; --out FOLDER would keep them"
    return (
        f"interrupted; {finished} of {count} episodes are kept in {wish.out}: "
        f"the same command goes on: {wish.command}"
    )


def _tell(wish: Wish, outcome: Outcome, figures: dict[str, Any]) -> None:
    """Print the tables, and write the page of failures."""
    campaign, results = wish.campaign, outcome.results()
    if results:
        lines = total_lines(summarise(results))
        if campaign.starts:
            lines = [starts_line(figures["starts"])]
        if figures["scenarios"]:
            lines += ["", *scenario_lines(summarise(results), figures["scenarios"])]
        click.echo("\n" + "\n".join(lines))
    if campaign.pictures is not None:
        click.echo(f"failures: {write_failures(campaign.pictures, outcome, wish.pilot)}")


def _judge(outcome: Outcome) -> None:
    """Say what was not finished.

    Raises:
        UnfinishedError: an episode raised, or nominal laps were not done.
    """
    if outcome.failed:
        named = "; ".join(f"{name}: {reason}" for name, reason in outcome.failed)
        raise UnfinishedError(f"{len(outcome.failed)} episodes could not be driven: {named}")
    nominal = outcome.driven[NOMINAL]
    laps = sum(each.result.laps_asked - each.result.laps_done for each in nominal)
    if laps and all(each.start is None for each in nominal):
        raise UnfinishedError(f"{laps} laps were not finished")
