"""The figures of decisions as people read them."""

from pathlib import Path

from car.bench.interleaved import Timings
from car.bench.pilot_figures import DecisionSpeed, DonkeycarSpeed, FormSpeed, PilotSpeed
from car.bench.spread import Spread

TARGETS = {"donkeycar": "at least 5", "head": "at most 1.25"}


def pilot_table(found: DecisionSpeed) -> str:
    """All of it: median, lowest and highest of the rounds, and what they should be."""
    blocks = [_pilot(each) for each in found.pilots]
    if found.donkeycar is not None:
        blocks.append(_donkeycar(found.donkeycar))
    before, after = found.load
    return "\n\n".join(blocks) + (
        f"\n\none thread; median (lowest to highest) of the medians of {found.rounds} rounds of "
        f"{found.calls} calls, all in turns;\nratios are of medians in one round; load of the "
        f"machine {before:.1f} before, {after:.1f} after"
    )


def _pilot(speed: PilotSpeed) -> str:
    return "\n".join(
        [
            Path(speed.pilot).name,
            *_form("int8, the interpreter alone", speed.bare),
            _time("int8, as the car calls it", speed.decide),
            *_form("int8, without the class map", speed.headless),
            *_form("float", speed.float_form),
            *_form("float, without the class map", speed.float_headless),
            *_ratio("  decision / interpreter alone", speed.decide_ratio),
            *_ratio("  with class map / without, int8", speed.head_ratio, TARGETS["head"]),
            *_ratio("  with class map / without, float", speed.float_head_ratio, TARGETS["head"]),
            *_ratio("  float / int8", speed.float_ratio),
            *_ratio("  donkeycar float / int8", speed.donkeycar_ratio, TARGETS["donkeycar"]),
            *_ratio("  donkeycar float / int8 as called", speed.donkeycar_to_decide_ratio),
            *_ratio("  donkeycar float / float", speed.donkeycar_float_ratio),
            *_ratio("  donkeycar int8 / int8", speed.donkeycar_int8_ratio),
        ]
    )


def _donkeycar(speed: DonkeycarSpeed) -> str:
    return "\n".join(
        [
            f"donkeycar {speed.version}, default network",
            *_form("float, the interpreter alone", speed.float_form),
            *_form("int8, the interpreter alone", speed.int8),
        ]
    )


def _form(name: str, form: FormSpeed | None) -> list[str]:
    if form is None:
        return []
    facts = form.facts
    return [
        _time(name, form.timings),
        f"  {'':34s} {facts.file_bytes / 1e3:,.0f} KB, {facts.parameters / 1e3:,.0f} k parameters, "
        f"{facts.multiply_adds / 1e6:.2f} M multiply-adds, {facts.activation_bytes / 1e3:,.0f} KB "
        f"between {facts.operations} operations",
    ]


def _time(name: str, timings: Timings) -> str:
    p50, p99 = timings.p50_ms, timings.p99_ms
    return (
        f"  {name:34s} {p50.median:.3f} ms ({p50.lowest:.3f} to {p50.highest:.3f}), "
        f"p99 {p99.median:.3f}"
    )


def _ratio(name: str, ratio: Spread | None, target: str = "") -> list[str]:
    if ratio is None:
        return []
    asked = f"   [{target}]" if target else ""
    return [f"  {name:34s} {ratio.median:.2f} ({ratio.lowest:.2f} to {ratio.highest:.2f}){asked}"]
