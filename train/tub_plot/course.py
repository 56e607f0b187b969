"""The course of a recorded drive as plain arrays, whatever is damaged in the recording."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tubs.control import MODES, Control
from tubs.damage import Damage
from tubs.errors import TubError
from tubs.reader import Tub

Floats = NDArray[np.floating]
Bools = NDArray[np.bool_]
WISHED = ("human_steering", "human_throttle", "pilot_steering", "pilot_throttle")
MEASURED = ("steering", "throttle", *WISHED, "speed_m_s", "frame_age_ms")
OTHER_MODE = len(MODES)
PAUSE_S = 5.0
"""A longer step between two records of a session is a pause, and takes no room on the page."""
USUAL_INTERVAL_S = 0.05
LATE_SHARE = 1.5
"""Of the usual interval; a longer step means that a record is missing."""
_REPORT_EVERY = 500


@dataclass(frozen=True)
class Course:
    """Records in the order in which they were recorded; n is how many could be read.

    Attributes:
        numbers: int64 (n,) of the records in their tub.
        session: int32 (n,) position of the session in the tub.
        axis_s: float64 (n,) time on the page, from 0: drives follow one another without pauses.
        interval_s: float64 (n,) since the record before; nan for the first of a session and
            after a pause.
        usual_interval_s: their median.
        dropped: int64 (n,) how many records were dropped since the one before.
        mode: uint8 (n,) index in tubs.control.MODES; OTHER_MODE for anything else.
        values: float32 (n,) each of MEASURED; nan unknown.
        deleted: bool (n,).
        damaged: records that could not be read.
    """

    numbers: NDArray[np.int64]
    session: NDArray[np.int32]
    axis_s: NDArray[np.float64]
    interval_s: NDArray[np.float64]
    usual_interval_s: float
    dropped: NDArray[np.int64]
    mode: NDArray[np.uint8]
    values: Mapping[str, Floats]
    deleted: Bools
    damaged: list[Damage]

    @property
    def span_s(self) -> float:
        """How long the time axis is; more than 0."""
        return float(self.axis_s[-1]) + self.usual_interval_s

    @property
    def session_starts(self) -> NDArray[np.intp]:
        """Indexes at which a session begins, the first included."""
        return np.flatnonzero(np.diff(self.session, prepend=-1))

    @property
    def breaks(self) -> NDArray[np.intp]:
        """Indexes before which a curve is interrupted: sessions and pauses, the first included."""
        return np.flatnonzero(np.isnan(self.interval_s))

    @property
    def late(self) -> Bools:
        """Which records came so late that one before them is missing, bool (n,)."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.interval_s > LATE_SHARE * self.usual_interval_s)

    def knows(self, name: str) -> bool:
        """Whether any record has a value of MEASURED, and a frame age other than 0."""
        values = self.values[name]
        known = np.isfinite(values)
        return bool(known.any()) and (name != "frame_age_ms" or bool(np.any(values[known])))


def read_course(
    tub: Tub, chosen: range, progress: Callable[[int, int], None] = lambda done, total: None
) -> Course:
    """Read everything but the pictures; damaged records are named and left out.

    Memory is 60 bytes a record. Time is about 10 us a record.

    Raises:
        TubError: not one of the chosen records can be read.
    """
    size = len(chosen)
    values = {name: np.full(size, np.nan, np.float32) for name in MEASURED}
    captured_s, mode = np.empty(size), np.full(size, OTHER_MODE, np.uint8)
    good, damaged = np.ones(size, bool), []
    for row, number in enumerate(chosen):
        try:
            control = tub.control(number)
        except TubError as error:
            good[row] = False
            damaged.append(Damage(number, str(error)))
            continue
        captured_s[row] = control.captured_s
        mode[row] = MODES.index(control.mode) if control.mode in MODES else OTHER_MODE
        _store(values, row, control)
        if row % _REPORT_EVERY == 0:
            progress(row, size)
    if not good.any():
        raise TubError(f"no record can be read: {damaged[0].reason}")
    values["speed_m_s"] = _measured_speed(tub, chosen, values["speed_m_s"])
    numbers = np.arange(chosen.start, chosen.stop)[good]
    session = _sessions(tub, numbers)
    interval_s, usual_s = _intervals(captured_s[good], session)
    return Course(
        numbers=numbers,
        session=session,
        axis_s=np.cumsum(np.where(np.isnan(interval_s), usual_s, interval_s)) - usual_s,
        interval_s=interval_s,
        usual_interval_s=usual_s,
        dropped=_dropped(tub, numbers, session),
        mode=mode[good],
        values={name: column[good] for name, column in values.items()},
        deleted=tub.deleted()[numbers],
        damaged=damaged,
    )


def _store(values: Mapping[str, Floats], row: int, control: Control) -> None:
    values["steering"][row] = control.steering
    values["throttle"][row] = control.throttle
    values["frame_age_ms"][row] = 1000.0 * (control.applied_s - control.captured_s)
    if control.speed_m_s is not None:
        values["speed_m_s"][row] = control.speed_m_s
    for name in WISHED:
        wish = getattr(control, name)
        if wish is not None:
            values[name][row] = wish


def _measured_speed(tub: Tub, chosen: range, known: Floats) -> Floats:
    """The speed on each record; where it is unknown, the newest that the telemetry has."""
    if np.isfinite(known).all():
        return known
    measured = tub.telemetry_at_records("speed_m_s")[chosen.start : chosen.stop]
    return np.where(np.isfinite(known), known, measured)


def _dropped(tub: Tub, numbers: NDArray[np.int64], session: NDArray[np.int32]) -> NDArray[np.int64]:
    """Ticks without a record before each record; those of damaged records are not counted."""
    ticks = tub.sequences[numbers]
    missing = np.diff(ticks, prepend=ticks[:1]) - np.diff(numbers, prepend=numbers[:1])
    missing[np.diff(session, prepend=-1) != 0] = 0
    return np.maximum(missing, 0)


def _sessions(tub: Tub, numbers: NDArray[np.int64]) -> NDArray[np.int32]:
    starts = np.cumsum([0, *(len(each) for each in tub.sessions)])
    return (np.searchsorted(starts, numbers, side="right") - 1).astype(np.int32)


def _intervals(
    captured_s: NDArray[np.float64], session: NDArray[np.int32]
) -> tuple[NDArray[np.float64], float]:
    """Steps between records, nan where there is no step; and their median."""
    steps_s = np.diff(captured_s, prepend=np.nan)
    steps_s[np.diff(session, prepend=-1) != 0] = np.nan
    steps_s[(steps_s <= 0.0) | (steps_s > PAUSE_S)] = np.nan
    known_s = steps_s[np.isfinite(steps_s)]
    return steps_s, float(np.median(known_s)) if known_s.size else USUAL_INTERVAL_S
