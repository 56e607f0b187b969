"""How sure a figure is: stretches of a drive, not frames, are drawn again and again."""

from collections.abc import Callable

import msgspec
import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.intp]

PIECE_RECORDS = 40
"""Records in a row that count as one draw: 2 s at 20 a second, about as long as a curve lasts."""

DRAWS = 400


class Bounds(msgspec.Struct, frozen=True):
    """A figure with the bounds of its 95 % confidence interval."""

    value: float
    low: float
    high: float


def pieces(rows: NDArray[np.integer], session: NDArray[np.integer]) -> list[Rows]:
    """Cut records into stretches; gives places in `rows`.

    Args:
        rows: (n,) numbers of the records, rising; a jump ends a stretch.
        session: (n,) session of each; another one ends a stretch.
    """
    ends = np.flatnonzero((np.diff(rows) > 1) | (np.diff(session) != 0)) + 1
    cut: list[Rows] = []
    for run in np.split(np.arange(len(rows)), ends):
        cut += np.array_split(run, max(1, round(len(run) / PIECE_RECORDS)))
    return cut


def bounds(
    figure: Callable[[Rows], float], stretches: list[Rows], seed: int = 0, draws: int = DRAWS
) -> Bounds | None:
    """The 95 % interval of a figure, by drawing stretches with replacement (Kuensch 1989).

    Args:
        figure: of the records at the places given.
        stretches: from `pieces`.
        seed: fixes the draws.
        draws: how many.

    Returns:
        None when there are fewer than 3 stretches: nothing can be said then.
    """
    if len(stretches) < 3:
        return None
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(draws):
        chosen = rng.integers(len(stretches), size=len(stretches))
        values.append(figure(np.concatenate([stretches[place] for place in chosen])))
    low, high = np.quantile(values, [0.025, 0.975])
    return Bounds(figure(np.concatenate(stretches)), float(low), float(high))
