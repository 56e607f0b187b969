"""Everlap under trial: what the recording process and the reading process do.

    python -m tests.cuts.everlap_side FOLDER PICTURES COUNTER RATE_HZ RECORDS

records so many through the real Recorder and ends; to be watched by strace.
"""

import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from car.recorder import Recorder
from tests.cuts.counter import ACKNOWLEDGED, LAST_NS, READY, Counter
from tests.cuts.verdict import Reading
from tubs.encoded import EncodedRecord
from tubs.errors import TubError
from tubs.images import decode_jpeg, encode_jpeg
from tubs.reader import Tub
from tubs.record import Record
from tubs.writer import TubWriter

SYNC_INTERVAL_S = 0.05
"""Shorter than a drive's, so that many syncs happen before the end."""


class AcknowledgingWriter:
    """A TubWriter that counts a record only when writing it has returned."""

    def __init__(self, writer: TubWriter, counter: Counter) -> None:
        self._writer = writer
        self._counter = counter

    def __getattr__(self, name: str):  # type: ignore[no-untyped-def]
        return getattr(self._writer, name)

    def __enter__(self):  # type: ignore[no-untyped-def]
        self._writer.__enter__()
        return self

    def append(self, record: Record, *more, **named) -> None:  # type: ignore[no-untyped-def]
        self._writer.append(record, *more, **named)
        self._acknowledge(record.captured_s)

    def append_encoded(self, record: EncodedRecord, *more, **named) -> None:  # type: ignore[no-untyped-def]
        self._writer.append_encoded(record, *more, **named)
        self._acknowledge(record.control.captured_s)

    def _acknowledge(self, captured_s: float) -> None:
        self._counter[LAST_NS] = round(captured_s * 1e9)
        self._counter[ACKNOWLEDGED] += 1


def numbered(number: int, image: NDArray[np.uint8], captured_s: float) -> Record:
    """A record that says in its speed which one it is."""
    steering = number % 201 / 100 - 1
    return Record(image, captured_s, captured_s, steering, 0.3, "human", speed_m_s=float(number))


def record_numbers(
    folder: Path, pictures: Path, counter: Path, rate_hz: float, first: int, records: int | None
) -> None:
    """Record through the real Recorder, flat out when the rate is 0; for ever when None."""
    images, count = np.load(pictures), Counter(counter)
    writer = AcknowledgingWriter(TubWriter(folder, sync_interval_s=SYNC_INTERVAL_S), count)
    count[READY] = 1
    number = first
    with Recorder(writer, wait_s=60.0, drain_s=60.0) as recorder:
        while records is None or number < first + records:
            recorder.append(numbered(number, images[number % len(images)], time.monotonic()))
            number += 1
            if rate_hz:
                time.sleep(1 / rate_hz)
    if recorder.fault or recorder.dropped:
        sys.exit(f"{recorder.dropped} dropped: {recorder.fault}")


def is_as_written(encoded: EncodedRecord, images: NDArray[np.uint8]) -> bool:
    """Whether a record has the values and the picture that belong to its number."""
    control = encoded.control
    number = int(control.speed_m_s or 0)
    written = numbered(number, images[number % len(images)], control.captured_s)
    decode_jpeg(encoded.jpeg)
    right = (control.steering, control.throttle) == (written.steering, written.throttle)
    return right and encoded.jpeg == encode_jpeg(written.image)


def read_numbers(folder: Path, pictures: Path) -> Reading:
    """Open a tub of numbered records and read everything in it."""
    images = np.load(pictures)
    try:
        tub = Tub(folder)
    except TubError as error:
        return Reading(refused=str(error))
    found = Reading()
    places: set[tuple[int, float]] = set()
    for number in range(len(tub)):
        try:
            encoded = tub.encoded(number)
            right = is_as_written(encoded, images)
        except TubError:
            found.damaged += 1
            continue
        place = (tub.locate(number)[0], encoded.control.captured_s)
        found.duplicates += place in places
        places.add(place)
        if right:
            found.records.append(int(encoded.control.speed_m_s or 0))
        else:
            found.wrong += 1
    return found


if __name__ == "__main__":
    folder, pictures, counter, rate_hz, records = sys.argv[1:]
    record_numbers(Path(folder), Path(pictures), Path(counter), float(rate_hz), 0, int(records))
