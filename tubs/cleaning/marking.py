"""Deletes and restores the records of a tub that rules choose, and says what that came to."""

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from tubs.cleaning.marks import DELETE, REDO, RESTORE, UNDO, Edit
from tubs.cleaning.rules import Rule, all_of
from tubs.cleaning.tub_facts import TubFacts
from tubs.reader import Tub


class MarkReport(msgspec.Struct):
    """What an edit did, or would do.

    Attributes:
        tub: its folder.
        action: delete, restore, undo, redo or list.
        why: the rules of the edit; for undo and redo those of the edit that they are about.
        dry_run: whether it was only asked what would happen.
        records: how many the tub has.
        chosen: how many the rules choose; for undo and redo, how many they change.
        already: how many of the chosen were so already.
        deleted: how many are deleted now.
        chosen_records: runs of the chosen ones, first and last number; for list, of the deleted.
    """

    tub: str
    action: str
    why: str
    dry_run: bool
    records: int
    chosen: int
    already: int
    deleted: int
    chosen_records: list[tuple[int, int]]


def mark_by_rules(
    tub: Tub,
    action: str,
    rules: Sequence[Rule],
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> MarkReport:
    """Delete or restore the records for which all rules hold; no edit when that changes nothing.

    Raises:
        RuleError: a rule makes no sense for this tub; nothing has changed.
        TubError: the tub cannot be read.
        OutputError: the edit cannot be written; nothing has changed.
    """
    chosen = all_of(rules, TubFacts(tub, progress))
    deleted = tub.deleted()
    already = chosen & (deleted if action == DELETE else ~deleted)
    why = "; ".join(rule.text for rule in rules)
    if not dry_run and (chosen & ~already).any():
        edit = {DELETE: tub.marks.delete, RESTORE: tub.marks.restore}[action]
        edit(tub.ranges_of(chosen), why)
    return _report(tub, action, why, chosen, int(already.sum()), dry_run)


def take_back(tub: Tub, action: str) -> MarkReport | None:
    """Undo or redo an edit; None when there is none.

    Raises:
        OutputError: this cannot be written; nothing has changed.
    """
    before = tub.deleted()
    edit = {UNDO: tub.marks.undo, REDO: tub.marks.redo}[action]()
    if edit is None:
        return None
    return _report(tub, action, f"{edit.edit} {edit.why}".strip(), before ^ tub.deleted(), 0)


def list_deleted(tub: Tub) -> MarkReport:
    """Say which records are deleted."""
    return _report(tub, "list", "", tub.deleted(), 0)


def _report(
    tub: Tub, action: str, why: str, chosen: NDArray[np.bool_], already: int, dry_run: bool = False
) -> MarkReport:
    return MarkReport(
        tub=str(tub.folder),
        action=action,
        why=why,
        dry_run=dry_run,
        records=len(tub),
        chosen=int(chosen.sum()),
        already=already,
        deleted=int(tub.deleted().sum()),
        chosen_records=runs(chosen),
    )


def runs(chosen: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last number of each run of chosen records."""
    padded = np.concatenate([[False], chosen, [False]]).astype(np.int8)
    edges = np.flatnonzero(np.diff(padded)).reshape(-1, 2)
    return [(first, after - 1) for first, after in edges.tolist()]


def records_of(tub: Tub, edit: Edit) -> int:
    """How many records of a tub an edit is about."""
    return sum(int(edit.covers(each.name, each.times_ns).sum()) for each in tub.sessions)
