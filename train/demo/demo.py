"""The whole of Everlap in one run: record, train, quantize, and drive where it has never been."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import msgspec

from car.config import CarConfig
from car.episode import Episode, EpisodeResult, drive_laps
from car.fleet import in_parallel, usual_workers
from car.pictures.film import LapFilm
from car.pictures.video import VideoWriter
from car.pilots.network import NetworkPilot
from car.recording import Recording, RecordingSummary, record_expert
from car.simulation.world import World
from car.timing import Timing
from train.demo.plan import LABEL_DELAY_S, DemoPlan, new_worlds, training_worlds
from train.demo.report import report_data
from train.driving.evaluate import Trial, run_trial
from train.driving.totals import Total, summarise
from train.learning.fit import Budget
from train.learning.pilot import Plan, Progress, train_pilot
from train.report.report import write_report


class DemoFigures(msgspec.Struct, frozen=True):
    """What `demo --json` writes."""

    seed: int
    seconds: dict[str, float]
    recording: RecordingSummary
    parameters: int
    pilot_bytes: int
    scores_float: dict[str, float | None]
    scores_int8: dict[str, float | None]
    episodes: list[EpisodeResult]
    total: Total


def run_demo(
    plan: DemoPlan,
    say: Callable[[str], None],
    progress_shown: Callable[[], AbstractContextManager[Callable[[Progress], None]]],
) -> DemoFigures:
    """Do it all; say what is being done, and show how training goes.

    Raises:
        EverlapError: a step failed; what came before it stays in the folder.
    """
    began = time.monotonic()
    seconds: dict[str, float] = {}
    config = CarConfig()

    def lap(step: str) -> None:
        seconds[step] = round(time.monotonic() - began - sum(seconds.values()), 1)

    say(f"1/4 recording: the simulator's expert drives {plan.worlds} short drives, each elsewhere")
    recorded = record_expert(
        Recording(plan.folder / "tub", config, plan.seconds), training_worlds(plan), usual_workers()
    )
    lap("record")
    say(f"2/4 training on {recorded.records} records for {plan.minutes:g} minutes")
    lessons = Plan(
        seed=plan.seed,
        budget=Budget(minutes=plan.minutes, patience=1000),
        delay_s=LABEL_DELAY_S,
        cache=plan.folder / "cache",
    )
    with progress_shown() as progress:
        pilot = plan.folder / "pilot.tflite"
        trained = train_pilot([plan.folder / "tub"], pilot, lessons, progress)
    lap("train")
    say(f"3/4 driving {plan.laps} laps on each of {plan.tracks} roads it has never seen")
    trials = [Trial(trained.pilot, world, plan.laps, config) for world in new_worlds(plan)]
    driven = list(in_parallel(run_trial, trials, usual_workers()))
    timing, world = film_a_lap(trained.pilot, trials[0], plan.folder / "lap.mp4")
    lap("drive")
    say("4/4 writing the report")
    data = report_data(plan, trained, driven, timing, seconds, world)
    write_report(plan.folder / "report.html", data)
    lap("report")
    episodes = [result for result, _ in driven]
    card = trained.card
    return DemoFigures(
        seed=plan.seed,
        seconds=seconds,
        recording=recorded,
        parameters=card.parameters,
        pilot_bytes=trained.pilot.stat().st_size,
        scores_float=msgspec.to_builtins(card.scores_float),
        scores_int8=msgspec.to_builtins(card.scores_int8),
        episodes=episodes,
        total=summarise(episodes),
    )


def film_a_lap(pilot: Path, trial: Trial, path: Path) -> tuple[Timing, World]:
    """Drive one more lap, filmed; give its timing and the world for its surface."""
    world = World(trial.world, trial.config.camera)
    network = NetworkPilot(pilot, trial.config.camera)
    with ExitStack() as stack:
        writer = VideoWriter(path, trial.config.camera.frames_per_s)
        film = stack.enter_context(LapFilm(writer, world, 1))
        _, timing = drive_laps(Episode(world, network), trial.config, 1, film.watch)
    return timing, world
