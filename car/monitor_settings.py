"""The section [monitor] of car.toml: how much doubt in the pilot slows the car, and stops it."""

from typing import Annotated, Literal

from msgspec import Meta

from car.section import Section


class MonitorConfig(Section, frozen=True):
    """How the car's own doubt in what its pilot does slows it and stops it.

    Attributes:
        action: `stop` slows and then stops, `slow` slows and stops only the blind, `off` judges
            nothing.
        slow_from: doubt from which the throttle is taken back; at 1 it is at `slowest`.
        slowest: share of the throttle that is left at doubt 1.
        stop_after_s: how long doubt must be at 1 before the car is stopped.
        blind_after_s: how long no road may be seen anywhere, or any steering seem as good as any
            other, before the car is stopped.
    """

    action: Literal["stop", "slow", "off"] = "slow"
    slow_from: Annotated[float, Meta(gt=0.0, lt=1.0)] = 0.3
    slowest: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.4
    stop_after_s: Annotated[float, Meta(ge=0.0, le=5.0)] = 0.3
    blind_after_s: Annotated[float, Meta(gt=0.0, le=5.0)] = 0.4
