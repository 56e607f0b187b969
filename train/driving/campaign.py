"""All episodes of an evaluation: planned, driven in parallel processes, kept, and put in order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from car.config import CarConfig
from car.episode import EpisodeResult
from car.fleet import as_they_finish
from car.simulation.world import WorldSpec
from train.driving.episodes import NOMINAL, Driven, Job, run_job
from train.driving.evaluate import Trial
from train.driving.ledger import Header, Ledger, key_of
from train.driving.scenarios import Scenario, in_scenario


@dataclass(frozen=True)
class Campaign:
    """What is to be driven.

    Attributes:
        pilot: as open_pilot takes it.
        worlds: the nominal ones.
        laps: in each.
        scenarios: each is driven in every world beside the nominal drive.
        starts: disturbed starts in each world instead of laps; 0 for laps.
        config: of the car.
        pictures: folder for pictures of failures, or None.
    """

    pilot: str
    worlds: Sequence[WorldSpec]
    laps: int
    config: CarConfig
    scenarios: Sequence[Scenario] = ()
    starts: int = 0
    pictures: Path | None = None


@dataclass
class Outcome:
    """What came of it.

    Attributes:
        driven: by scenario, in the order of the worlds and starts.
        failed: name of each episode that raised, and what.
    """

    driven: dict[str, list[Driven]]
    failed: list[tuple[str, str]] = field(default_factory=list)

    def results(self, scenario: str = NOMINAL) -> list[EpisodeResult]:
        """The figures of a scenario's episodes."""
        return [driven.result for driven in self.driven[scenario]]


def plan(campaign: Campaign, header: Header) -> list[Job]:
    """All jobs, world by world, so that the scenarios of a world find it painted."""
    jobs = []
    for number, world in enumerate(campaign.worlds):
        specs = [(NOMINAL, world)]
        specs += [(each.name, in_scenario(world, each, number)) for each in campaign.scenarios]
        for name, spec in specs:
            trial = Trial(campaign.pilot, spec, campaign.laps, campaign.config)
            starts = range(campaign.starts) if campaign.starts else (None,)
            jobs += [
                Job(key_of(trial, start, header), trial, name, start, campaign.pictures)
                for start in starts
            ]
    return jobs


def run(
    jobs: Sequence[Job],
    ledger: Ledger,
    workers: int,
    done: Callable[[Job, Driven | None, int], None],
) -> Outcome:
    """Drive what is not kept yet, and keep it.

    Args:
        jobs: all of them.
        ledger: knows the finished ones, and takes the others.
        workers: processes.
        done: told of every episode that ends, None when it raised, and how many are done now.

    Raises:
        WorkerLostError: a process was killed; what was done is kept.
    """
    todo = [job for job in jobs if not is_kept(job, ledger)]
    finished, failed = len(jobs) - len(todo), {}
    for job, got in as_they_finish(run_job, todo, workers) if todo else ():
        finished += 1
        if isinstance(got, BaseException):
            failed[job.key] = f"{type(got).__name__}: {got}"
        else:
            ledger.add(got)
        done(job, None if isinstance(got, BaseException) else got, finished)
    return gather(jobs, ledger, failed)


def gather(jobs: Sequence[Job], ledger: Ledger, failed: dict[str, str]) -> Outcome:
    """Put what is finished in the order of the jobs, whoever finished first."""
    outcome = Outcome({job.scenario: [] for job in jobs})
    for job in jobs:
        if job.key in failed:
            outcome.failed.append((job.name, failed[job.key]))
        elif job.key in ledger.finished:
            kept = ledger.finished[job.key]
            outcome.driven[job.scenario].append(kept)
    return outcome


def is_kept(job: Job, ledger: Ledger) -> bool:
    """Whether an episode is finished, with its pictures where they are wanted."""
    driven = ledger.finished.get(job.key)
    if driven is None or driven.scenario != job.scenario:
        return False
    folder = job.pictures
    return folder is None or all(
        bool(failure.picture) and (folder / failure.picture).is_file()
        for failure in driven.failures
    )
