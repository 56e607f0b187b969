"""A tub's numbers as the page gets them: typed arrays, one after the other, behind a short head."""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tubs.browser.open_tub import OpenTub
from tubs.control import MODES, Control
from tubs.errors import TubError

UNKNOWN = 255
"""Stands for a mode that is not known."""
NUMBERS = (
    "steering",
    "throttle",
    "human_steering",
    "human_throttle",
    "pilot_steering",
    "pilot_throttle",
    "speed_m_s",
)
MOST_RECORDS = 65536
"""In one answer."""
Columns = dict[str, NDArray[np.generic]]


def read_columns(opened: OpenTub, first: int, count: int) -> Columns:
    """Gather what the charts show of some neighbouring records.

    A record whose numbers cannot be read has nan everywhere, an unknown mode, and `damaged` 1.

    Args:
        opened: the tub.
        first: the first record.
        count: how many, at most; there are fewer at the end.

    Returns:
        `time_s` float64, seconds since its session began; `stamp` uint32, for the picture's
        address; NUMBERS and `frame_age_s` float32, nan unknown; `mode` uint8, place in MODES;
        `damaged` uint8. All (n,).
    """
    last = min(first + count, len(opened.tub))
    numbers = np.full((max(last - first, 0), len(NUMBERS) + 1), np.nan, np.float32)
    modes = np.full(len(numbers), UNKNOWN, np.uint8)
    damaged = np.zeros(len(numbers), np.uint8)
    for row, number in enumerate(range(first, last)):
        try:
            control = opened.tub.control(number)
        except TubError:
            damaged[row] = 1
            continue
        numbers[row] = _numbers_of(control)
        modes[row] = MODES.index(control.mode) if control.mode in MODES else UNKNOWN
    columns: Columns = {
        "time_s": _of_all(opened, _seconds)[first:last],
        "stamp": _of_all(opened, OpenTub.stamps)[first:last],
    }
    for place, name in enumerate((*NUMBERS, "frame_age_s")):
        columns[name] = numbers[:, place].copy()
    return columns | {"mode": modes, "damaged": damaged}


def _numbers_of(control: Control) -> list[float]:
    values = [getattr(control, name) for name in NUMBERS]
    values.append(control.applied_s - control.captured_s or None)  # imports do not know it
    return [np.nan if value is None else value for value in values]


def _seconds(opened: OpenTub, session: int) -> NDArray[np.float64]:
    times_ns = opened.times_ns[session]
    return (times_ns - times_ns[:1]) / 1e9


def _of_all(
    opened: OpenTub, of_session: Callable[[OpenTub, int], NDArray[Any]]
) -> NDArray[np.generic]:
    return np.concatenate([of_session(opened, number) for number in range(len(opened.times_ns))])


def pack_columns(columns: Columns) -> bytes:
    """Write columns as bytes.

    Four bytes, little-endian: the length of the head. The head, JSON, filled up with spaces: the
    columns in order as [name, numpy type, count]. Then each column, filled up to eight bytes, so
    that a typed array can lie over it.
    """
    listed = [[name, column.dtype.str, column.size] for name, column in columns.items()]
    head = msgspec.json.encode(listed)
    head += b" " * (-(len(head) + 4) % 8)
    parts = [len(head).to_bytes(4, "little"), head]
    for column in columns.values():
        data = column.tobytes()
        parts += [data, b"\0" * (-len(data) % 8)]
    return b"".join(parts)
