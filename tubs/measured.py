"""The measurements of several sessions put together, and those that go with each record."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tubs.mcap.session import Session
from tubs.telemetry import ImuSamples, TubTelemetry


def imu_samples(sessions: Sequence[Session]) -> ImuSamples:
    """What the inertial sensor measured, in the order of sessions and time."""
    rows = [
        (position, each.measured_s, *each.acceleration_m_s2, *each.angular_velocity_rad_s)
        for position, session in enumerate(sessions)
        for each in sorted(session.imu(), key=lambda each: each.measured_s)
    ]
    table = np.array(rows, np.float64).reshape(-1, 8)
    return ImuSamples(table[:, 0].astype(np.int32), table[:, 1], table[:, 2:])


def telemetry_of(sessions: Sequence[Session]) -> list[TubTelemetry]:
    """What other sensors measured, in the order of sessions and time."""
    return [
        TubTelemetry(position, each)
        for position, session in enumerate(sessions)
        for each in sorted(session.telemetry(), key=lambda each: each.measured_s)
    ]


def newest_values(
    sessions: Sequence[Session],
    session: NDArray[np.int32],
    measured_s: NDArray[np.float64],
    values: NDArray[np.float64],
    oldest_s: float,
) -> NDArray[np.float32]:
    """The newest measurement at the time of each record.

    Args:
        sessions: the records.
        session: int32 (m,), which of them each measurement belongs to, ascending.
        measured_s: float64 (m,), when, ascending within a session.
        values: float64 (m, k), what was measured.
        oldest_s: an older measurement counts as unknown.

    Returns:
        float32 (n, k), n records in all; nan when unknown.
    """
    found = np.full((sum(len(each) for each in sessions), values.shape[1]), np.nan, np.float32)
    start = 0
    for position, each in enumerate(sessions):
        first, after = np.searchsorted(session, [position, position + 1])
        at = first + _newest(each.times_ns, measured_s[first:after], oldest_s)
        known = at >= first
        found[start : start + len(each)][known] = values[at[known]]
        start += len(each)
    return found


def _newest(
    times_ns: NDArray[np.int64], measured_s: NDArray[np.float64], oldest_s: float
) -> NDArray[np.int64]:
    """Which measurement is the newest at or before each time; -1 for none."""
    measured_ns = np.round(measured_s * 1e9).astype(np.int64)
    at = np.searchsorted(measured_ns, times_ns, side="right") - 1
    known = at >= 0
    known[known] &= times_ns[known] - measured_ns[at[known]] <= round(oldest_s * 1e9)
    return np.where(known, at, -1)
