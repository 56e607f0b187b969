"""Measures the fault table: every fault many times, from the fault to neutral.

    python -m tests.faults [--seeds 25] [--only TEXT] [--keep]

Prints a line a fault and the broken promises, and exits with 1 when there are any. `--keep` writes
what was measured into car/faults.toml and the table into car/README.md.
"""

import re
import statistics
import sys
import tempfile
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import click
import pytest

from tests.faults.catalogue import TABLE, Fault, Measured, Outcome, load_faults, verdict
from tests.faults.injection import inject
from tests.faults.readme_table import write_readme_table


class Campaign:
    """What came of many injections.

    Attributes:
        outcomes: of each fault by its id.
        broken: promises, in words.
    """

    def __init__(self) -> None:
        self.outcomes: dict[str, list[Outcome]] = defaultdict(list)
        self.broken: list[str] = []

    def take(self, fault: Fault, seed: int, found: Outcome | str) -> None:
        """Count one injection; a text says why it could not be done."""
        if isinstance(found, str):
            self.broken.append(f"{found} (seed {seed})")
            return
        self.outcomes[fault.id].append(found)
        complaint = verdict(fault, found)
        if complaint is not None:
            self.broken.append(f"{complaint} (seed {seed})")

    def measured(self, fault: Fault) -> Measured | None:
        """Median and largest time to neutral; none where the car drove on."""
        outcomes = self.outcomes[fault.id]
        times_ms = [1e3 * each.neutral_after_s for each in outcomes if each.neutral_after_s]
        if not times_ms:
            return None
        return Measured(len(outcomes), round(statistics.median(times_ms)), round(max(times_ms)))


def attempt(fault: Fault, seed: int) -> Outcome | str | None:
    """Inject once; a text says why the car could not be made to drive, None that it is skipped."""
    with tempfile.TemporaryDirectory(prefix="everlap-fault-") as folder:
        try:
            return inject(fault, Path(folder), seed)
        except AssertionError as error:
            return f"{fault.id}: {error}"
        except pytest.skip.Exception:
            return None


def run_all(faults: list[Fault], seeds: int, workers: int) -> Campaign:
    """Inject every fault with every seed."""
    campaign = Campaign()
    with ProcessPoolExecutor(workers) as pool:
        jobs = {
            pool.submit(attempt, fault, seed): (fault, seed)
            for seed in range(seeds)
            for fault in faults
        }
        with click.progressbar(as_completed(jobs), len(jobs), file=sys.stderr) as done:
            for job in done:
                found = job.result()
                if found is not None:
                    campaign.take(*jobs[job], found)
    return campaign


def keep(campaign: Campaign, faults: list[Fault]) -> None:
    """Write the figures beside the promises."""
    text = TABLE.read_text("utf-8")
    for fault in faults:
        block = rf'(?s)(id = "{fault.id}"\n(?:(?!\[\[).)*?neutral_ms = \d+\n)(?:measured[^\n]*\n)?'
        text = re.sub(block, rf"\g<1>{_line(campaign.measured(fault))}", text)
    TABLE.write_text(text, "utf-8")
    write_readme_table()


def _line(found: Measured | None) -> str:
    if found is None:
        return ""
    times = f"median_ms = {found.median_ms}, max_ms = {found.max_ms}"
    return f"measured = {{ runs = {found.runs}, {times} }}\n"


@click.command()
@click.option("--seeds", default=25, show_default=True)
@click.option("--workers", default=2, show_default=True)
@click.option("--only", default="", help="Faults with this text in their id.")
@click.option("--keep", "is_kept", is_flag=True, help="Write the figures into the table.")
def main(seeds: int, workers: int, only: str, is_kept: bool) -> None:
    """Measure the fault table."""
    faults = [fault for fault in load_faults() if only in fault.id]
    campaign = run_all(faults, seeds, workers)
    for fault in faults:
        found, runs = campaign.measured(fault), len(campaign.outcomes[fault.id])
        times = f"{found.median_ms:6.0f} {found.max_ms:6.0f}" if found else "     -      -"
        click.echo(f"{fault.id:34} {runs:4} runs {times} ms; {fault.promise_ms:g} promised")
    click.echo("\n".join(["", *campaign.broken, f"{len(campaign.broken)} promises broken"]))
    if is_kept:
        keep(campaign, faults)
    sys.exit(bool(campaign.broken))


if __name__ == "__main__":
    main()
