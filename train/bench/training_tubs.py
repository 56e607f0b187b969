"""Tubs to measure a training with: one that the simulator's expert drives, and very long ones."""

from dataclasses import replace
from pathlib import Path

import msgspec

from car.config import CarConfig
from car.fleet import usual_workers
from car.recording import Recording, record_expert
from car.simulation.world import WorldSpec
from tubs.about import read_about
from tubs.encoded import EncodedRecord
from tubs.exchange.room import check_room
from tubs.reader import Tub
from tubs.training.rows import ROW
from tubs.writer import TubWriter

WORLDS = 8
SECONDS = 20.0
"""Of a drive in each world."""
PERIOD_S = 0.05
REPEATED = 500
"""Different records of a long tub."""


def record_tub(folder: Path, worlds: int = WORLDS, seconds: float = SECONDS) -> Path:
    """Record the expert, as `everlap record --sim` does."""
    specs = [WorldSpec(f"random:{number}", None, number, 0.7, 0.3) for number in range(worlds)]
    recording = Recording(folder, CarConfig(), seconds)
    record_expert(recording, specs, usual_workers())
    return folder


def repeat_tub(source: Path, folder: Path, records: int) -> Path:
    """A tub of any length whose pictures come round again and again.

    Args:
        source: a tub.
        folder: the tub to write.
        records: how many.

    Raises:
        TubError: the source is no tub, or damaged.
        OutputError: there is no room for the tub and for its decoded form beside it.
    """
    tub = Tub(source)
    some = [tub.encoded(number) for number in range(min(len(tub), REPEATED))]
    check_room(folder, records * _bytes_each(tub, some))
    with TubWriter(folder, read_about(source), "session-0000", sync_interval_s=3600.0) as writer:
        for number in range(records):
            writer.append_encoded(_at(some[number % len(some)], PERIOD_S * number))
    return folder


def _at(record: EncodedRecord, captured_s: float) -> EncodedRecord:
    times = {"captured_s": captured_s, "applied_s": captured_s + 0.004}
    return replace(record, control=msgspec.structs.replace(record.control, **times))


def _bytes_each(tub: Tub, some: list[EncodedRecord]) -> int:
    """What a record takes in the tub and in the cache."""
    compressed = sum(len(each.jpeg) + len(each.class_map_png or b"") for each in some) // len(some)
    return compressed + 700 + tub[0].image.nbytes + 40 * 30 + ROW.itemsize
