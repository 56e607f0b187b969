"""Rules as people write them: `120-180,300-`, `throttle=0`, `mode=stopped`, `dark`."""

import math
import re

from tubs.cleaning.rules import (
    COMPARISONS,
    NAMED,
    Between,
    Compared,
    InMode,
    Named,
    NumberedRecords,
    Rule,
    RuleError,
)
from tubs.cleaning.tub_facts import PICTURE_NUMBERS
from tubs.control import MODES
from tubs.reader import NUMBERS

ALIASES = {"speed": "speed_m_s", "frame_age": "frame_age_s"}
NAMES = (*NUMBERS, "frame_age_s", "session", *PICTURE_NUMBERS)
_RANGE = re.compile(r"(\d*)(-?)(\d*)")
_CONDITION = re.compile(r"(\w+)\s*(==|!=|<=|>=|=|<|>)\s*(.+)")


def records_rule(text: str) -> NumberedRecords:
    """Read numbers of records, such as `7`, `120-180,300-` or `-50`.

    Raises:
        RuleError: it is something else.
    """
    return NumberedRecords(tuple(_range(part.strip()) for part in text.split(",")))


def _range(text: str) -> tuple[int, int | None]:
    match = _RANGE.fullmatch(text)
    if match is None or not (match[1] or match[3]):
        raise RuleError(
            f"{text!r} says no records: write 120-180, 300- (to the end) or 7, by comma, "
            "and the tub before the option"
        )
    first = int(match[1] or 0)
    if not match[2]:
        return first, first
    last = int(match[3]) if match[3] else None
    if last is not None and last < first:
        raise RuleError(f"{text} runs backwards: write {last}-{first}")
    return first, last


def condition_rule(text: str) -> Rule:
    """Read a condition, such as `throttle=0`, `steering=-.1...1`, `mode=stopped` or `dark`.

    Raises:
        RuleError: it is none.
    """
    if text in NAMED:
        return Named(text, NAMED[text])
    match = _CONDITION.fullmatch(text.strip())
    if match is None:
        raise RuleError(
            f"{text!r} is no condition: write throttle=0, speed<0.1, steering=-0.1..0.1, "
            f"mode=stopped, or one of {', '.join(NAMED)}"
        )
    name, sign, value = match.groups()
    sign = "=" if sign == "==" else sign
    if name == "mode":
        return _mode(text, sign, value)
    name = ALIASES.get(name, name)
    if name not in NAMES:
        raise RuleError(f"no record has {name!r}: it has mode, {', '.join(NAMES)}")
    if sign in COMPARISONS:
        return Compared(name, sign, _number(text, value))
    return _between(text, name, sign, value)


def _between(text: str, name: str, sign: str, value: str) -> Between:
    low, dots, high = value.partition("..")
    low_value = _number(text, low)
    high_value = _number(text, high) if dots else low_value
    if high_value < low_value:
        raise RuleError(f"{text} runs backwards: write {name}{sign}{high}..{low}")
    return Between(name, low_value, high_value, outside=sign == "!=")


def _mode(text: str, sign: str, value: str) -> InMode:
    modes = tuple(part.strip() for part in value.split(","))
    unknown = [mode for mode in modes if mode not in MODES]
    if unknown or sign in COMPARISONS:
        raise RuleError(f"{text} is no condition: mode is = or != one of {', '.join(MODES)}")
    return InMode(modes, others=sign == "!=")


def _number(text: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError as error:
        raise RuleError(f"{text}: {value!r} is no number") from error
    if not math.isfinite(number):
        raise RuleError(f"{text}: {value!r} is not finite")
    return number
