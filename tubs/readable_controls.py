"""Everything but the pictures of a tub, damaged records and all."""

import numpy as np
from numpy.typing import NDArray

from tubs.errors import TubError
from tubs.reader import CONTROLS, NUMBERS, Tub

NANOSECOND_S = 1e-9


def readable_controls(tub: Tub) -> tuple[NDArray[np.void], NDArray[np.bool_]]:
    """Read the controls of all records that have some.

    Returns:
        (n,) of type CONTROLS, and which of them could be read, bool (n,). One that could not has
        the time that its place in the file says, no mode, and nan for all else.
    """
    try:
        return tub.controls(), np.ones(len(tub), bool)
    except TubError:
        return _one_by_one(tub)


def _one_by_one(tub: Tub) -> tuple[NDArray[np.void], NDArray[np.bool_]]:
    rows = np.zeros(len(tub), CONTROLS)
    readable = np.ones(len(tub), bool)
    for name in NUMBERS:
        rows[name] = np.nan
    rows["captured_s"] = tub.times_ns * NANOSECOND_S
    for number in range(len(tub)):
        rows["session"][number] = tub.locate(number)[0]
        try:
            control = tub.control(number)
        except TubError:
            readable[number] = False
            continue
        rows["mode"][number] = control.mode
        for name in NUMBERS:
            value = getattr(control, name)
            rows[name][number] = np.nan if value is None else value
    return rows, readable
