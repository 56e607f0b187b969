"""What a pilot's figures mean for whoever wants to drive it: try it, what it is bad at, what next.

Every sentence has a figure behind it; the bounds are here, to be argued with.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from train.report.recorded_facts import RecordedFacts
from train.scoring.bootstrap import Bounds
from train.scoring.certainty import Certainty
from train.scoring.score_text import percent
from train.scoring.scores import BaselineScore, SteeringScore
from train.scoring.sharp_turns import SharpTurns

Kind = Literal["bad", "next", "note"]

FOUND_SHARP = 0.6
"""Share of sharp turns that must be found."""
RIGHT_SIDE = 0.9
"""Share of turns that must go to the right side."""
LEARNED_THROTTLE = 0.3
"""R2 of throttle, below which it was not learned."""
HARDLY = 0.02
"""Standard deviation of throttle, below which it hardly varied."""
ONE_LIGHT = 0.12
"""Spread of brightness, below which all was recorded in one light."""
FEW_RECORDS = 5000
LOPSIDED = 3.0
"""Times more turns to one side than to the other."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One sentence for the driver: what is bad, what to do next, or what to know."""

    kind: Kind
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Opinion:
    """What to think of a pilot.

    Attributes:
        level: "try", "care" or "no".
        headline: one sentence.
        details: the sentences after it.
        advice: the rest, most important first.
    """

    level: Literal["try", "care", "no"]
    headline: str
    details: str
    advice: list[Advice]


@dataclass(frozen=True, slots=True)
class Findings:
    """What is known about a pilot, offline.

    Attributes:
        steering: on held-out records.
        simple: baselines on the same.
        turns: sharp ones.
        certainty: None when the pilot gives none.
        throttle_r2: None when the throttle never varied.
        facts: what was recorded.
        improving: whether the held-out error was still falling when the training ended.
        interrupted: whether the training was ended early.
        tubs_changed: what changed in the tubs meanwhile.
    """

    steering: SteeringScore
    simple: dict[str, BaselineScore]
    turns: SharpTurns
    certainty: Certainty | None
    throttle_r2: float | None
    facts: RecordedFacts
    improving: bool = False
    interrupted: bool = False
    tubs_changed: Sequence[str] = ()


def opinion(found: Findings) -> Opinion:
    """Say what to think of a pilot that has not driven yet."""
    level, why = _level(found)
    headline = {
        "try": "Ready for a first slow drive.",
        "care": "Try it with care: it has a weak side.",
        "no": "Not ready to drive yet.",
    }[level]
    order: dict[Kind, int] = {"bad": 0, "next": 1, "note": 2}
    advice = [*_weak(found), *_to_record(found), *_notes(found)]
    return Opinion(level, headline, why, sorted(advice, key=lambda each: order[each.kind]))


def still_improving(held_out_errors: Sequence[float]) -> bool:
    """Whether the last fifth of the epochs made the error smaller by more than 3 %."""
    count = len(held_out_errors)
    if count < 3:
        return True
    last = max(1, count // 5)
    return min(held_out_errors[-last:]) < 0.97 * min(held_out_errors[:-last])


def rival(simple: dict[str, BaselineScore]) -> tuple[str, BaselineScore]:
    """The best of the simple ways that see no more than the pilot does."""
    fair = {name: line for name, line in simple.items() if not line.sees_the_past}
    name = min(fair, key=lambda each: fair[each].mae)
    return name, fair[name]


def _level(found: Findings) -> tuple[Literal["try", "care", "no"], str]:
    gain = _gain(found)
    if found.steering.r2 is None:
        return "no", (
            "The driver steered one value all the time, so nothing can be learned or measured: "
            "record a drive with turns."
        )
    against = _against(found, gain)
    if gain <= 0.0:
        return "no", f"{against} Something simpler would steer as well."
    weak = [each for each in _weak(found) if each.title != THROTTLE]
    unsure = _unsure(_bounds(found))
    if weak or unsure:
        return "care", f"{against} {unsure}{' See below what it is bad at.' * bool(weak)}".strip()
    return "try", (
        f"{against} These figures come from frames that it never saw, but not from driving: let it "
        "drive slowly first, with a hand on the stop button."
    )


def _gain(found: Findings) -> float:
    line = rival(found.simple)[1]
    return 1.0 - found.steering.mae / line.mae if line.mae else 0.0


def _bounds(found: Findings) -> Bounds | None:
    return rival(found.simple)[1].pilot_is_better_by


def _against(found: Findings, gain: float) -> str:
    said = f"Its mean steering error is {found.steering.mae:.3f} (1 is full lock), "
    if gain > 0:
        return f"{said}{100 * gain:.0f} % less than the best simple way on the same frames."
    return f"{said}which is no better than the best simple way on the same frames."


def _unsure(bounds: Bounds | None) -> str:
    if bounds is None:
        return "Too little is held out to be sure of that."
    if bounds.low < 0.0:
        return "With so few held-out stretches that may be chance."
    return ""


THROTTLE = "Throttle is not learned."


def _weak(found: Findings) -> Iterator[Advice]:
    """What it is bad at."""
    yield from _weak_turns(found.turns)
    side = found.steering.sign_accuracy
    if side is not None and side < RIGHT_SIDE:
        yield Advice(
            "bad",
            f"It steers to the wrong side in {percent(1 - side)} of the turns.",
            "A fork, a crossing or turns in both directions at one place confuse it: record the "
            "course in one direction until it drives that.",
        )
    known = found.throttle_r2
    if known is not None and known < LEARNED_THROTTLE and found.facts.throttle_std >= HARDLY:
        yield Advice(
            "bad",
            THROTTLE,
            f"It explains {percent(max(known, 0.0))} of how the driver's throttle varied. Drive "
            "it in "
            "mode assisted (you give throttle), or record slow curves and fast straights with a "
            "steadier hand.",
        )
    sure = found.certainty
    if sure is not None and sure.coverage_95 < 0.8:
        yield Advice(
            "bad",
            "It is too sure of itself.",
            f"Its 95 % interval holds the truth in {percent(sure.coverage_95)} of the frames: do "
            "not "
            "count on it to slow down where it is lost.",
        )


def _weak_turns(turns: SharpTurns) -> Iterator[Advice]:
    if turns.recall is None:
        return
    sides = (("left", turns.recall_left), ("right", turns.recall_right))
    for name, recall in sides:
        if recall is not None and recall < FOUND_SHARP:
            yield Advice(
                "bad",
                f"It takes too few sharp turns to the {name}.",
                f"It turns sharply in {percent(recall)} of the frames where the driver did: "
                "record more "
                f"sharp turns to the {name}, entered slowly and from both sides of the road.",
            )


def _to_record(found: Findings) -> Iterator[Advice]:
    """What to do and to record next."""
    facts = found.facts
    if found.improving and not found.interrupted:
        yield Advice(
            "next",
            "Train for longer.",
            "The error on held-out frames was still falling when the training ended: give it twice "
            "the --epochs or --minutes before you record more.",
        )
    few, many = sorted((("left", facts.left), ("right", facts.right)), key=lambda each: each[1])
    if many[1] > 0.02 and many[1] > LOPSIDED * few[1]:
        yield Advice(
            "next",
            f"Record turns to the {few[0]}.",
            f"{percent(few[1])} of the records turn {few[0]}, {percent(many[1])} turn {many[0]}. "
            "Drive the "
            "course the other way round as well.",
        )
    if facts.sharp < 0.03:
        yield Advice(
            "next",
            "Record sharp turns and recoveries.",
            f"Only {100 * facts.sharp:.1f} % of the records steer beyond half of full lock. Let "
            "the car "
            "drift towards the edge without recording, then record how you bring it back.",
        )
    if facts.records < FEW_RECORDS:
        yield Advice(
            "next",
            "Record more.",
            f"There are {facts.records:,} records; from {FEW_RECORDS:,} on, which takes about "
            f"{FEW_RECORDS / 20 / 60:.0f} minutes, a pilot begins to know a course.",
        )
    if facts.brightness_spread < ONE_LIGHT:
        yield Advice(
            "next",
            "Record in another light.",
            f"All pictures are about equally bright ({percent(facts.brightness)}, give or take "
            f"{percent(facts.brightness_spread / 2)}): drive once more at another time of day, or "
            "with "
            "the lamps the other way.",
        )


def _notes(found: Findings) -> Iterator[Advice]:
    """What is good to know."""
    facts = found.facts
    if facts.steering_values <= 7:
        yield Advice(
            "note",
            f"The recording knows {facts.steering_values} values of steering.",
            "A keyboard or a switch made it; a stick or a wheel teaches a smoother pilot.",
        )
    elif facts.full_lock > 0.3:
        yield Advice(
            "note",
            f"{percent(facts.full_lock)} of the records are at full lock.",
            "The pilot cannot learn to steer more than the car does: drive slower in the turns.",
        )
    if facts.throttle_std < HARDLY:
        yield Advice(
            "note",
            "It drives at one speed.",
            "The throttle hardly varied while recording, so there was nothing to learn from it.",
        )
    if found.interrupted:
        yield Advice(
            "note",
            "The training was ended early.",
            "This is the best network until then; training to the end makes a better one.",
        )
    for change in found.tubs_changed:
        yield Advice("note", "A tub changed while it was learned from.", f"{change}.")
