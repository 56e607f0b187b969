"""A forest plot: a difference a row, with its interval, and a point for each seed."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.ticker import FuncFormatter

from train.page.plot_style import FIRST, INK, MUTED, house_style, new_figure, to_svg


class Row(NamedTuple):
    """One row.

    Attributes:
        name: beside it.
        value: the difference.
        low: bound of its interval, nan when there is none.
        high: likewise.
        points: of single seeds.
    """

    name: str
    value: float
    low: float
    high: float
    points: Sequence[float] = ()


def forest(name: str, rows: Sequence[Row], axis: str, squeezed_beyond: float | None = None) -> str:
    """Draw the rows under one another, the first on top, with a line at no difference.

    Args:
        name: of the figure.
        rows: at least one.
        axis: what is drawn, with its unit, and which side is better.
        squeezed_beyond: the axis is logarithmic beyond this; None is linear everywhere.
    """
    with house_style(name):
        figure = new_figure(7.5, 0.9 + 0.36 * len(rows))
        axes = figure.subplots()
        for place, row in enumerate(rows):
            if math.isfinite(row.low) and math.isfinite(row.high):
                axes.plot([row.low, row.high], [place, place], color=FIRST, linewidth=2.2)
            axes.scatter(row.points, [place + 0.24] * len(row.points), s=9, color=MUTED)
            if math.isfinite(row.value):
                axes.scatter([row.value], [place], s=42, color=INK, zorder=3)
        axes.axvline(0.0, color=MUTED, linewidth=1.0)
        axes.set_yticks(range(len(rows)), [row.name for row in rows])
        axes.set_ylim(len(rows) - 0.4, -0.6)
        if squeezed_beyond is not None and _reach(rows) > 3 * squeezed_beyond:
            axes.set_xscale("symlog", linthresh=squeezed_beyond)
        axes.xaxis.set_major_formatter(FuncFormatter(_signed))
        axes.set_xlabel(axis)
        axes.tick_params(length=0)
        axes.grid(visible=False, axis="y")
        return to_svg(figure)


def _signed(value: float, place: int | None) -> str:
    return f"{value:+g}" if value else "0"


def _reach(rows: Sequence[Row]) -> float:
    values = [value for row in rows for value in (row.value, row.low, row.high, *row.points)]
    return max((abs(value) for value in values if math.isfinite(value)), default=0.0)
