"""Rules that say which records of a tub are meant: by number, by value, by picture, by time."""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tubs.cleaning.tub_facts import STOP, TubFacts
from tubs.errors import EverlapError
from tubs.event import KINDS

Chosen = NDArray[np.bool_]
NEAR = 0.01
"""What differs by less counts as equal."""
_ROUNDING = 1e-6
"""What was meant to be on the edge of a range is in it."""
STANDING_M_S = 0.02
DARK_BELOW = 16.0
"""Mean grey value of a picture that shows nothing but the lens cap or the night."""
BLANK_BELOW = 4.0
"""Standard deviation of the grey values of a picture of one colour."""


class RuleError(EverlapError):
    """A rule makes no sense, or none for this tub."""


class Rule(Protocol):
    """Chooses records."""

    @property
    def text(self) -> str:
        """The rule for a person to read, as in the marks."""
        ...

    def chosen(self, facts: TubFacts) -> Chosen:
        """Which records are meant, bool (n,).

        Raises:
            RuleError: the tub does not know what the rule asks for.
        """
        ...


@dataclass(frozen=True, slots=True)
class NumberedRecords:
    """Records by number, ends included.

    Attributes:
        ranges: first and last number; None for the last one is the end of the tub.
    """

    ranges: Sequence[tuple[int, int | None]]

    @property
    def text(self) -> str:
        """The rule for a person to read."""
        return f"records {','.join(_range_text(*each) for each in self.ranges)}"

    def chosen(self, facts: TubFacts) -> Chosen:
        """Which records are meant, bool (n,).

        Raises:
            RuleError: a range is not in the tub.
        """
        chosen = np.zeros(len(facts), bool)
        for first, last in self.ranges:
            end = len(facts) - 1 if last is None else last
            if max(first, end) >= len(facts):
                raise RuleError(
                    f"records {_range_text(first, last)} are not in {facts.tub.folder}: "
                    f"it has records 0-{len(facts) - 1}; nothing was changed"
                )
            chosen[first : end + 1] = True
        return chosen


def _range_text(first: int, last: int | None) -> str:
    if last == first:
        return str(first)
    return f"{first}-{'' if last is None else last}"


COMPARISONS: dict[str, Callable[[Any, float], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Compared:
    """Records in which a number is more or less than another."""

    name: str
    sign: str
    value: float

    @property
    def text(self) -> str:
        """The rule for a person to read."""
        return f"{self.name}{self.sign}{self.value:g}"

    def chosen(self, facts: TubFacts) -> Chosen:
        """Which records are meant, bool (n,); never one that does not know the number.

        Raises:
            RuleError: no record knows it.
        """
        chosen: Chosen = COMPARISONS[self.sign](known(facts, self.name), self.value)
        return chosen


@dataclass(frozen=True, slots=True)
class Between:
    """Records in which a number lies in a range, ends included, or differs by less than NEAR."""

    name: str
    low: float
    high: float
    outside: bool = False

    @property
    def text(self) -> str:
        """The rule for a person to read."""
        span = f"{self.low:g}" if self.low == self.high else f"{self.low:g}..{self.high:g}"
        return f"{self.name}{'!=' if self.outside else '='}{span}"

    def chosen(self, facts: TubFacts) -> Chosen:
        """Which records are meant, bool (n,); never one that does not know the number.

        Raises:
            RuleError: no record knows it.
        """
        values = known(facts, self.name)
        spare = NEAR if self.low == self.high else _ROUNDING
        inside: Chosen = (values >= self.low - spare) & (values <= self.high + spare)
        return ~inside & np.isfinite(values) if self.outside else inside


def known(facts: TubFacts, name: str) -> NDArray[np.float64]:
    """One number a record.

    Raises:
        RuleError: no record knows it.
    """
    values = facts.number(name)
    if not np.isfinite(values).any():
        raise RuleError(
            f"no record of {facts.tub.folder} knows {name}: use another rule, such as throttle=0"
        )
    return values


@dataclass(frozen=True, slots=True)
class InMode:
    """Records of some modes, or of all others."""

    modes: Sequence[str]
    others: bool = False

    @property
    def text(self) -> str:
        """The rule for a person to read."""
        return f"mode{'!=' if self.others else '='}{','.join(self.modes)}"

    def chosen(self, facts: TubFacts) -> Chosen:
        """Which records are meant, bool (n,)."""
        modes = facts.controls["mode"]
        inside = np.isin(modes, self.modes)
        return ~inside & (modes != "") if self.others else inside


@dataclass(frozen=True, slots=True)
class Named:
    """Records for which a word says it: standing, dark, blank, frozen, damaged."""

    word: str
    holds: Callable[[TubFacts], Chosen]

    @property
    def text(self) -> str:
        """The rule for a person to read."""
        return self.word

    def chosen(self, facts: TubFacts) -> Chosen:
        """Which records are meant, bool (n,).

        Raises:
            RuleError: no record knows what the word is about.
        """
        return self.holds(facts)


NAMED = {
    "standing": lambda facts: np.abs(known(facts, "speed_m_s")) < STANDING_M_S,
    "dark": lambda facts: facts.pictures.brightness < DARK_BELOW,
    "blank": lambda facts: facts.pictures.contrast < BLANK_BELOW,
    "frozen": lambda facts: facts.pictures.frozen,
    "damaged": lambda facts: facts.damaged,
}


@dataclass(frozen=True, slots=True)
class NearEvents:
    """Records some seconds before or after events, on either side when both are asked for.

    Attributes:
        before: kinds of events whose records before are meant.
        after: kinds of events whose records after are meant.
        seconds: how far, in time of capture.
    """

    before: Sequence[str]
    after: Sequence[str]
    seconds: float

    @property
    def text(self) -> str:
        """The rule for a person to read."""
        sides = (("before", self.before), ("after", self.after))
        parts = [f"{self.seconds:g} s {side} {','.join(kinds)}" for side, kinds in sides if kinds]
        return " or ".join(parts)

    def chosen(self, facts: TubFacts) -> Chosen:
        """Which records are meant, bool (n,).

        Raises:
            RuleError: there is no such kind of event.
        """
        happenings = facts.happenings()
        self._check_kinds({kind for kind, *_ in happenings})
        session, captured_s = facts.controls["session"], facts.controls["captured_s"]
        chosen = np.zeros(len(facts), bool)
        for kind, number, at_s in happenings:
            first, after = np.searchsorted(session, [number, number + 1])
            from_s = at_s - _ROUNDING - (self.seconds if kind in self.before else 0.0)
            to_s = at_s + _ROUNDING + (self.seconds if kind in self.after else 0.0)
            if kind in {*self.before, *self.after}:
                times_s = captured_s[first:after]
                chosen[first:after] |= (times_s >= from_s) & (times_s <= to_s)
        return chosen

    def _check_kinds(self, there: set[str]) -> None:
        for kind in (*self.before, *self.after):
            if kind not in there | {*KINDS, STOP}:
                kinds = ", ".join(sorted({*KINDS, STOP} | there))
                raise RuleError(f"{kind!r} is no kind of event: it is one of {kinds}")


@dataclass(frozen=True, slots=True)
class EndsOfSessions:
    """The first and the last seconds of each session, both when both are asked for."""

    first_s: float
    last_s: float

    @property
    def text(self) -> str:
        """The rule for a person to read."""
        ends = (("first", self.first_s), ("last", self.last_s))
        return " and ".join(f"{name} {long_s:g} s" for name, long_s in ends if long_s)

    def chosen(self, facts: TubFacts) -> Chosen:
        """Which records are meant, bool (n,)."""
        rows = facts.controls
        chosen = np.zeros(len(facts), bool)
        starts = np.flatnonzero(np.diff(rows["session"], prepend=-1))
        for start, end in zip(starts, [*starts[1:], len(rows)], strict=True):
            times_s = rows["captured_s"][start:end]
            chosen[start:end] = (times_s < times_s[0] + self.first_s) | (
                times_s > times_s[-1] - self.last_s
            )
        return chosen


def all_of(rules: Sequence[Rule], facts: TubFacts) -> Chosen:
    """Records for which every rule holds, bool (n,).

    Raises:
        RuleError: a rule makes no sense for this tub.
    """
    chosen = np.ones(len(facts), bool)
    for rule in rules:
        chosen &= rule.chosen(facts)
    return chosen
