"""`everlap tub mark`: deletes and restores records by number or rule; the recording stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from tubs.counted import counted
from tubs.figures import check_outputs, json_option, write_figures
from tubs.progress import progress_bar

if TYPE_CHECKING:
    from tubs.cleaning.marking import MarkReport
    from tubs.cleaning.marks import Edit
    from tubs.cleaning.rules import Rule
    from tubs.reader import Tub

RUNS_SHOWN = 8
EDITS_SHOWN = 20
DONE = {"delete": "deleted", "restore": "restored"}
_SECONDS = click.FloatRange(min=0, min_open=True)


@dataclass(frozen=True, slots=True)
class Wish:
    """The options as they were given; None is not given, "" all records that the rules choose."""

    delete: str | None
    restore: str | None
    where: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    seconds: float | None
    first: float | None
    last: float | None
    undo: bool
    redo: bool
    listed: bool
    dry_run: bool

    @property
    def action(self) -> str:
        """The one thing to do; to list what was done when nothing was asked for.

        Raises:
            click.UsageError: there are several.
        """
        asked = {
            "delete": self.delete is not None,
            "restore": self.restore is not None,
            "undo": self.undo,
            "redo": self.redo,
            "list": self.listed,
        }
        actions = [name for name, wanted in asked.items() if wanted]
        if len(actions) > 1:
            raise click.UsageError(f"do one thing at a time: --{' or --'.join(actions)}")
        return actions[0] if actions else "list"

    def rules(self) -> "list[Rule]":
        """All rules that were given.

        Raises:
            RuleError: one makes no sense.
            click.UsageError: --seconds has nothing to measure from.
        """
        from tubs.cleaning.rule_words import condition_rule, records_rule
        from tubs.cleaning.rules import EndsOfSessions, NearEvents

        records = self.delete or self.restore
        rules: list[Rule] = [records_rule(records)] if records else []
        rules += [condition_rule(text) for text in self.where]
        before, after = _by_comma(self.before), _by_comma(self.after)
        if before or after:
            rules.append(NearEvents(before, after, self.seconds or 3.0))
        elif self.seconds is not None:
            raise click.UsageError("--seconds goes with --before or --after an event")
        if self.first or self.last:
            rules.append(EndsOfSessions(self.first or 0.0, self.last or 0.0))
        return rules


def _by_comma(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(part.strip() for word in words for part in word.split(","))


@click.command(
    epilog="""\b
RECORDS are numbers as `plot`, `check` and the browser show them: 7,120-180,300-
RULES, of which all must hold, are
  throttle=0  speed<0.1  steering=-0.1..0.1  any number of a record, also != > <= >=,
                         frame_age, session, brightness and contrast (0 to 255)
  mode=stopped           or several by comma; mode!=human
  standing dark blank    slower than 0.02 m/s; a black picture; one of one colour
  frozen damaged         a picture just like the one before; what `check` names
EVENT is stop, emergency, fault, intervention, mode, lap or dropped; several by comma.
"""
)
@click.argument("folder", metavar="TUB", type=click.Path(path_type=Path))
@click.option(
    "--delete", is_flag=False, flag_value="", metavar="[RECORDS]", help="Leave records out."
)
@click.option(
    "--restore", is_flag=False, flag_value="", metavar="[RECORDS]", help="Take them back."
)
@click.option("--where", multiple=True, metavar="RULE", help="Only these; may be repeated.")
@click.option("--before", multiple=True, metavar="EVENT", help="Only those before each EVENT,")
@click.option("--after", multiple=True, metavar="EVENT", help="or after it,")
@click.option(
    "--seconds", type=_SECONDS, metavar="SECONDS", help="by so many seconds; 3 unless given."
)
@click.option("--first", type=_SECONDS, metavar="SECONDS", help="Only the first of each session,")
@click.option("--last", type=_SECONDS, metavar="SECONDS", help="or the last.")
@click.option("--undo", is_flag=True, help="Take the last edit back; again for the one before.")
@click.option("--redo", is_flag=True, help="Do again what was undone.")
@click.option("--list", "--log", "listed", is_flag=True, help="Show edits and deleted records.")
@click.option("--dry-run", is_flag=True, help="Only say which records it would be.")
@json_option
@click.pass_context
def mark(context: click.Context, /, folder: Path, json_path: Path | None, **options: Any) -> None:
    """Delete and restore records of TUB; the recording itself is never changed.

    \b
    everlap tub mark TUB --delete 120-180,300-
    everlap tub mark TUB --delete --where throttle=0 --where mode=human
    everlap tub mark TUB --delete --before emergency --seconds 3
    """  # noqa: D301
    from tubs.cleaning.marking import list_deleted, mark_by_rules, take_back
    from tubs.reader import Tub

    check_outputs(json_path)
    wish = Wish(**options)
    action, rules = wish.action, wish.rules()
    _check_fits(wish, action, rules)
    tub = Tub(folder)
    report: MarkReport | None
    if action in DONE:
        with progress_bar("looking") as progress:
            report = mark_by_rules(tub, action, rules, wish.dry_run, progress)
        _tell_marked(report)
    elif action == "list":
        report = list_deleted(tub)
        _tell_listed(tub, report)
    else:
        report = take_back(tub, action)
        _tell_taken_back(tub, action, report)
    write_figures(json_path, report)
    if report is None:
        context.exit(1)


def _check_fits(wish: Wish, action: str, rules: "list[Rule]") -> None:
    if action in DONE and not rules:
        raise click.UsageError(
            f"say which records to {action}: --{action} 120-180, or --{action} --where throttle=0"
        )
    if action not in DONE and (rules or wish.dry_run):
        raise click.UsageError("say what to do with these records: --delete or --restore")


def _tell_marked(report: "MarkReport") -> None:
    done = DONE[report.action]
    if not report.chosen:
        click.echo(f"no record of {report.tub} matches: {report.why}")
        return
    changed = report.chosen - report.already
    were = "was" if report.already == 1 else "were"
    so_already = {"delete": f"{were} deleted already", "restore": f"{were} not deleted"}[
        report.action
    ]
    already = f" ({report.already} more {so_already})" if report.already else ""
    would = "would be " if report.dry_run else ""
    click.echo(f"{counted(changed, 'record')} {would}{done}{already}: {report.why}")
    click.echo(f"records {_shown(report.chosen_records)}")
    click.echo(_total(report))
    if changed and not report.dry_run:
        click.echo(f"everlap tub mark {quote(report.tub)} --undo takes it back")


def _tell_taken_back(tub: "Tub", action: str, report: "MarkReport | None") -> None:
    if report is None:
        click.echo(f"{tub.folder} has nothing to {action}")
        return
    done = "undone" if action == "undo" else "done again"
    click.echo(f"{done}: {report.why} ({counted(report.chosen, 'record')})")
    click.echo(_total(report))


def _tell_listed(tub: "Tub", report: "MarkReport") -> None:
    click.echo(_total(report))
    if report.deleted:
        click.echo(f"records {_shown(report.chosen_records)}")
    for title, edits in (("edits (UTC)", tub.marks.edits), ("undone", tub.marks.undone[::-1])):
        if edits:
            click.echo(f"{title}:")
            _tell_edits(tub, edits)
    if tub.marks.unreadable:
        click.echo(
            f"{counted(tub.marks.unreadable, 'line')} of {tub.marks.path} cannot be read: ignored"
        )


def _tell_edits(tub: "Tub", edits: "Sequence[Edit]") -> None:
    from tubs.cleaning.marking import records_of

    if len(edits) > EDITS_SHOWN:
        click.echo(f"  {len(edits) - EDITS_SHOWN} earlier ones, then")
    for edit in edits[-EDITS_SHOWN:]:
        count = records_of(tub, edit)
        click.echo(f"  {edit.at[:19]:19}  {edit.edit:7} {count:7}  {edit.why}".rstrip())


def _total(report: "MarkReport") -> str:
    return f"{report.tub}: {report.deleted} of {report.records} records are deleted"


def _shown(runs: list[tuple[int, int]]) -> str:
    shown = [f"{first}-{last}" if last > first else f"{first}" for first, last in runs]
    more = f" and {len(runs) - RUNS_SHOWN} more runs" if len(runs) > RUNS_SHOWN else ""
    return ", ".join(shown[:RUNS_SHOWN]) + more
