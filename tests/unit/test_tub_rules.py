"""Rules choose the records that they say, and those that make no sense say so."""

import math
from pathlib import Path

import numpy as np
import pytest

from tubs.cleaning.rule_words import condition_rule, records_rule
from tubs.cleaning.rules import EndsOfSessions, NearEvents, Rule, RuleError, all_of
from tubs.cleaning.tub_facts import TubFacts
from tubs.event import Event
from tubs.reader import Tub
from tubs.record import Record
from tubs.writer import TubWriter

STEP_S = 0.1


def image_of(number: int) -> np.ndarray:
    """10 and 11 black, 12 of one grey, 14 like 13; the others all different."""
    if number in (10, 11):
        return np.zeros((24, 32, 3), np.uint8)
    if number == 12:
        return np.full((24, 32, 3), 120, np.uint8)
    seed = 13 if number == 14 else number
    return (
        np.random.default_rng(seed).integers(0, 255, (3, 4, 3), np.uint8).repeat(8, 0).repeat(8, 1)
    )


@pytest.fixture(scope="module")
def tub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sessions of 20; 6 to 9 stand still in mode stopped, an emergency at .6 s in the first."""
    folder = tmp_path_factory.mktemp("rules") / "tub"
    for session in ("a", "b"):
        with TubWriter(folder, session=session) as writer:
            for number in range(20):
                stopped = 6 <= number < 10
                at_s = number * STEP_S
                writer.append(
                    Record(
                        image_of(number),
                        at_s,
                        at_s + 0.03,
                        steering=-1.0 + number / 10,
                        throttle=0.005 if stopped else 0.5,
                        mode="stopped" if stopped else "human",
                        speed_m_s=0.0 if stopped else None if number < 2 else 1.0,
                    )
                )
                if number == 6 and session == "a":
                    writer.note(Event(0.6, "emergency", "SPACE"))
    return folder


def chosen(folder: Path, *rules: Rule) -> list[int]:
    return np.flatnonzero(all_of(rules, TubFacts(Tub(folder)))).tolist()


def in_both(*numbers: int) -> list[int]:
    return [*numbers, *(number + 20 for number in numbers)]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("throttle=0", in_both(6, 7, 8, 9)),
        ("throttle!=0", in_both(0, 1, 2, 3, 4, 5, *range(10, 20))),
        ("throttle > 0.4", in_both(0, 1, 2, 3, 4, 5, *range(10, 20))),
        ("steering=-0.1..0.1", in_both(9, 10, 11)),
        ("steering=-.1...1", in_both(9, 10, 11)),
        ("steering<-0.75", in_both(0, 1, 2)),
        ("steering>=0.8", in_both(18, 19)),
        ("steering==0", in_both(10)),
        ("speed<0.5", in_both(6, 7, 8, 9)),
        ("speed!=0", in_both(2, 3, 4, 5, *range(10, 20))),
        ("frame_age>1", []),
        ("session=1", list(range(20, 40))),
        ("mode=stopped", in_both(6, 7, 8, 9)),
        ("mode=stopped,pilot", in_both(6, 7, 8, 9)),
        ("mode!=stopped,pilot", in_both(0, 1, 2, 3, 4, 5, *range(10, 20))),
        ("standing", in_both(6, 7, 8, 9)),
        ("dark", in_both(10, 11)),
        ("blank", in_both(10, 11, 12)),
        ("frozen", in_both(11, 14)),
        ("brightness<1", in_both(10, 11)),
        ("contrast>20", in_both(*range(10), *range(13, 20))),
        ("damaged", []),
    ],
)
def test_a_condition_chooses_the_records_for_which_it_holds(tub, text, numbers):
    assert chosen(tub, condition_rule(text)) == numbers


def test_a_picture_of_the_session_before_is_not_a_frozen_one(tmp_path):
    for session in ("a", "b"):
        with TubWriter(tmp_path / "tub", session=session) as writer:
            writer.append(Record(image_of(10), 0.0, 0.0, 0.0, 0.0, "human"))
    assert chosen(tmp_path / "tub", condition_rule("frozen")) == []


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("7", [7]),
        ("0-2,38-", [0, 1, 2, 38, 39]),
        (" 3 - 3 , 5", None),
        ("-2", [0, 1, 2]),
        ("39-39", [39]),
        ("0-", list(range(40))),
    ],
)
def test_numbers_of_records(tub, text, numbers):
    if numbers is None:
        with pytest.raises(RuleError, match="says no records"):
            records_rule(text)
    else:
        assert chosen(tub, records_rule(text)) == numbers


@pytest.mark.parametrize("text", ["40", "0-40", "40-", "99999999999999999999-"])
def test_a_range_outside_of_the_tub_names_the_range_of_the_tub(tub, text):
    with pytest.raises(RuleError, match=r"not in .*tub: it has records 0-39"):
        chosen(tub, records_rule(text))


@pytest.mark.parametrize(
    ("rule", "numbers"),
    [
        (NearEvents(("emergency",), (), 0.2), [4, 5, 6]),
        (NearEvents((), ("emergency",), 0.25), [6, 7, 8]),
        (NearEvents(("emergency",), ("emergency",), 0.1), [5, 6, 7]),
        (NearEvents(("stop",), (), 0.2), in_both(4, 5, 6)),
        (NearEvents(("emergency",), (), 9.0), [0, 1, 2, 3, 4, 5, 6]),
        (NearEvents(("lap",), ("fault",), 1.0), []),
        (EndsOfSessions(0.15, 0.0), in_both(0, 1)),
        (EndsOfSessions(0.0, 0.15), in_both(18, 19)),
        (EndsOfSessions(0.15, 0.15), in_both(0, 1, 18, 19)),
    ],
)
def test_rules_about_time_stay_within_their_session(tub, rule, numbers):
    assert chosen(tub, rule) == numbers


def test_of_several_rules_all_must_hold(tub):
    assert chosen(tub, condition_rule("mode=stopped"), records_rule("8-25")) == [8, 9]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no condition: write throttle=0"),
        ("throttle", "is no condition"),
        ("throttle=", "is no condition"),
        ("throttle=fast", "'fast' is no number"),
        ("throttle=nan", "is not finite"),
        ("throttle<0..1", "is no number"),
        ("steering=0.1..-0.1", r"write steering=-0.1..0.1"),
        ("colour=3", r"no record has 'colour'.*steering"),
        ("mode=fast", "is = or != one of stopped, human, assisted, pilot"),
        ("mode<human", "is = or != one of"),
    ],
)
def test_a_condition_that_makes_no_sense_says_what_would(text, message):
    with pytest.raises(RuleError, match=message):
        condition_rule(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "says no records"), ("a-b", "says no records"), ("9-3", "write 3-9"), ("-", "says no")],
)
def test_numbers_that_make_no_sense_say_so(text, message):
    with pytest.raises(RuleError, match=message):
        records_rule(text)


def test_what_no_record_knows_is_no_rule_for_this_tub(tub):
    with pytest.raises(RuleError, match="knows pilot_steering"):
        chosen(tub, condition_rule("pilot_steering=0"))


def test_a_kind_of_event_that_there_is_not(tub):
    with pytest.raises(RuleError, match="'crash' is no kind of event: it is one of dropped, emer"):
        chosen(tub, NearEvents(("crash",), (), 1.0))


def test_damaged_records_are_found_and_are_in_no_other_rule(tub, tmp_path):
    folder = tmp_path / "tub"
    folder.mkdir()
    for path in tub.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    path = folder / "a.mcap"
    data = bytearray(path.read_bytes())
    data[data.index(b"\xff\xd8", data.index(b'"captured_s":0.1,')) + 40] ^= 1
    data[data.index(b'"captured_s":0.3')] = 0
    path.write_bytes(data)
    assert chosen(folder, condition_rule("damaged")) == [1, 3]
    assert chosen(folder, condition_rule("steering<-0.65")) == [0, 1, 2, 20, 21, 22, 23]
    assert 3 not in chosen(folder, condition_rule("brightness>=0"))
    assert math.isnan(TubFacts(Tub(folder)).number("brightness")[3])
