"""`everlap tub repair`: a whole tub of a damaged one, which stays as it is."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tubs.commands.damage_shown import SHOWN, name_damage
from tubs.counted import counted
from tubs.figures import check_outputs, json_option, write_figures
from tubs.progress import progress_bar

if TYPE_CHECKING:
    from tubs.health.repair import RepairedSession, RepairReport


@click.command()
@click.argument("source", metavar="TUB", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@json_option
def repair(source: Path, out: Path, json_path: Path | None) -> None:
    """Make a new tub OUT of all that is good in TUB, byte for byte; TUB is not touched.

    TUB may also be a folder of session files that lost its tub.json, or one session file. When
    nothing is damaged, nothing is written.
    """
    from tubs.health.repair import repair_tub

    check_outputs(json_path)
    with progress_bar("repairing") as progress:
        report = repair_tub(source, out, progress)
    write_figures(json_path, report)
    if report.out is None:
        click.echo(f"{source} is whole, all of its {report.good} records: nothing was written")
        return
    _tell(report)
    click.echo(f"{report.good} of {report.records} records are now in {out}")


def _tell(report: "RepairReport") -> None:
    name_damage(report.damaged)
    for reason in report.closed:
        click.echo(f"left out: {reason}")
    lines = [line for session in report.sessions for line in _about_session(session)]
    for line in lines[:SHOWN]:
        click.echo(line)
    if len(lines) > SHOWN:
        click.echo(f"and {len(lines) - SHOWN} more remarks on sessions; --json FILE has them all")
    if report.about != "tub.json":
        click.echo(f"tub.json was missing or damaged; the new one comes from {report.about}")
    if report.unreadable_marks:
        click.echo(
            f"{counted(report.unreadable_marks, 'line')} of marks.jsonl cannot be read: left out"
        )


def _about_session(session: "RepairedSession") -> list[str]:
    if session.left_out:
        return [f"{session.session} is left out: {session.left_out}"]
    foreign = f"{session.session}: {session.foreign_messages} messages of other programs left out"
    remarks = [
        (not session.had_index, f"{session.session} had no whole index: it has one now"),
        (session.foreign_messages, foreign),
    ]
    return [text for there, text in remarks if there]
