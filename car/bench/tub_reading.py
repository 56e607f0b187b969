"""Measures reading a tub: pictures decoded, opening, access in and out of order, the cache."""

import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from time import process_time

import msgspec
import numpy as np
from numpy.typing import NDArray

from car.bench.tub_samples import PERIOD_S, drive_records
from tubs.encoded import EncodedRecord, encode
from tubs.reader import Tub
from tubs.training.opening import open_training_view
from tubs.writer import TubWriter

BATCH = 128
ACCESSES = 5000

_OPEN = """
import sys
from pathlib import Path
from tubs.reader import Tub

def resident_kb():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])

Tub(Path(sys.argv[2]))
before = resident_kb()
tub = Tub(Path(sys.argv[1]))
print(1024 * (resident_kb() - before) / len(tub))
"""


def encoded_drive(images: NDArray[np.uint8], records: int) -> Iterable[EncodedRecord]:
    """Records of a long drive, whose pictures are compressed once."""
    some = [encode(record) for record in drive_records(images, len(images))]
    for number in range(records):
        record, captured_s = some[number % len(some)], PERIOD_S * number
        times = {"captured_s": captured_s, "applied_s": captured_s + 0.004}
        yield replace(record, control=msgspec.structs.replace(record.control, **times))


def with_jpegs(folder: Path, jpegs: Iterable[bytes], images: NDArray[np.uint8]) -> Path:
    """A tub of pictures that somebody else compressed."""
    records = encoded_drive(images, 1_000_000)
    with TubWriter(folder) as writer:
        for jpeg, record in zip(jpegs, records, strict=False):
            writer.append_encoded(replace(record, jpeg=jpeg))
    return folder


def decoded_per_s(folder: Path) -> float:
    """Records a CPU second, one after the other, pictures decoded."""
    began, tub = process_time(), Tub(folder)
    for _ in tub:
        pass
    return len(tub) / (process_time() - began)


def open_ms(folder: Path) -> float:
    """How long it takes until all records are known; the file is in memory already."""
    began_s = time.perf_counter()
    Tub(folder)
    return 1e3 * (time.perf_counter() - began_s)


def accesses_per_s(tub: Tub, in_order: bool) -> float:
    """Records a second, checksum verified, pictures left compressed."""
    dice = np.random.default_rng(0)
    count = min(ACCESSES, len(tub))
    numbers = np.arange(count) if in_order else dice.integers(0, len(tub), count)
    began_s = time.perf_counter()
    for number in numbers.tolist():
        tub.encoded(number)
    return count / (time.perf_counter() - began_s)


def memory_per_record(tub: Path, small: Path) -> float:
    """Bytes that an open tub takes for each record, in a process of its own.

    Args:
        tub: the tub to open.
        small: another, opened before so that what is imported does not count.
    """
    command = [sys.executable, "-c", _OPEN, str(tub), str(small)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return float(done.stdout)


def cached_per_s(tub: Path, cache: Path, batches: int) -> float:
    """Decoded frames a second, in batches of 128 at random, from a cache that is made already."""
    view = open_training_view([tub], cache)
    dice = np.random.default_rng(1)
    rows = dice.integers(0, len(view), (batches, BATCH))
    began_s = time.perf_counter()
    for batch in rows:
        _ = view.images[batch]
    return batches * BATCH / (time.perf_counter() - began_s)
