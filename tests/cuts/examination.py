"""Reads a harmed tub in every way that the product does, and compares it with what was written."""

import time
from collections.abc import Set
from pathlib import Path

from tests.cuts.verdict import Verdict
from tubs.encoded import EncodedRecord
from tubs.errors import TubError
from tubs.health.check import check_tub
from tubs.images import decode_jpeg
from tubs.reader import Tub


def examine(folder: Path, written: list[EncodedRecord], expected: Set[int]) -> Verdict:
    """Read a tub of one session; whatever is raised but a TubError is for the caller to see.

    Args:
        folder: the tub.
        written: all records, in order.
        expected: numbers of those that must come back.
    """
    began_s = time.monotonic()
    verdict = Verdict(expected=len(expected), lost=len(expected))
    try:
        tub = Tub(folder)
    except TubError as error:
        verdict.refused = str(error)
    else:
        found = _read_all(tub, written, verdict)
        verdict.lost = len(expected - set(found))
        verdict.wrong += found != sorted(set(found))
        verdict.misread = _misread(tub, written)
        _read_otherwise(tub)
    verdict.took_s = time.monotonic() - began_s
    return verdict


def _read_all(tub: Tub, written: list[EncodedRecord], verdict: Verdict) -> list[int]:
    """Give the numbers of what was read, in the order of the tub."""
    numbers = {each.control.captured_s: number for number, each in enumerate(written)}
    found = []
    for place in range(len(tub)):
        try:
            encoded = tub.encoded(place)
            decode_jpeg(encoded.jpeg)
        except TubError:
            continue
        number = numbers.get(encoded.control.captured_s)
        if number is None or encoded != written[number]:
            verdict.wrong += 1
        else:
            found.append(number)
    return found


def _misread(tub: Tub, written: list[EncodedRecord]) -> int:
    """Rows that are said to be readable and hold what nobody wrote."""
    known = {
        (each.control.captured_s, each.control.steering, each.control.throttle) for each in written
    }
    rows = tub.controls()
    rows = rows[rows["readable"]]
    read = zip(
        rows["captured_s"].tolist(),
        rows["steering"].tolist(),
        rows["throttle"].tolist(),
        strict=True,
    )
    return sum(row not in known for row in read)


def _read_otherwise(tub: Tub) -> None:
    """Everything else that opens a tub; it may refuse, and no more than that."""
    readings = [tub.deleted, lambda: check_tub(tub.folder), lambda: tub[0]]
    readings += [
        getattr(tub, name) for name in ("events", "imu", "telemetry") if hasattr(tub, name)
    ]
    for reading in readings:
        try:
            reading()
        except TubError:
            continue
