"""Rules as one line of text from the page, and the records that they choose."""

import re
from shlex import quote

import msgspec
import numpy as np

from tubs.browser.marks_shown import MOST_RANGES
from tubs.cleaning.marking import runs
from tubs.cleaning.rule_words import condition_rule
from tubs.cleaning.rules import EndsOfSessions, NearEvents, Rule
from tubs.cleaning.tub_facts import TubFacts
from tubs.errors import EverlapError
from tubs.reader import Tub

_SECONDS = r"(\d{1,6}(?:\.\d{1,6})?) ?s"
_NEAR = re.compile(_SECONDS + r" (before|after) ([a-z]+)")
_END = re.compile(r"(first|last) " + _SECONDS)


class RefusedRuleError(EverlapError):
    """A rule whose records the page cannot show."""


class RuleFound(msgspec.Struct):
    """What a rule chooses.

    Attributes:
        rule: the rule for a person to read.
        count: how many records.
        runs: first and last record of each stretch, counted through the tub.
    """

    rule: str
    count: int
    runs: list[tuple[int, int]]


def rule_of(text: str) -> Rule:
    """Read a rule: what `everlap tub mark --where` takes, `3 s before emergency`, `last 5 s`.

    Raises:
        RuleError: it is none.
    """
    text = " ".join(text.split())
    if near := _NEAR.fullmatch(text):
        seconds, side, kind = float(near[1]), near[2], near[3]
        before, after = ((kind,), ()) if side == "before" else ((), (kind,))
        return NearEvents(before, after, seconds)
    if end := _END.fullmatch(text):
        seconds = float(end[2])
        first = end[1] == "first"
        return EndsOfSessions(seconds if first else 0.0, 0.0 if first else seconds)
    return condition_rule(text)


def find_by_rule(tub: Tub, text: str) -> RuleFound:
    """Find the records that a rule chooses.

    Raises:
        RuleError: it is none, or the tub does not know what it asks for.
        RefusedRuleError: they are too many stretches.
    """
    rule = rule_of(text)
    chosen = rule.chosen(TubFacts(tub))
    stretches = runs(chosen)
    if len(stretches) > MOST_RANGES:
        raise RefusedRuleError(
            f"{rule.text} chooses {len(stretches):,} stretches, more than this page takes: "
            f"everlap tub mark {quote(str(tub.folder))} --delete --where '{rule.text}' does it"
        )
    return RuleFound(rule.text, int(np.count_nonzero(chosen)), stretches)
