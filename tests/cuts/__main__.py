"""Harms recordings in thousands of ways, and counts what their reader does not give back.

    python -m tests.cuts [--kills 200] [--powers 500] [--harms 2000] [--donkeycar PYTHON]
                         [--seed 0] [--workers 2] [--json FILE]

kill: a recording process dies by SIGKILL at a random moment; power: the battery is pulled, and the
disk holds what was synced and any part of the rest; cut, flip, block: session files are cut, have
bytes flipped, or 4 KiB blocks zeroed or swapped. Exits with 1 when Everlap lost, mistook or crashed
on anything that was not hit. `--donkeycar` names a Python that has donkeycar, whose tubs are then
killed and cut beside ours.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from tests.cuts.campaign import Plan, run
from tests.cuts.subjects import check_donkeycar
from tests.cuts.verdict import HEAD, Tally, row
from tubs.figures import check_outputs, json_option, write_figures

SHOWN = 5
"""Complaints of each kind; the JSON file has more."""


def _told_one_by_one(tallies: Iterator[Tally], seed: int, json_path: Path | None) -> list[Tally]:
    """A row, and the figures, as soon as they are known: all of them take a while."""
    click.echo(HEAD, nl=False)
    known: list[Tally] = []
    for tally in tallies:
        known.append(tally)
        click.echo(row(tally))
        write_figures(json_path, {"seed": seed, "tallies": known})
    return known


@click.command()
@click.option("--kills", default=200, show_default=True, help="Recorders to kill, of each kind.")
@click.option("--powers", default=500, show_default=True, help="Disks after a power failure.")
@click.option("--harms", default=2000, show_default=True, help="Session files, of each harm.")
@click.option("--donkeycar-cuts", default=50, show_default=True, help="Of each file of theirs.")
@click.option("--donkeycar", help="A Python that has donkeycar, to be harmed beside Everlap.")
@click.option("--seed", default=0, show_default=True)
@click.option("--workers", default=2, show_default=True)
@json_option
def main(
    kills: int,
    powers: int,
    harms: int,
    donkeycar_cuts: int,
    donkeycar: str | None,
    seed: int,
    workers: int,
    json_path: Path | None,
) -> None:
    """Harm recordings in thousands of ways."""
    check_outputs(json_path)
    if donkeycar is not None:
        check_donkeycar(donkeycar)
    plan = Plan(kills, powers, harms, donkeycar_cuts, donkeycar, seed, workers)
    with click.progressbar(length=plan.tubs, file=sys.stderr, label="harming") as bar:
        tallies = _told_one_by_one(run(plan, bar.update), seed, json_path)
    ours = [each for each in tallies if each.subject == "everlap"]
    click.echo("\n".join(complaint for each in ours for complaint in each.complaints[:SHOWN]))
    sys.exit(not all(each.kept for each in ours))


if __name__ == "__main__":
    main()
