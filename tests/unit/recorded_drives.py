"""Small tubs with known contents, for tests that look at what is made of a tub."""

import math
import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from tubs.event import Event
from tubs.record import Record
from tubs.writer import TubWriter

HEIGHT, WIDTH = 48, 64
STEP_S = 0.05


def record(number: int, at_s: float, **values) -> Record:
    """A grey picture with a bright block that moves; steering swings from left to right."""
    image = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    image[30:40, number % 50 : number % 50 + 10] = (200, 180, 60)
    given = {
        "steering": math.sin(number / 5),
        "throttle": 0.4,
        "mode": "human",
        "human_steering": math.sin(number / 5),
        "human_throttle": 0.4,
    }
    return Record(image, at_s, at_s + 0.03, **(given | values))


def write_tub(
    folder: Path, counts=(30,), step_s=STEP_S, events: tuple[Event, ...] = (), **values
) -> Path:
    """A tub with a session for each count; the events go into the first."""
    for session, count in enumerate(counts):
        with TubWriter(folder, session=f"session-{session:04d}") as writer:
            for number in range(count):
                writer.append(record(number, 10.0 + number * step_s, **values))
            for event in events if session == 0 else ():
                writer.note(event)
    return folder


def damage(folder: Path, session: int, pictures: range) -> None:
    """Spoil the JPEGs of some records, so that their checksums do not match."""
    path = sorted(folder.glob("*.mcap"))[session]
    data = bytearray(path.read_bytes())
    starts = [found.start() for found in re.finditer(b"\xff\xd8\xff", data)]
    for number in pictures:
        data[starts[number] + 40 : starts[number] + 60] = bytes(20)
    path.write_bytes(data)


def spoil_controls(folder: Path, session: int, records: range) -> None:
    """Spoil the control messages of some records, so that no number of them can be read."""
    path = sorted(folder.glob("*.mcap"))[session]
    data = bytearray(path.read_bytes())
    starts = [found.start() for found in re.finditer(rb'\{"captured_s":\d', data)]
    for number in records:
        data[starts[number] : starts[number] + 10] = b"\xff" * 10
    path.write_bytes(data)


@contextmanager
def full_disk_after(size_bytes: int) -> Iterator[None]:
    """Let no file grow beyond a size, as on a disk that fills up while it is written."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
