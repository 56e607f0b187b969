"""The usual recipe and its variants: each asks one question by leaving one part out."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from car.pilots.card import HeldOut
from train.errors import DatasetError
from train.learning.choice import Choice, by_commands, by_squared_error
from train.learning.export import Tolerance
from train.learning.objective import Objective, Weights, squared
from train.learning.pilot import Plan
from train.learning.steering_head import LinearSteering

FRAMES_PER_S = 20.0
FEW_WORLDS = 10
ANY = Tolerance(math.inf, math.inf, math.inf)
"""Good or bad, what is to be compared must drive."""

DEFAULT, PLAIN = "default", "plain"


@dataclass(frozen=True)
class Drives:
    """What the expert records.

    Attributes:
        worlds: how many, a session in each.
        seconds: length of a session.
        disturbed: whether the wheel is pushed now and then.
    """

    worlds: int
    seconds: float
    disturbed: bool = True

    @property
    def name(self) -> str:
        """That of the tub."""
        kind = "disturbed" if self.disturbed else "undisturbed"
        return f"{kind}-{self.worlds}x{self.seconds:g}s"


@dataclass(frozen=True)
class Variant:
    """One way to train.

    Attributes:
        name: on the command line.
        label: in tables and plots.
        question: what the comparison with the default answers, in a sentence.
        recorded: what it learns from, told what the default learns from.
        changed: how it learns, told how the default does.
    """

    name: str
    label: str
    question: str
    recorded: Callable[[Drives], Drives] = lambda usual: usual
    changed: Callable[[Plan], Plan] = lambda usual: usual


def _few_worlds(usual: Drives) -> Drives:
    worlds = min(FEW_WORLDS, usual.worlds)
    return replace(usual, worlds=worlds, seconds=round(usual.seconds * usual.worlds / worlds, 2))


def _few_frames(usual: Drives) -> Drives:
    return replace(usual, worlds=max(2, round(usual.worlds / 4)))


def _no_map(usual: Plan) -> Plan:
    objective = replace(usual.objective, weights=Weights(class_map=0.0))
    return replace(usual, objective=objective, choice=Choice(by_commands))


def _plain(usual: Plan) -> Plan:
    unchanged = replace(usual.variation, shifted=0.0, mirrored=0.0, light=0.0, balanced=0.0)
    return replace(
        usual,
        variation=unchanged,
        held_out=HeldOut(block_s=0.0, gap_s=0.0, seed=usual.seed),
        delay_s=0.0,
        objective=Objective(LinearSteering(), squared, Weights(throttle=1.0, class_map=0.0)),
        choice=Choice(by_squared_error, settled=1.0),
    )


VARIANTS = (
    Variant(DEFAULT, "the usual recipe", "What all others are compared with."),
    Variant(
        "undisturbed",
        "no disturbances",
        "Is it worth pushing the wheel while recording, so that the expert shows how to come back?",
        recorded=lambda usual: replace(usual, disturbed=False),
    ),
    Variant(
        "few-worlds",
        f"{FEW_WORLDS} worlds",
        f"Do as many frames from {FEW_WORLDS} worlds do, instead of many short drives?",
        recorded=_few_worlds,
    ),
    Variant(
        "no-shift",
        "no view shift",
        "Is it worth showing views from beside the path, with the way back as the label?",
        changed=lambda usual: replace(usual, variation=replace(usual.variation, shifted=0.0)),
    ),
    Variant(
        "no-delay",
        "no label delay",
        "Is it worth learning the command of a little later, when it will act?",
        changed=lambda usual: replace(usual, delay_s=0.0),
    ),
    Variant(
        "no-map",
        "no class map",
        "Does it drive better for learning what the ground is, too?",
        changed=_no_map,
    ),
    Variant(
        "scalar",
        "bare value for steering",
        "Are bins better than one value with a squared error?",
        changed=lambda usual: replace(
            usual, objective=replace(usual.objective, steering=LinearSteering())
        ),
    ),
    Variant(
        "few-frames",
        "a quarter of the frames",
        "What do four times as many drives bring? A quarter of the frames is a quarter of the "
        "worlds, each driven as long.",
        recorded=_few_frames,
    ),
    Variant(
        PLAIN,
        "the plain way",
        "The same frames learned as usual elsewhere: bare values with squared errors, frames "
        "shuffled, nothing changed, chosen by the validation error of single frames.",
        changed=_plain,
    ),
)


def find_variants(names: str | None) -> list[Variant]:
    """The variants named by comma, the default always first; all when nothing is named.

    Raises:
        DatasetError: no such variant.
    """
    known = {variant.name: variant for variant in VARIANTS}
    wanted = list(known) if not names else [name.strip() for name in names.split(",")]
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise DatasetError(f"no variant {unknown[0]!r}: give some of {', '.join(known)}")
    return [variant for variant in VARIANTS if variant.name in (DEFAULT, *wanted)]


def parse_seeds(text: str) -> Sequence[int]:
    """Seeds by comma, each once.

    Raises:
        DatasetError: not numbers from 0 on.
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise DatasetError(f"seeds {text!r}: give numbers from 0 on by comma, such as 1,2,3")
    return list(dict.fromkeys(int(part) for part in parts))
