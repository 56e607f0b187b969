"""What a tub's records say against learning from them as they are."""

from pathlib import Path
from shlex import quote

import numpy as np
from numpy.typing import NDArray

STRAIGHT = 0.1
MOST_STRAIGHT = 0.7
MOST_STANDING = 0.1
MOST_TO_ONE_SIDE = 0.8
MOST_BACKWARDS = 0.5
FEWEST_RECORDS = 200
"""Of fewer nothing is said."""
_STANDING_THROTTLE = 0.01
_STANDING_M_S = 0.02


def warnings_about(folder: Path, rows: NDArray[np.void]) -> list[str]:
    """Say what is unbalanced in the records that are to be learned from.

    Args:
        folder: the tub, for the commands that are proposed.
        rows: those that can be read and are not deleted, of type tubs.reader.CONTROLS.
    """
    if len(rows) < FEWEST_RECORDS:
        return []
    found = [_standing(folder, rows), _backwards(rows), _straight(rows), _one_sided(rows)]
    return [warning for warning in found if warning]


def _standing(folder: Path, rows: NDArray[np.void]) -> str:
    speed_known = np.isfinite(rows["speed_m_s"]).mean() > 0.5
    if speed_known:
        share = float((np.abs(rows["speed_m_s"]) < _STANDING_M_S).mean())
        rule = "standing"
    else:
        share = float((np.abs(rows["throttle"]) < _STANDING_THROTTLE).mean())
        rule = "throttle=0"
    if share <= MOST_STANDING:
        return ""
    return (
        f"{share:.0%} of the records stand still: leave them out with "
        f"everlap tub mark {quote(str(folder))} --delete --where {rule}"
    )


def _backwards(rows: NDArray[np.void]) -> str:
    share = float((rows["throttle"] < -_STANDING_THROTTLE).mean())
    if share <= MOST_BACKWARDS:
        return ""
    return (
        f"{share:.0%} of the throttle is below 0, which is reverse: a pilot learns to drive "
        "backwards from it"
    )


def _straight(rows: NDArray[np.void]) -> str:
    share = float((np.abs(rows["steering"]) <= STRAIGHT).mean())
    if share <= MOST_STRAIGHT:
        return ""
    return (
        f"{share:.0%} of the steering is within +-{STRAIGHT:g}: a pilot learns to go straight on "
        "from it; record more bends"
    )


def _one_sided(rows: NDArray[np.void]) -> str:
    bends = rows["steering"][np.abs(rows["steering"]) > STRAIGHT]
    if len(bends) < FEWEST_RECORDS:
        return ""
    right = float((bends > 0.0).mean())
    share, side = (right, "right") if right >= 0.5 else (1.0 - right, "left")
    if share <= MOST_TO_ONE_SIDE:
        return ""
    return f"{share:.0%} of the bends go to the {side}: drive the track the other way round as well"
