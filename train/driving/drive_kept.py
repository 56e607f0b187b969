"""Drives a campaign in parallel and keeps it in a folder: the same call goes on where it was."""

from collections.abc import Callable
from pathlib import Path

from car.config import CarConfig
from car.monitor_settings import MonitorConfig
from train.driving.campaign import Campaign, Outcome, plan, run
from train.driving.ledger import header_for, open_ledger
from train.errors import NotDrivenError
from tubs.progress import progress_bar

UNWATCHED = CarConfig(monitor=MonitorConfig(action="off"))
"""A monitor that stops an unsure car would hide how the network drives."""


def drive_kept(
    campaign: Campaign, folder: Path, workers: int, say: Callable[[str], None]
) -> Outcome:
    """Drive what is not kept in the folder yet, and give all of it.

    Raises:
        NotDrivenError: an episode raised.
        WorkerLostError: a process was killed; what was done is kept.
        OutputError: the folder cannot be written.
    """
    header = header_for(campaign.pilot)
    with open_ledger(folder, header) as ledger, progress_bar("driving") as move:
        if ledger.note:
            say(ledger.note)
        jobs = plan(campaign, header)
        outcome = run(jobs, ledger, workers, lambda job, driven, done: move(done, len(jobs)))
    if outcome.failed:
        named = "; ".join(f"{name}: {reason}" for name, reason in outcome.failed)
        raise NotDrivenError(f"{len(outcome.failed)} episodes could not be driven: {named}")
    return outcome
