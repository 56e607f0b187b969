"""When the records of a foreign recording were taken, and where one session ends."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

ASSUMED_RATE_HZ = 20.0
SESSION_GAP_S = 1.0
NUDGE_S = 1e-6
"""How much later than the one before a record with the same time stamp is said to be."""
_PLAUSIBLE_INTERVAL_S = (0.007, 0.5)
_LEAST_FORWARD = 0.95
_LEAST_KNOWN = 0.95


class Timing(NamedTuple):
    """Times of a run of records.

    Attributes:
        times_s: seconds since the session's first record, one a record; each later than the one
            before in its session.
        session_starts: positions, ascending and from 0, at which a session begins.
        assumed: whether the times are the usual rate, because none that make sense are stored.
    """

    times_s: NDArray[np.float64]
    session_starts: list[int]
    assumed: bool


def guess_timing(
    stamps_ms: list[float | None], places: list[int], rate_hz: float = ASSUMED_RATE_HZ
) -> Timing:
    """Make times of time stamps where these can be believed, else of the places of the records.

    Stamps are believed when nearly all are there, when nearly all go forward, and when their
    median interval is that of a camera. A step back or a gap of more than a second begins a
    session. Equal ones are put a microsecond apart.

    Args:
        stamps_ms: milliseconds since any date, None when missing.
        places: which place a record had in its recording; a gap is a record that is not used.
        rate_hz: places a second.
    """
    times_s = _believable(stamps_ms, places)
    assumed = times_s is None
    if times_s is None:
        times_s = np.asarray(places, float) / rate_hz
    intervals_s = np.diff(times_s)
    breaks = (intervals_s > SESSION_GAP_S) | (intervals_s < 0.0)
    starts = [0, *(np.flatnonzero(breaks) + 1).tolist()]
    return Timing(
        np.concatenate([_rising(part) for part in np.split(times_s, starts[1:])]), starts, assumed
    )


def _rising(times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Count from the first, and put equal times apart."""
    times_s = times_s - times_s[0]
    nudges_s = np.arange(len(times_s)) * NUDGE_S
    rising: NDArray[np.float64] = np.maximum.accumulate(times_s - nudges_s) + nudges_s
    return np.where(rising > times_s + NUDGE_S / 2, rising, times_s)


def _believable(stamps_ms: list[float | None], places: list[int]) -> NDArray[np.float64] | None:
    known = np.array([stamp is not None for stamp in stamps_ms])
    if known.sum() < 2 or known.mean() < _LEAST_KNOWN:
        return None
    stamps = np.array([stamp for stamp in stamps_ms if stamp is not None])
    times_s = (stamps - stamps[0]) / 1e3
    intervals_s = np.diff(times_s)
    shortest_s, longest_s = _PLAUSIBLE_INTERVAL_S
    if not shortest_s <= np.median(intervals_s) <= longest_s:
        return None
    if np.mean(intervals_s > 0.0) < _LEAST_FORWARD:
        return None
    return np.interp(np.asarray(places), np.asarray(places)[known], times_s)
