"""How every figure looks: drawn with sentinel colours that the page swaps for its own."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK = "#010203"
MUTED = "#010204"
GRID = "#010205"
ROAD = "#010206"
PANEL = "#010207"
FIRST = "#010208"
SECOND = "#010209"
ALARM = "#01020a"
_PAGE_COLOURS = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    GRID: "var(--grid)",
    ROAD: "var(--road)",
    PANEL: "var(--panel)",
    FIRST: "var(--first)",
    SECOND: "var(--second)",
    ALARM: "var(--alarm)",
}
"""An SVG inside the page takes the page's colours, so one drawing serves light and dark."""

RASTER = "#3f8fd2"
"""For what becomes pixels inside an SVG; it must do on light and on dark."""

FONT_PT = 11
_STYLE: dict[Any, Any] = {
    "text.parse_math": False,
    "svg.fonttype": "none",
    "font.size": FONT_PT,
    "font.family": "sans-serif",
    "text.color": INK,
    "axes.edgecolor": GRID,
    "axes.labelcolor": MUTED,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlesize": FONT_PT,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.color": GRID,
    "ytick.color": GRID,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.labelsize": FONT_PT - 1,
    "ytick.labelsize": FONT_PT - 1,
    "lines.linewidth": 2.0,
    "lines.solid_capstyle": "round",
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
}


@contextmanager
def house_style(name: str) -> Iterator[None]:
    """Draw and save figures in the style of the report.

    Args:
        name: of the figure; makes the names inside its SVG its own and the same every time.
    """
    with mpl.rc_context({**_STYLE, "svg.hashsalt": name}):
        yield


def new_figure(width_in: float, height_in: float) -> Figure:
    """Make an empty figure; 4.7 inches are one column of the report."""
    return Figure(figsize=(width_in, height_in), layout="constrained", dpi=200)


def label_end(axes: Axes, x: float, y: float, text: str, colour: str) -> None:
    """Write the name of a curve beside its end, instead of a legend."""
    axes.annotate(
        text,
        (x, y),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        color=colour,
        annotation_clip=False,
    )


def to_svg(figure: Figure) -> str:
    """Save a figure as an SVG element for inside a page, in the page's own colours."""
    sheet = StringIO()
    figure.savefig(sheet, format="svg", metadata={"Date": None, "Creator": None})
    svg = sheet.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*">', "<g>", svg)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg)
    svg = re.sub(r" font-family: [^;\"]*;?", "", svg)
    svg = _with_own_names(svg)
    for drawn, shown in _PAGE_COLOURS.items():
        svg = svg.replace(drawn, shown)
    return svg


def _with_own_names(svg: str) -> str:
    """Make the names inside a drawing differ from those of every other drawing on the page."""
    own = f"d{hashlib.sha256(svg.encode()).hexdigest()[:10]}-"
    return re.sub(r'(id="|href="#|url\(#)', rf"\g<1>{own}", svg)
