"""What is measured of a decision."""

import msgspec

from car.bench.flatbuffer import NetworkFacts
from car.bench.interleaved import Timings
from car.bench.spread import Spread


class FormSpeed(msgspec.Struct, frozen=True):
    """One form of a network: what it is, and how long one decision takes, one thread."""

    timings: Timings
    facts: NetworkFacts


class PilotSpeed(msgspec.Struct, frozen=True):
    """One pilot.

    Attributes:
        pilot: its file.
        bare: int8, the interpreter alone.
        decide: as the car calls it, around the same interpreter.
        headless: int8, the same network without its class map; None when it has none.
        float_form: the float network beside it; None when there is none, or no TensorFlow.
        float_headless: that without its class map.
        decide_ratio: decide to bare.
        head_ratio: with the class map to without, int8.
        float_head_ratio: the same of the float form.
        float_ratio: float to int8.
        donkeycar_ratio: donkeycar's float network to ours bare, int8: what each drives with.
        donkeycar_to_decide_ratio: donkeycar's float network, bare, to our whole decision.
        donkeycar_float_ratio: both float.
        donkeycar_int8_ratio: both int8.
    """

    pilot: str
    bare: FormSpeed
    decide: Timings
    headless: FormSpeed | None
    float_form: FormSpeed | None
    float_headless: FormSpeed | None
    decide_ratio: Spread
    head_ratio: Spread | None
    float_head_ratio: Spread | None
    float_ratio: Spread | None
    donkeycar_ratio: Spread | None
    donkeycar_to_decide_ratio: Spread | None
    donkeycar_float_ratio: Spread | None
    donkeycar_int8_ratio: Spread | None


class DonkeycarSpeed(msgspec.Struct, frozen=True):
    """donkeycar's default network, converted by donkeycar, run by the same runtime."""

    version: str
    float_form: FormSpeed
    int8: FormSpeed


class DecisionSpeed(msgspec.Struct, frozen=True):
    """What was measured.

    Attributes:
        rounds: in each of which everything was timed once, in turns.
        calls: of each form a round.
        load: of the machine, over the last minute, before and after.
        pilots: in the order asked for.
        donkeycar: None when it was not asked for.
    """

    rounds: int
    calls: int
    load: tuple[float, float]
    pilots: list[PilotSpeed]
    donkeycar: DonkeycarSpeed | None
