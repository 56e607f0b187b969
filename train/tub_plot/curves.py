"""Curves of any length made fit for a page: what is drawn depends on its width alone."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
COLUMNS = 1200
"""Columns of a page along the time axis; no eye sees more."""
PLAIN_UP_TO = 2 * COLUMNS
"""Points; as many are drawn as they are."""
BAND_FROM = 8
"""Points a column; from here on the stroke would be a solid block, and a band is drawn."""


class Columns(NamedTuple):
    """Points gathered by columns of the page; k is how many columns have any.

    Attributes:
        at: (k,) the middle of the column.
        low: (k,) the smallest value in it; nan when none is known.
        mean: (k,) likewise.
        high: (k,) likewise.
    """

    at: Floats
    low: Floats
    mean: Floats
    high: Floats


def in_columns(at: Floats, values: Floats, span: float, columns: int = COLUMNS) -> Columns:
    """Gather a curve by columns of equal width over 0 to span.

    Args:
        at: (n,) in ascending order.
        values: (n,); nan unknown.
        span: the length of the axis.
        columns: how many there are.
    """
    column = np.clip((at * (columns / span)).astype(np.int64), 0, columns - 1)
    starts = np.flatnonzero(np.diff(column, prepend=-1))
    known = np.isfinite(values)
    count = np.add.reduceat(known.astype(np.int64), starts)
    total = np.add.reduceat(np.where(known, values, 0.0).astype(np.float64), starts)
    return Columns(
        at=(column[starts] + 0.5) * (span / columns),
        low=np.fmin.reduceat(values, starts),
        mean=np.where(count > 0, total / np.maximum(count, 1), np.nan),
        high=np.fmax.reduceat(values, starts),
    )


def most_frequent(
    at: Floats, kinds: NDArray[np.uint8], number: int, span: float, columns: int = COLUMNS
) -> tuple[Floats, NDArray[np.integer]]:
    """Find the kind that most points of a column have.

    Returns:
        Left edges (k,) of the columns that have points, and the kinds (k,).
    """
    column = np.clip((at * (columns / span)).astype(np.int64), 0, columns - 1)
    counts = np.bincount(column * number + kinds, minlength=columns * number)
    table = counts.reshape(columns, number)
    used = np.flatnonzero(table.sum(axis=1))
    return used * (span / columns), table[used].argmax(axis=1)


def stroke(
    at: Floats, values: Floats, breaks: NDArray[np.intp], span: float
) -> tuple[Floats, Floats]:
    """Points of a line that looks like the whole curve, interrupted before each of `breaks`.

    A long curve becomes its lowest and highest point in each column.
    """
    if len(at) <= PLAIN_UP_TO:
        return np.insert(at, breaks, np.nan), np.insert(values, breaks, np.nan)
    columns = in_columns(at, values, span)
    return np.repeat(columns.at, 2), np.column_stack((columns.low, columns.high)).ravel()


def runs(chosen: NDArray[np.bool_]) -> NDArray[np.intp]:
    """First index and the index after the last of each run of chosen points, (k, 2)."""
    padded = np.concatenate([[False], chosen, [False]]).astype(np.int8)
    return np.flatnonzero(np.diff(padded)).reshape(-1, 2)


def stretches(
    at: Floats, chosen: NDArray[np.bool_], step: float, span: float
) -> list[tuple[float, float]]:
    """Start and length of each run of chosen points; those that an eye cannot part are one.

    Args:
        at: (n,) in ascending order.
        chosen: bool (n,).
        step: how long one point lasts.
        span: the length of the axis.
    """
    finest = span / COLUMNS
    found: list[tuple[float, float]] = []
    for first, after in runs(chosen).tolist():
        start, end = float(at[first]), max(float(at[after - 1]) + step, float(at[first]) + finest)
        if found and start - found[-1][1] < finest:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return [(start, end - start) for start, end in found]
