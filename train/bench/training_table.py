"""The figures of trainings as people read them."""

from car.bench.spread import Spread
from train.bench.training import DonkeycarPace, MemoryOfRecords, Pace, TrainingSpeed

TARGETS = {"ratio": "at least 3", "memory": "flat"}


def training_table(found: TrainingSpeed) -> str:
    """All of it: median, lowest and highest of the rounds, and what they should be."""
    name = found.tub or "a simulated drive"
    blocks = [f"training on {name}, {found.records:,} records", *_pace("Everlap", found.pace)]
    blocks += _donkeycar(found.donkeycar)
    blocks += _memory(found.memory, found.steps)
    before, after = found.load
    return "\n".join(blocks) + (
        f"\n\nmedian (lowest to highest) of {found.rounds} trainings, their first epoch left out; "
        f"load of the machine {before:.1f} before, {after:.1f} after"
    )


def _pace(name: str, pace: Pace) -> list[str]:
    return [
        f"  {name:32s} {_of(pace.images_per_s)} images/s",
        f"    with the look at held-out data {_of(pace.whole_images_per_s)} images/s",
        f"    memory at most                 {pace.peak_bytes.highest / 1e6:,.0f} MB",
    ]


def _donkeycar(found: DonkeycarPace | None) -> list[str]:
    if found is None:
        return []
    return [
        *_pace("donkeycar", found.pace),
        f"  Everlap / donkeycar              {_of(found.ratio, 2)}   [{TARGETS['ratio']}]",
        f"    with the look at held-out data {_of(found.whole_ratio, 2)}   [{TARGETS['ratio']}]",
    ]


def _memory(found: list[MemoryOfRecords], steps: int) -> list[str]:
    if not found:
        return []
    lines = [
        "",
        f"memory at most, decoding a tub and {steps} steps of training",
        "     records   of its own     proportional   with pages of files",
    ]
    for each in found:
        memory = each.memory
        lines.append(
            f"  {each.records:10,}   {_mb(memory.anonymous_bytes):13s}  "
            f"{_mb(memory.proportional_bytes):13s}  {_mb(memory.resident_bytes)}"
        )
    return [*lines, *_growth(found)]


def _growth(found: list[MemoryOfRecords]) -> list[str]:
    first, last = found[0].memory.anonymous_bytes, found[-1].memory.anonymous_bytes
    if len(found) < 2 or first is None or last is None:
        return []
    share = f"{last / first:.2f} times, with {found[-1].records / found[0].records:,.0f} times"
    return [f"  of its own: {share} the records   [{TARGETS['memory']}]"]


def _mb(size_bytes: int | None) -> str:
    return "not told here" if size_bytes is None else f"{size_bytes / 1e6:,.0f} MB"


def _of(spread: Spread, digits: int = 0) -> str:
    median, lowest, highest = (
        f"{value:,.{digits}f}" for value in (spread.median, spread.lowest, spread.highest)
    )
    return f"{median} ({lowest} to {highest})"
