"""Cuts session files, flips their bytes, and zeroes or swaps their blocks."""

import tempfile
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tests.cuts.anatomy import Span, record_spans
from tests.cuts.everlap_side import numbered
from tests.cuts.examination import examine
from tests.cuts.verdict import Verdict
from tubs.about import TubAbout, write_about
from tubs.encoded import EncodedRecord, encode
from tubs.event import LAP, MODE, Event
from tubs.telemetry import Imu, Telemetry
from tubs.writer import TubWriter

KINDS = ("cut", "flip", "block")
BLOCK = 4096
MOST_FLIPS = 16


@dataclass(frozen=True)
class Specimen:
    """A session file as it was written, whole.

    Attributes:
        data: its bytes.
        spans: where the records are.
        written: what they are.
    """

    data: bytes
    spans: list[Span]
    written: list[EncodedRecord]


class Harm(NamedTuple):
    """A harmed file: its bytes, and which ranges of the original are not in their place."""

    data: bytes
    hit: list[Span]


def make_specimens(folder: Path, images: NDArray[np.uint8], records: int) -> list[Specimen]:
    """Two of one drive with all that a session may hold: as it was before its close, and after."""
    written = []
    with TubWriter(folder / "tub") as writer:
        for number in range(records):
            record = encode(numbered(number, images[number % len(images)], 0.05 * number + 7.0))
            writer.append_encoded(record)
            written.append(record)
            _write_beside(writer, number, record.control.captured_s)
        unfinished = writer.path.read_bytes()
    finished = writer.path.read_bytes()
    return [Specimen(data, record_spans(data), written) for data in (unfinished, finished)]


def _write_beside(writer: TubWriter, number: int, at_s: float) -> None:
    writer.measure(Imu(at_s, (0.1, 0.2, 9.8), (0.0, 0.0, 0.01 * number)))
    if number % 5 == 0:
        writer.measure(Telemetry(at_s, {"battery_v": 7.4, "speed_m_s": 0.1 * number}))
        writer.note(Event(at_s, MODE if number % 2 else LAP, f"event {number}"))


def harm(kind: str, data: bytes, dice: np.random.Generator) -> Harm:
    """Do one kind of harm to a file."""
    match kind:
        case "cut":
            end = int(dice.integers(len(data)))
            return Harm(data[:end], [Span(end, len(data))])
        case "flip":
            return _flipped(data, dice)
        case "block":
            return (_zeroed, _swapped)[int(dice.integers(2))](data, dice)
    raise ValueError(f"harm {kind!r} is none of {', '.join(KINDS)}")


def _flipped(data: bytes, dice: np.random.Generator) -> Harm:
    harmed = bytearray(data)
    places = dice.choice(len(data), int(dice.integers(1, MOST_FLIPS + 1)), replace=False)
    for place in places.tolist():
        harmed[place] ^= int(dice.integers(1, 256))
    return Harm(bytes(harmed), [Span(place, place + 1) for place in places.tolist()])


def _zeroed(data: bytes, dice: np.random.Generator) -> Harm:
    blocks = dice.choice(_blocks(data), int(dice.integers(1, 4)), replace=False)
    harmed = bytearray(data)
    spans = [Span(BLOCK * block, min(BLOCK * (block + 1), len(data))) for block in blocks.tolist()]
    for start, end in spans:
        harmed[start:end] = bytes(end - start)
    return Harm(bytes(harmed), spans)


def _swapped(data: bytes, dice: np.random.Generator) -> Harm:
    """Two whole blocks, each in the place of the other."""
    one, other = (
        Span(BLOCK * block, BLOCK * (block + 1))
        for block in dice.choice(len(data) // BLOCK, 2, replace=False).tolist()
    )
    harmed = bytearray(data)
    harmed[slice(*one)], harmed[slice(*other)] = data[slice(*other)], data[slice(*one)]
    return Harm(bytes(harmed), [one, other])


def _blocks(data: bytes) -> int:
    return -(-len(data) // BLOCK)


def spared(spans: list[Span], hit: list[Span]) -> Set[int]:
    """Numbers of the records of which no byte was hit."""
    return {
        number
        for number, span in enumerate(spans)
        if not any(span.start < each.end and each.start < span.end for each in hit)
    }


def harm_once(specimens: list[Specimen], kind: str, seed: int) -> Verdict:
    """Harm a session file, and read the tub in which it lies."""
    dice = np.random.default_rng([KINDS.index(kind), seed])
    specimen = specimens[int(dice.integers(len(specimens)))]
    harmed = harm(kind, specimen.data, dice)
    with tempfile.TemporaryDirectory(prefix="everlap-harm-") as folder:
        write_about(Path(folder), TubAbout().completed())
        (Path(folder) / "session-0.mcap").write_bytes(harmed.data)
        return examine(Path(folder), specimen.written, spared(specimen.spans, harmed.hit))
