"""The figures of a report, each from plain arrays to an SVG that takes the page's colours."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from car.frame import RoadClass
from train.page.plot_style import (
    ALARM,
    FIRST,
    GRID,
    INK,
    MUTED,
    PANEL,
    RASTER,
    ROAD,
    SECOND,
    house_style,
    label_end,
    new_figure,
    to_svg,
)
from train.report.report_data import (
    Baseline,
    DrivenTrack,
    Floats,
    SteeringScatter,
    TrainingCurves,
)

COLUMN_IN = 4.7
CROSS_TRACK_COLOURS = ("#3a8fd6", "#e9b949", "#d3381c")
"""From the centre line to the edge of the road; a page shows the same as a gradient."""

CLASS_NAMES = ("road", "line", "ground", "sky", "obstacle")
_CROSS_TRACK = LinearSegmentedColormap.from_list("cross-track", CROSS_TRACK_COLOURS)
_POINTS_SHOWN = 4000


def training_curves(curves: TrainingCurves) -> str:
    """Draw loss and held-out steering error over the epochs."""
    with house_style("training"):
        figure = new_figure(COLUMN_IN, 4.0)
        loss, error = figure.subplots(2, 1, sharex=True)
        epochs = np.arange(1, len(curves.train_loss) + 1)
        _curve(loss, epochs, curves.train_loss, "trained on", MUTED)
        loss.set_title("Loss")
        _curve(error, epochs, curves.validation_steering_mae, "held out", FIRST)
        error.set_title("Mean steering error (1 = full lock)")
        error.set_ylim(bottom=0.0)
        error.set_xlabel("epoch")
        error.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        best = min(max(curves.best_epoch, 1), len(epochs))
        _mark_best(error, best, curves.validation_steering_mae[best - 1])
        return to_svg(figure)


def steering_scatter(scatter: SteeringScatter) -> str:
    """Draw predicted against true steering, float beside int8."""
    with house_style("steering"):
        figure = new_figure(COLUMN_IN, 2.8)
        panels = figure.subplots(1, 2, sharex=True, sharey=True)
        keep = _spread(len(scatter.true), _POINTS_SHOWN)
        for axes, name, predicted in zip(
            panels, ("float", "int8"), (scatter.float_model, scatter.int8_model), strict=True
        ):
            axes.plot([-1, 1], [-1, 1], color=INK, linewidth=0.9)
            axes.scatter(
                scatter.true[keep], predicted[keep], s=5, alpha=0.35, color=RASTER,
                linewidths=0, rasterized=True,
            )  # fmt: skip
            error = float(np.mean(np.abs(predicted - scatter.true)))
            axes.set_title(f"{name}: MAE {error:.3f}")
            axes.set(xlim=(-1.08, 1.08), ylim=(-1.08, 1.08), aspect="equal")
            axes.set_xticks([-1, 0, 1], ["left", "0", "right"])
            axes.set_yticks([-1, 0, 1], ["left", "0", "right"])
            for tick, side in zip(axes.get_xticklabels(), ("left", "center", "right"), strict=True):
                tick.set_horizontalalignment(side)
            axes.set_xlabel("true steering")
        panels[0].set_ylabel("predicted steering")
        return to_svg(figure)


def confusion_matrix(counts: NDArray[np.integer]) -> str:
    """Draw which share of the pixels of each true class was taken for which.

    Args:
        counts: (5, 5) pixels, rows true, columns predicted, in RoadClass order.
    """
    with house_style("confusion"):
        figure = new_figure(COLUMN_IN, 3.9)
        axes = figure.subplots()
        size = len(RoadClass)
        of_row = np.maximum(counts.sum(axis=1, keepdims=True), 1)
        for (row, column), share in np.ndenumerate(counts / of_row):
            _cell(axes, row, column, float(share), int(counts[row, column]))
        axes.set(xlim=(-0.5, size - 0.5), ylim=(size - 0.5, -0.5))
        axes.set_xticks(range(size), CLASS_NAMES)
        axes.set_yticks(range(size), CLASS_NAMES)
        axes.tick_params(length=0)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.set_xlabel("predicted")
        axes.set_ylabel("true")
        return to_svg(figure)


def lap_map(track: DrivenTrack, cross_track_limit_m: float) -> str:
    """Draw the driven path on its road, coloured by the distance from the centre line.

    Args:
        track: its path and events.
        cross_track_limit_m: the distance that has the last colour.
    """
    with house_style(f"map of {track.track}"):
        figure = new_figure(4.0, 3.2)
        axes = figure.subplots()
        axes.set_axis_off()
        axes.set_aspect("equal")
        reach_m = track.road_width_m
        low, high = track.centre_line_m.min(axis=0), track.centre_line_m.max(axis=0)
        axes.set(xlim=(low[0] - reach_m, high[0] + reach_m))
        axes.set(ylim=(low[1] - reach_m, high[1] + reach_m))
        _road(figure, axes, track)
        _path(axes, track, cross_track_limit_m)
        _scale_bar(axes, low[0], low[1] - 0.9 * reach_m)
        for number, (x, y) in enumerate(track.off_road_m, start=1):
            axes.plot([x], [y], marker="X", markersize=9, color=ALARM, markeredgecolor=PANEL)
            axes.annotate(str(number), (x, y), xytext=(6, 6), textcoords="offset points",
                          color=ALARM, fontweight="bold")  # fmt: skip
        return to_svg(figure)


def steering_histogram(steering: Floats) -> str:
    """Draw how often each steering was recorded."""
    with house_style("histogram"):
        figure = new_figure(COLUMN_IN, 2.3)
        axes = figure.subplots()
        counts, edges = np.histogram(np.clip(steering, -1, 1), bins=41, range=(-1.0, 1.0))
        share_percent = 100.0 * counts / max(len(steering), 1)
        axes.bar(edges[:-1], share_percent, np.diff(edges) * 0.86, align="edge", color=FIRST)
        axes.set_xticks([-1, -0.5, 0, 0.5, 1], ["-1\nleft", "-0.5", "0", "0.5", "+1\nright"])
        axes.set_xlabel("steering")
        axes.set_ylabel("records (%)")
        axes.grid(visible=False, axis="x")
        return to_svg(figure)


def surface_bars(surfaces: Mapping[str, int]) -> str:
    """Draw how many records each surface has."""
    names = list(surfaces)
    return _bars("surfaces", names, [float(surfaces[name]) for name in names], "{:,.0f}", set())


def baseline_bars(pilot_mae: float, baselines: Sequence[Baseline]) -> str:
    """Draw the steering error of the pilot beside that of simpler ways."""
    names = ["this pilot", *(baseline.name for baseline in baselines)]
    values = [pilot_mae, *(baseline.steering_mae for baseline in baselines)]
    return _bars("baselines", names, values, "{:.3f}", set(names[1:]))


def class_map_bars(iou: Mapping[str, float], mean: float) -> str:
    """Draw the intersection over union of each class, and their mean."""
    values = [*iou.values(), mean]
    return _bars("class map", [*iou, "mean"], values, "{:.2f}", {"mean"}, whole=1.0)


def _bars(
    name: str,
    names: Sequence[str],
    values: Sequence[float],
    shape: str,
    muted: set[str],
    whole: float = 1e-9,
) -> str:
    """Draw a bar a name; those `muted` recede, and one of the length `whole` fits in any case."""
    with house_style(name):
        figure = new_figure(COLUMN_IN, 0.5 + 0.36 * len(names))
        axes = figure.subplots()
        places = np.arange(len(names))
        colours = [ROAD if each in muted else FIRST for each in names]
        axes.barh(places, values, height=0.66, color=colours)
        for place, value in zip(places, values, strict=True):
            axes.annotate(shape.format(value), (value, place), xytext=(5, 0),
                          textcoords="offset points", va="center", color=INK)  # fmt: skip
        axes.set_yticks(places, names)
        axes.set_xlim(0.0, 1.18 * max(*values, whole))
        axes.invert_yaxis()
        axes.tick_params(length=0)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.set_xticks([])
        return to_svg(figure)


def _curve(
    axes: Axes,
    epochs: NDArray[np.integer],
    values: Sequence[float],
    name: str,
    colour: str,
) -> None:
    marker = "o" if len(values) == 1 else ""
    axes.plot(epochs, values, color=colour, marker=marker)
    label_end(axes, epochs[-1], values[-1], name, colour)


def _mark_best(axes: Axes, epoch: int, value: float) -> None:
    axes.plot([epoch], [value], marker="o", markersize=7, color=SECOND)
    axes.annotate(f"kept: epoch {epoch}, {value:.3f}", (epoch, value), xytext=(0, -14),
                  textcoords="offset points", ha="right", va="center", color=SECOND)  # fmt: skip


def _cell(axes: Axes, row: int, column: int, share: float, count: int) -> None:
    place = (column - 0.48, row - 0.48)
    axes.add_patch(Rectangle(place, 0.96, 0.96, color=GRID, alpha=0.35, linewidth=0))
    axes.add_patch(Rectangle(place, 0.96, 0.96, color=FIRST, alpha=share**0.7, linewidth=0))
    ink = PANEL if share > 0.45 else INK
    axes.text(column, row - 0.12, f"{100 * share:.1f} %", ha="center", va="center", color=ink)
    axes.text(column, row + 0.22, _short(count), ha="center", va="center", color=ink, fontsize=9)


def _short(count: int) -> str:
    for size, unit in ((1_000_000_000, " G"), (1_000_000, " M"), (1_000, " k")):
        if count >= size:
            return f"{count / size:.3g}{unit}"
    return str(count)


def _road(figure: Figure, axes: Axes, track: DrivenTrack) -> None:
    """Draw the road as wide as it is, which a line does only in points."""
    figure.canvas.draw()
    metres = axes.transData.transform([(0.0, 0.0), (track.road_width_m, 0.0)])
    width_pt = (metres[1, 0] - metres[0, 0]) * 72.0 / figure.dpi
    closed = np.vstack([track.centre_line_m, track.centre_line_m[:2]])
    axes.plot(closed[:, 0], closed[:, 1], color=ROAD, linewidth=width_pt, solid_joinstyle="round")
    axes.plot(closed[:, 0], closed[:, 1], color=PANEL, linewidth=0.8, linestyle=(0, (6, 6)))


def _path(axes: Axes, track: DrivenTrack, limit_m: float) -> None:
    if len(track.path_m) < 2:
        return
    pieces = np.stack([track.path_m[:-1], track.path_m[1:]], axis=1)
    path = LineCollection(list(pieces), cmap=_CROSS_TRACK, linewidths=1.6, rasterized=True)
    path.set_array(np.abs(track.cross_track_m[1:]))
    path.set_clim(0.0, limit_m)
    axes.add_collection(path, autolim=False)
    start = track.path_m[0]
    axes.plot(*start, marker="o", markersize=6, color=INK, markeredgecolor=PANEL)
    axes.annotate("start", start, xytext=(8, 8), textcoords="offset points", color=INK)


def _scale_bar(axes: Axes, x: float, y: float) -> None:
    axes.plot([x, x + 1.0], [y, y], color=MUTED, linewidth=1.5, solid_capstyle="butt")
    axes.annotate("1 m", (x + 1.0, y), xytext=(5, 0), textcoords="offset points", va="center",
                  color=MUTED)  # fmt: skip


def _spread(size: int, shown: int) -> NDArray[np.intp]:
    """Choose at most so many indexes, evenly spread."""
    return np.unique(np.linspace(0, max(size - 1, 0), min(size, shown)).astype(np.intp))
