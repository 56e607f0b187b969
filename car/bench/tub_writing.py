"""Measures writing a tub: a record beside its JPEG, the loop's share, calls and bytes.

    python -m car.bench.tub_writing FOLDER PICTURES RECORDS

writes so many records and ends; to be watched by strace.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import process_time

import msgspec
import numpy as np
from numpy.typing import NDArray

from car.bench.tub_samples import drive_records
from car.recorder import DriveRecorder, NoRecorder, Recorder
from tubs.images import encode_jpeg
from tubs.record import Record
from tubs.writer import TubWriter

LOOP_PERIOD_S = 0.01
BUSY_WAITING = 40
"""Records that wait for the writer, in a measurement that keeps it busy."""


class LoopShare(msgspec.Struct, frozen=True):
    """What recording costs the thread of the drive loop, in us.

    Attributes:
        append_p50_us: handing over one record.
        append_p99_us: handing over one record.
        late_p99_us: how late the loop's ticks come.
    """

    append_p50_us: float
    append_p99_us: float
    late_p99_us: float


def jpeg_us(images: NDArray[np.uint8], records: int) -> float:
    """CPU time of compressing a picture, in us."""
    began = process_time()
    for number in range(records):
        encode_jpeg(images[number % len(images)])
    return 1e6 * (process_time() - began) / records


class DriveClock:
    """Time in a drive that is written faster than it was driven: a sync for each of its seconds."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        """Tell it."""
        return self.now_s


def write_drive(folder: Path, images: NDArray[np.uint8], records: int) -> float:
    """Write a drive at 20 Hz, and give the CPU seconds after the tub was made."""
    drive, clock = drive_records(images, records), DriveClock()
    with TubWriter(folder, clock=clock) as writer:
        began = process_time()
        for record in drive:
            clock.now_s = record.captured_s
            writer.append(record)
        writer.close()
        return process_time() - began


def record_us(folder: Path, images: NDArray[np.uint8], records: int) -> float:
    """CPU time of a record from picture to disk, syncs and index within, in us."""
    return 1e6 * write_drive(folder, images, records) / records


def disk_bytes(folder: Path) -> int:
    """What a folder takes on the disk: whole blocks."""
    return sum(512 * path.stat().st_blocks for path in folder.rglob("*") if path.is_file())


def calm_loop(folder: Path, images: NDArray[np.uint8], ticks: int) -> LoopShare:
    """A loop that records every tick of 10 ms."""
    with Recorder(TubWriter(folder)) as recorder:
        return _loop(recorder, images, ticks, lambda record: None)


def busy_loop(folder: Path, images: NDArray[np.uint8], ticks: int) -> LoopShare:
    """A loop whose recorder always has more to do: after each tick its queue is filled up."""
    with Recorder(TubWriter(folder)) as recorder:
        given = 0

        def fill_up(record: Record) -> None:
            nonlocal given
            given += 1
            while given - recorder.recorded - recorder.dropped < BUSY_WAITING:
                recorder.append(replace(record, captured_s=record.captured_s + 1e-6 * given))
                given += 1

        return _loop(recorder, images, ticks, fill_up)


def bare_loop(images: NDArray[np.uint8], ticks: int) -> LoopShare:
    """The same loop without a recorder."""
    return _loop(NoRecorder(), images, ticks, lambda record: None)


def _loop(
    recorder: DriveRecorder,
    images: NDArray[np.uint8],
    ticks: int,
    afterwards: Callable[[Record], None],
) -> LoopShare:
    appended_s, late_s = [], []
    due_s = time.perf_counter()
    for record in drive_records(images, ticks):
        due_s += LOOP_PERIOD_S
        time.sleep(max(0.0, due_s - time.perf_counter()))
        begun_s = time.perf_counter()
        recorder.append(record)
        appended_s.append(time.perf_counter() - begun_s)
        late_s.append(begun_s - due_s)
        afterwards(record)
    p50, p99 = np.percentile(appended_s, (50, 99)) * 1e6
    return LoopShare(float(p50), float(p99), float(np.percentile(late_s, 99)) * 1e6)


if __name__ == "__main__":
    target, pictures, count = sys.argv[1:]
    write_drive(Path(target), np.load(pictures), int(count))
