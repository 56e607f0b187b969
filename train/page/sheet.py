"""A single page of panels under one another, in the light colours of the report."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

PAPER = "#ffffff"
INK = "#1a2027"
MUTED = "#56616d"
GRID = "#d5dbe2"
FIRST = "#1f6fb8"
SECOND = "#b4540f"
ALARM = "#c02d1c"
"""The light set of train/page/report.css."""

WIDTH_IN = 14.5
LEFT_IN = 1.0
RIGHT_IN = 0.45
PANEL_WIDTH_IN = WIDTH_IN - LEFT_IN - RIGHT_IN
DPI = 110
"""1595 pixels wide: a page that is read at full size on an ordinary screen."""

_STYLE: dict[Any, Any] = {
    "text.parse_math": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "everlap",
    "pdf.fonttype": 42,
    "font.size": 10.5,
    "font.family": "DejaVu Sans",
    "text.color": INK,
    "axes.edgecolor": GRID,
    "axes.labelcolor": MUTED,
    "axes.facecolor": PAPER,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.xmargin": 0.0,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.color": GRID,
    "ytick.color": GRID,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "agg.path.chunksize": 20_000,
}


class Row(NamedTuple):
    """One row of the page.

    Attributes:
        height_in: of its panels.
        above_in: room over it, for its title.
        draw: fills its panels, given from left to right.
        panels: how many it has.
    """

    height_in: float
    above_in: float
    draw: Callable[[Sequence[Axes]], None]
    panels: int = 1


@contextmanager
def sheet_style() -> Iterator[None]:
    """Draw and save in the style of the page."""
    with mpl.rc_context(_STYLE):
        yield


def lay_out(rows: Sequence[Row], top_in: float, bottom_in: float) -> Figure:
    """Put the rows under one another and draw each; panels of a row share its width evenly."""
    height_in = top_in + bottom_in + sum(row.height_in + row.above_in for row in rows)
    figure = Figure(figsize=(WIDTH_IN, height_in), dpi=DPI)
    FigureCanvasAgg(figure)
    y_in = height_in - top_in
    for row in rows:
        y_in -= row.above_in + row.height_in
        row.draw([_panel(figure, row, place, y_in, height_in) for place in range(row.panels)])
    return figure


def _panel(figure: Figure, row: Row, place: int, y_in: float, height_in: float) -> Axes:
    between_in = 0.75
    each_in = (PANEL_WIDTH_IN - between_in * (row.panels - 1)) / row.panels
    left_in = LEFT_IN + place * (each_in + between_in)
    box = (
        left_in / WIDTH_IN,
        y_in / height_in,
        each_in / WIDTH_IN,
        row.height_in / height_in,
    )
    return figure.add_axes(box)


def entitle(axes: Axes, title: str, *keys: tuple[str, str]) -> None:
    """Write a panel's title at its top left, and behind it the names of its curves.

    Args:
        axes: the panel.
        title: what it shows, with the unit.
        keys: a name and its colour, each.
    """
    text = axes.annotate(
        title, (0, 1), xytext=(0, 6), xycoords="axes fraction", textcoords="offset points",
        fontweight="bold",
    )  # fmt: skip
    for name, colour in keys:
        text = axes.annotate(
            f"■ {name}", (1, 1), xytext=(14, 6), xycoords=(text, "axes fraction"),
            textcoords="offset points", color=colour, annotation_clip=False,
        )  # fmt: skip
