"""Which held-out frames to show: those with the greatest errors, not one moment twelve times."""

import numpy as np
from numpy.typing import NDArray

APART = 20
"""Records between two that are shown: a second at 20 a second."""


WORTH = 0.05
"""An error below this is nothing to look at."""


def worst_records(
    error: NDArray[np.floating],
    row: NDArray[np.integer],
    session: NDArray[np.integer],
    count: int = 12,
) -> list[int]:
    """Places of the worst records, worst first.

    Args:
        error: (n,), how wrong each is.
        row: (n,), number of the record.
        session: (n,), two of different sessions are never neighbours.
        count: at most.
    """
    chosen: list[int] = []
    for place in np.argsort(-error, kind="stable"):
        if error[place] < WORTH:
            break
        near = any(
            session[place] == session[other] and abs(int(row[place]) - int(row[other])) < APART
            for other in chosen
        )
        if not near:
            chosen.append(int(place))
        if len(chosen) == count:
            break
    return chosen
