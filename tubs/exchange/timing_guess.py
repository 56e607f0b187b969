"""When the records of a foreign recording were taken, and where one session ends."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

ASSUMED_RATE_HZ = 20.0
SESSION_GAP_S = 1.0
_PLAUSIBLE_INTERVAL_S = (0.007, 0.5)
_LEAST_FORWARD = 0.95


class Timing(NamedTuple):
    """Times of a run of records.

    Attributes:
        times_s: seconds, one a record.
        session_starts: positions, ascending and from 0, at which a session begins.
        assumed: whether the times are the usual rate, because none that make sense are stored.
    """

    times_s: NDArray[np.float64]
    session_starts: list[int]
    assumed: bool


def guess_timing(stamps_ms: list[float | None], positions: list[int]) -> Timing:
    """Make times of time stamps where these can be believed, else of the places of the records.

    Stamps are believed when all are there, when nearly all go forward, and when their median
    interval is that of a camera. A step back or a gap of more than a second begins a session.

    Args:
        stamps_ms: milliseconds since any date, None when missing.
        positions: which place a record had in its tub; a gap is a record that is unusable.
    """
    times_s = _believable(stamps_ms)
    assumed = times_s is None
    if times_s is None:
        times_s = np.asarray(positions, float) / ASSUMED_RATE_HZ
    intervals_s = np.diff(times_s)
    breaks = (intervals_s > SESSION_GAP_S) | (intervals_s < 0.0)
    return Timing(times_s, [0, *(np.flatnonzero(breaks) + 1).tolist()], assumed)


def _believable(stamps_ms: list[float | None]) -> NDArray[np.float64] | None:
    known = [stamp for stamp in stamps_ms if stamp is not None]
    if len(known) < max(2, len(stamps_ms)):
        return None
    times_s = (np.asarray(known) - known[0]) / 1e3
    intervals_s = np.diff(times_s)
    shortest_s, longest_s = _PLAUSIBLE_INTERVAL_S
    plausible = shortest_s <= np.median(intervals_s) <= longest_s
    return times_s if plausible and np.mean(intervals_s > 0.0) >= _LEAST_FORWARD else None
