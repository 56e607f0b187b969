"""Everything but the pictures of a session's records, as rows of a fixed size."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tubs.control import MODES, Control
from tubs.mcap.session import Session
from tubs.measured import imu_samples, newest_values
from tubs.reader import NUMBERS, OLDEST_S

NOT_LOOKED_AT = 0
GOOD = 1
DAMAGED = 2
OTHER_MODE = len(MODES)
_MODE_NUMBERS = {mode: number for number, mode in enumerate(MODES)}
MODE_NAMES = np.array([*MODES, "other"])
"""Names of the numbers in the field `mode`."""
ROW = np.dtype(
    {
        "names": [*NUMBERS, "time_ns", "imu", "mode", "has_class_map", "state"],
        "formats": [*["<f8"] * len(NUMBERS), "<i8", ("<f4", 6), "u1", "?", "u1"],
        "itemsize": 128,
    }
)
"""The numbers of a record, nan where unknown; time_ns is its log_time; state is one of
NOT_LOOKED_AT, GOOD and DAMAGED. A row never lies across two sectors of a disk, so that a power
cut leaves the old one or the new one."""


def blank_rows(session: Session) -> NDArray[np.void]:
    """A row for each record, not looked at; the time, and what is measured beside, filled in."""
    rows = np.zeros(len(session), ROW)
    for name in NUMBERS:
        rows[name] = np.nan
    rows["mode"] = OTHER_MODE
    rows["time_ns"] = session.times_ns
    imu = imu_samples([session])
    rows["imu"] = newest_values([session], imu.session, imu.measured_s, imu.values, OLDEST_S)
    return rows


def fill_rows(
    rows: NDArray[np.void],
    good: Sequence[int],
    controls: Sequence[Control],
    has_map: Sequence[bool],
) -> None:
    """Write what was found into the rows of a stretch; what is not good is damaged.

    Args:
        rows: ROW (n,).
        good: numbers of the good ones.
        controls: theirs.
        has_map: whether each of those has a class map.
    """
    rows["state"] = DAMAGED
    rows["state"][good] = GOOD
    rows["has_class_map"][good] = has_map
    rows["mode"][good] = [_MODE_NUMBERS.get(each.mode, OTHER_MODE) for each in controls]
    for name in NUMBERS:
        values = [getattr(each, name) for each in controls]
        rows[name][good] = np.array(values, np.float64)  # None becomes nan
