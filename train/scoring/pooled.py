"""What a pilot said on all held-out records of all its tubs, put together for one report."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from train.learning.dataset import Lesson
from train.learning.guesses import Guesses
from train.metrics import mae, r2_where_it_varies
from train.scoring.bootstrap import Rows, pieces
from train.scoring.certainty import Certainty, certainty
from train.scoring.scores import BaselineScore, SteeringScore, score_baseline, score_steering
from train.scoring.scoring import Measured
from train.scoring.seen_maps import ClassMapScore, SeenMaps, together
from train.scoring.sharp_turns import SharpTurns, sharp_turns

Floats = NDArray[np.float32]

LEARNED, MEASURED = 6000, 2000
"""Records of one tub that a report looks at: its baselines learn from, and are measured on."""


@dataclass(frozen=True, slots=True)
class Pooled:
    """Held-out records of all tubs, one after the other, (n,) each.

    Attributes:
        truth: steering of the driver.
        guess: steering of the pilot.
        float_guess: steering of the float network; None when it is not there.
        std: the pilot's uncertainty.
        throttle: of the driver.
        throttle_guess: of the pilot.
        session: counts through all tubs.
        lesson: which tub.
        row: which record of it.
        confusion: (5, 5) pixels.
        seen: class maps of all tubs; None when there are none.
        baselines: steering of each.
        leaky: what a random split would have claimed for some of them.
        thinned: whether tubs hold more records than are looked at.
    """

    truth: Floats
    guess: Floats
    float_guess: Floats | None
    std: Floats
    throttle: Floats
    throttle_guess: Floats
    session: NDArray[np.intp]
    lesson: NDArray[np.intp]
    row: Rows
    confusion: NDArray[np.int64]
    seen: SeenMaps | None
    baselines: dict[str, Floats]
    leaky: dict[str, float]
    thinned: bool

    @property
    def stretches(self) -> list[Rows]:
        """What is drawn again and again for intervals."""
        return pieces(self.row, self.session)

    def steering(self) -> SteeringScore:
        """All measures of the pilot's steering."""
        return score_steering(self.truth, self.guess, self.stretches)

    def simple(self) -> dict[str, BaselineScore]:
        """All baselines on the same records."""
        stretches = self.stretches
        return {
            name: score_baseline(self.truth, says, self.guess, stretches, name == "repeat")
            for name, says in self.baselines.items()
        }

    def turns(self) -> SharpTurns:
        """Sharp turns of the pilot."""
        return sharp_turns(self.truth, self.guess)

    def certainty(self) -> Certainty | None:
        """Whether its uncertainty can be trusted."""
        return certainty(self.truth, self.guess, self.std)

    def throttle_r2(self) -> float | None:
        """Share of the throttle's variance that is explained."""
        return r2_where_it_varies(self.throttle, self.throttle_guess)

    def class_map(self) -> ClassMapScore | None:
        """How well its class maps agree with labels; None without labels."""
        return None if self.seen is None else self.seen.score()

    def throttle_mae(self) -> float:
        """Mean error of the throttle."""
        return mae(self.throttle, self.throttle_guess)


def thinned(lesson: Lesson) -> Lesson:
    """The same tub with at most so many records as a report has time for, evenly chosen."""
    return replace(
        lesson,
        train=_evenly(lesson.train, LEARNED),
        held_out=_evenly(lesson.held_out, MEASURED),
    )


def pool(measured: Sequence[Measured], lessons: Sequence[Lesson]) -> Pooled:
    """Put tubs together.

    Args:
        measured: of each tub.
        lessons: the whole tubs, before thinning.
    """
    guesses = [each.guesses for each in measured]
    rows = [each.lesson.held_out for each in measured]
    beside = [each.float_guesses for each in measured]
    known = [each for each in beside if each is not None]
    return Pooled(
        truth=_join(each.lesson.steering[each.lesson.held_out] for each in measured),
        guess=_join(each.steering for each in guesses),
        float_guess=_floats(known) if len(known) == len(beside) else None,
        std=_join(each.steering_std for each in guesses),
        throttle=_join(each.lesson.throttle[each.lesson.held_out] for each in measured),
        throttle_guess=_join(each.throttle for each in guesses),
        session=_sessions(measured),
        lesson=np.repeat(np.arange(len(rows)), [len(each) for each in rows]),
        row=np.concatenate(rows),
        confusion=np.sum([each.confusion for each in guesses], axis=0),
        seen=together(each.seen for each in measured),
        baselines={
            name: _join(each.baselines[name] for each in measured) for name in measured[0].baselines
        },
        leaky=_leaky(measured),
        thinned=any(
            len(each.lesson.held_out) < len(whole.held_out)
            or len(each.lesson.train) < len(whole.train)
            for each, whole in zip(measured, lessons, strict=True)
        ),
    )


def _floats(guesses: Sequence[Guesses]) -> Floats:
    return np.clip(_join(each.steering for each in guesses), -1.0, 1.0)


def _join(parts: Iterable[Floats]) -> Floats:
    return np.concatenate(list(parts)).astype(np.float32)


def _sessions(measured: Sequence[Measured]) -> NDArray[np.intp]:
    """Session of each record, counted through all tubs."""
    found, first = [], 0
    for each in measured:
        session = np.asarray(each.lesson.recording.session, np.intp)
        found.append(session[each.lesson.held_out] + first)
        first += int(session.max()) + 1
    return np.concatenate(found)


def _leaky(measured: Sequence[Measured]) -> dict[str, float]:
    """Mean over all records, every record counting the same."""
    weights = [len(each.lesson.held_out) for each in measured]
    return {
        name: float(
            np.average([each.score.random_split[name].mae for each in measured], weights=weights)
        )
        for name in measured[0].score.random_split
    }


def _evenly(rows: Rows, most: int) -> Rows:
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).round().astype(np.intp)]
