"""What a report advises: each sentence when its figure calls for it, and not otherwise."""

from dataclasses import replace

import numpy as np
import pytest

from train.report.advice import THROTTLE, Findings, opinion, still_improving
from train.report.recorded_facts import RecordedFacts
from train.report.worst import worst_records
from train.scoring.bootstrap import Bounds
from train.scoring.certainty import certainty
from train.scoring.scores import BaselineScore, SteeringScore
from train.scoring.sharp_turns import sharp_turns

FACTS = RecordedFacts(
    records=12_000,
    sessions=9,
    left=0.3,
    right=0.28,
    sharp=0.1,
    full_lock=0.01,
    steering_values=800,
    throttle_std=0.08,
    brightness=0.5,
    brightness_spread=0.3,
)
TURNS = np.array([-0.9, -0.8, 0.8, 0.9])
GOOD = Findings(
    steering=SteeringScore(0.1, 0.1, 0.15, 0.8, 0.97),
    simple={
        "median": BaselineScore(0.4, 0.4, 0.5, 0.0, 0.5),
        "repeat": BaselineScore(0.04, 0.04, 0.1, 0.9, 0.99, sees_the_past=True),
        "knn5": BaselineScore(0.2, 0.2, 0.3, 0.5, 0.9, pilot_is_better_by=Bounds(0.5, 0.4, 0.6)),
    },
    turns=sharp_turns(TURNS, TURNS),
    certainty=certainty(np.zeros(100), np.linspace(-0.2, 0.2, 100), np.full(100, 0.12)),
    throttle_r2=0.8,
    facts=FACTS,
)


def titles(found: Findings) -> str:
    return " ".join(each.title for each in opinion(found).advice)


def test_a_good_pilot_may_drive_slowly_and_gets_no_advice() -> None:
    found = opinion(GOOD)
    assert found.level == "try"
    assert "50 % less than the best simple way" in found.details
    assert "not from driving" in found.details
    assert found.advice == []


def test_the_copycat_is_never_the_rival() -> None:
    assert GOOD.steering.mae > GOOD.simple["repeat"].mae
    assert opinion(GOOD).level == "try"


def test_a_pilot_worse_than_a_baseline_is_not_ready() -> None:
    worse = replace(GOOD, steering=SteeringScore(0.25, 0.3, 0.4, 0.2, 0.95))
    assert opinion(worse).level == "no"
    assert "no better than" in opinion(worse).details


def test_one_steering_value_is_not_ready_and_says_what_to_do() -> None:
    still = replace(GOOD, steering=SteeringScore(0.0, 0.0, 0.0, None, None))
    assert opinion(still).level == "no"
    assert "record a drive with turns" in opinion(still).details


def test_a_gain_that_may_be_chance_calls_for_care() -> None:
    line = BaselineScore(0.2, 0.2, 0.3, 0.5, 0.9, pilot_is_better_by=Bounds(0.5, -0.1, 0.6))
    unsure = replace(GOOD, simple={"knn5": line})
    assert opinion(unsure).level == "care"
    assert "may be chance" in opinion(unsure).details


CASES = {
    "too few sharp turns to the left": {"turns": sharp_turns(TURNS, np.maximum(TURNS, 0.0))},
    "wrong side in 20 %": {"steering": SteeringScore(0.1, 0.1, 0.15, 0.8, 0.8)},
    THROTTLE: {"throttle_r2": 0.1},
    "too sure of itself": {
        "certainty": certainty(np.zeros(100), np.linspace(-0.2, 0.2, 100), np.full(100, 0.02))
    },
    "Record turns to the left": {"facts": replace(FACTS, left=0.05)},
    "Record sharp turns": {"facts": replace(FACTS, sharp=0.01)},
    "Record more": {"facts": replace(FACTS, records=900)},
    "Record in another light": {"facts": replace(FACTS, brightness_spread=0.03)},
    "3 values of steering": {"facts": replace(FACTS, steering_values=3)},
    "at full lock": {"facts": replace(FACTS, full_lock=0.5)},
    "one speed": {"facts": replace(FACTS, throttle_std=0.001)},
    "Train for longer": {"improving": True},
    "ended early": {"interrupted": True, "improving": True},
    "A tub changed": {"tubs_changed": ["garage changed"]},
}


@pytest.mark.parametrize("said", CASES)
def test_each_finding_gives_its_own_advice_and_no_other(said: str) -> None:
    found = opinion(replace(GOOD, **CASES[said]))
    assert len(found.advice) == 1
    assert said in found.advice[0].title


def test_an_error_that_still_falls_is_told_from_one_that_has_settled() -> None:
    falling = [0.5 * 0.95**epoch for epoch in range(20)]
    assert still_improving(falling)
    assert not still_improving([*falling, *[falling[-1]] * 20])


def test_throttle_that_never_varied_is_no_fault_of_the_pilot() -> None:
    steady = replace(GOOD, throttle_r2=0.0, facts=replace(FACTS, throttle_std=0.001))
    assert THROTTLE not in titles(steady)
    assert opinion(steady).level == "try"


def test_what_is_bad_comes_before_what_to_record() -> None:
    found = opinion(replace(GOOD, throttle_r2=0.0, facts=replace(FACTS, records=900)))
    assert [each.kind for each in found.advice] == ["bad", "next"]


def test_the_worst_frames_are_a_second_apart_but_not_across_sessions() -> None:
    error = np.array([0.9, 0.8, 0.7, 0.6, 0.1])
    row = np.array([100, 101, 102, 140, 300])
    same = worst_records(error, row, np.zeros(5, int))
    other = worst_records(error, row, np.array([0, 1, 0, 0, 0]))
    assert same == [0, 3, 4]
    assert other == [0, 1, 3, 4]
    assert worst_records(error, row, np.zeros(5, int), 1) == [0]
