"""The signs by which the runtime monitor judges a decision, and what each of them is worth.

Evidence is the logarithm of odds that the car leaves the road soon, a weighted sum of the signs: a
logistic regression whose weights are never below zero, so that no sign of trouble can calm. What a
pilot does not tell counts as it is in calm driving.
"""

import math
import tomllib
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from car.errors import ConfigError
from car.path_ahead import Ahead
from car.pilots.pilot import Decision

WEIGHTS = Path(__file__).with_name("monitor_weights.toml")
Weight = Annotated[float, Meta(ge=0.0, le=1000.0)]


class Signs(NamedTuple):
    """What can be seen of trouble in one decision; nan where the pilot does not tell.

    Attributes:
        off_path: share of the wanted path that is no road, 0.3 to 1.2 m ahead.
        elsewhere: by how much more road there is on the best path.
        nowhere: share of the best path that is no road.
        obstacle: share of the wanted path that is something that stands there.
        short: share of the wanted path that lies beyond the first stretch without road.
        beside: share of what lies right ahead of the car, as wide as a road, that is none.
        unsure: the pilot's own standard deviation, in units of steering.
        jump: change of the wanted steering since the frame before, in units of steering.
    """

    off_path: float = math.nan
    elsewhere: float = math.nan
    nowhere: float = math.nan
    obstacle: float = math.nan
    short: float = math.nan
    beside: float = math.nan
    unsure: float = math.nan
    jump: float = math.nan


OF_THE_PILOT = ("unsure", "jump")
"""Signs that need no class map."""


class SignValues(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A value for each sign, by its name in `Signs`."""

    off_path: Weight
    elsewhere: Weight
    nowhere: Weight
    obstacle: Weight
    short: Weight
    beside: Weight
    unsure: Weight
    jump: Weight


class MonitorWeights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was learned from drives.

    Attributes:
        threshold: sum of evidence over time, in seconds, that makes a doubt of 1.
        bias: evidence without any sign.
        least: evidence of one frame counts at least this; below 0.
        most: evidence of one frame counts at most this; above 0.
        weights: evidence per unit of a sign.
        calm: what the signs are on average while all is well.
    """

    threshold: Annotated[float, Meta(gt=0.0)]
    bias: float
    least: Annotated[float, Meta(lt=0.0)]
    most: Annotated[float, Meta(gt=0.0)]
    weights: SignValues
    calm: SignValues


def load_weights(path: Path = WEIGHTS) -> MonitorWeights:
    """Read what was learned.

    Raises:
        ConfigError: the file is missing or wrong.
    """
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), MonitorWeights)
    except OSError as error:
        raise ConfigError(f"cannot read the monitor's {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} holds no weights for the monitor: {error}") from error


def signs_of(decision: Decision, ahead: Ahead | None, last_steering: float | None) -> Signs:
    """Gather the signs of one decision.

    Args:
        decision: of the pilot.
        ahead: what its class map shows; None without one.
        last_steering: wanted at the frame before; None at the first.
    """
    steering = decision.command.steering
    jump = math.nan if last_steering is None else abs(steering - last_steering)
    if ahead is None:
        return Signs(unsure=decision.steering_std, jump=jump)
    return Signs(
        off_path=ahead.off_path,
        elsewhere=ahead.elsewhere,
        nowhere=ahead.nowhere,
        obstacle=ahead.obstacle,
        short=1.0 - ahead.reach,
        beside=ahead.beside,
        unsure=decision.steering_std,
        jump=jump,
    )


class Evidence:
    """Weighs signs.

    Args:
        learned: the weights.
    """

    def __init__(self, learned: MonitorWeights) -> None:
        self._bias, self._least, self._most = learned.bias, learned.least, learned.most
        self._weights = tuple(getattr(learned.weights, name) for name in Signs._fields)
        self._calm = tuple(getattr(learned.calm, name) for name in Signs._fields)

    def of(self, signs: Signs) -> float:
        """Give the evidence of one frame, log odds within [least, most]."""
        total = self._bias
        for sign, weight, calm in zip(signs, self._weights, self._calm, strict=True):
            total += weight * (sign if math.isfinite(sign) else calm)
        return min(self._most, max(self._least, total))

    def strongest(self, signs: Signs) -> str:
        """Name the sign that is furthest above what it is in calm driving, by its weight."""
        excess = [
            weight * (sign - calm) if math.isfinite(sign) else -math.inf
            for sign, weight, calm in zip(signs, self._weights, self._calm, strict=True)
        ]
        return Signs._fields[excess.index(max(excess))]
