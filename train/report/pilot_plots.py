"""The figures of a pilot's report: where it errs, whether it knows, what was held out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from train.page.plot_style import (
    FIRST,
    GRID,
    INK,
    MUTED,
    RASTER,
    ROAD,
    SECOND,
    house_style,
    new_figure,
    to_svg,
)
from train.scoring.certainty import Certainty

Floats = NDArray[np.floating]
COLUMN_IN = 4.7
_POINTS_SHOWN = 4000
_SESSIONS_SHOWN = 12
_LANES_SHOWN = 24


@dataclass(frozen=True, slots=True)
class Lane:
    """One session on the time line.

    Attributes:
        name: as it is shown.
        part: (n,) of its records in order: 0 learned from, 1 in a gap, 2 held out.
    """

    name: str
    part: NDArray[np.integer]


def error_by_steering(truth: Floats, guess: Floats) -> str:
    """Draw the error, and how many records there are, by how the driver steered."""
    edges = np.linspace(-1.0, 1.0, 11)
    place = np.clip(np.digitize(truth, edges) - 1, 0, 9)
    counts = np.bincount(place, minlength=10)
    sums = np.bincount(place, weights=np.abs(guess - truth), minlength=10)
    error = np.where(counts, sums / np.maximum(counts, 1), 0.0)
    with house_style("by steering"):
        figure = new_figure(COLUMN_IN, 3.6)
        top, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        top.bar(edges[:-1], error, 0.17, align="edge", color=FIRST)
        top.set_title("Mean steering error (1 = full lock)")
        below.bar(edges[:-1], counts, 0.17, align="edge", color=ROAD)
        below.set_title("Frames measured")
        below.set_xticks([-1, -0.5, 0, 0.5, 1], ["-1\nleft", "-0.5", "0", "0.5", "+1\nright"])
        below.yaxis.set_major_locator(MaxNLocator(2, integer=True))
        for axes in (top, below):
            axes.grid(visible=False, axis="x")
        below.set_xlabel("steering of the driver")
        return to_svg(figure)


def error_by_session(names: Sequence[str], errors: Sequence[float]) -> str:
    """Draw the mean error of the worst sessions, worst first."""
    order = np.argsort(errors)[::-1][:_SESSIONS_SHOWN]
    mean = float(np.mean(errors))
    with house_style("by session"):
        figure = new_figure(COLUMN_IN, 0.9 + 0.3 * len(order))
        axes = figure.subplots()
        places = np.arange(len(order))
        axes.barh(places, [errors[each] for each in order], height=0.66, color=FIRST)
        for place, each in enumerate(order):
            axes.annotate(f"{errors[each]:.3f}", (errors[each], place), xytext=(5, 0),
                          textcoords="offset points", va="center", color=INK)  # fmt: skip
        axes.axvline(mean, color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)))
        axes.set_yticks(places, [names[each] for each in order])
        axes.set_xlim(0.0, 1.18 * max(*errors, 1e-9))
        axes.invert_yaxis()
        axes.tick_params(length=0)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.set_xticks([mean], ["mean of all"])
        return to_svg(figure)


def calibration(found: Certainty) -> str:
    """Draw which share of the truth the pilot's intervals hold, against what they should."""
    with house_style("calibration"):
        figure = new_figure(COLUMN_IN, 3.6)
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1.0)
        axes.plot(found.levels, found.coverages, color=FIRST, marker="o", markersize=3.5)
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
        ticks = [0, 0.25, 0.5, 0.75, 1]
        axes.set_xticks(ticks, [f"{100 * each:.0f} %" for each in ticks])
        axes.set_yticks(ticks, [f"{100 * each:.0f} %" for each in ticks])
        axes.set_xlabel("what its interval should hold")
        axes.set_ylabel("what it holds")
        axes.text(0.04, 0.93, "too modest", color=MUTED)
        axes.text(0.96, 0.05, "too sure of itself", color=MUTED, ha="right")
        return to_svg(figure)


def throttle_scatter(truth: Floats, guess: Floats) -> str:
    """Draw the pilot's throttle against the driver's."""
    with house_style("throttle"):
        figure = new_figure(COLUMN_IN, 3.6)
        axes = figure.subplots()
        keep = np.unique(np.linspace(0, len(truth) - 1, min(len(truth), _POINTS_SHOWN)).astype(int))
        low = float(min(truth.min(), guess.min(), 0.0)) - 0.03
        high = float(max(truth.max(), guess.max(), 0.1)) + 0.03
        axes.plot([low, high], [low, high], color=MUTED, linewidth=1.0)
        axes.scatter(truth[keep], guess[keep], s=6, alpha=0.35, color=RASTER, linewidths=0,
                     rasterized=True)  # fmt: skip
        axes.set(xlim=(low, high), ylim=(low, high), aspect="equal")
        axes.set_xlabel("throttle of the driver")
        axes.set_ylabel("throttle of the pilot")
        return to_svg(figure)


def split_timeline(lanes: Sequence[Lane]) -> str:
    """Draw, session by session, what was learned from, left in gaps, and held out."""
    shown = lanes[:_LANES_SHOWN]
    longest = max(len(lane.part) for lane in shown)
    with house_style("split"):
        figure = new_figure(1.2 * COLUMN_IN, 0.75 + 0.26 * len(shown))
        axes = figure.subplots()
        for place, lane in enumerate(shown):
            for first, last, part in _runs(lane.part):
                axes.barh(place, last - first, left=first, height=0.7,
                          color=(ROAD, GRID, SECOND)[part], alpha=(1.0, 0.35, 1.0)[part],
                          linewidth=0)  # fmt: skip
        axes.set_yticks(range(len(shown)), [lane.name for lane in shown])
        axes.set_xlim(0, longest)
        axes.set_xlabel("record of the session")
        axes.invert_yaxis()
        axes.tick_params(length=0)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        return to_svg(figure)


def other_curves(
    throttle_r2: Sequence[float], miou: Sequence[float | None], best_epoch: int
) -> str:
    """Draw held-out throttle R2, and the class map's mean IoU where it is known, by epochs."""
    known = [each for each in miou if each is not None]
    both = len(known) == len(throttle_r2)
    with house_style("other curves"):
        figure = new_figure(COLUMN_IN, 4.0 if both else 2.3)
        panels = figure.subplots(2 if both else 1, 1, sharex=True, squeeze=False)[:, 0]
        epochs = np.arange(1, len(throttle_r2) + 1)
        marker = "o" if len(epochs) == 1 else ""
        panels[0].plot(epochs, np.clip(throttle_r2, -0.5, 1.0), color=FIRST, marker=marker)
        panels[0].axhline(0.0, color=MUTED, linewidth=1.0)
        panels[0].set_ylim(-0.55, 1.02)
        panels[0].set_title("Throttle, held out: share explained (R2)")
        if both:
            panels[1].plot(epochs, known, color=FIRST, marker=marker)
            panels[1].set_ylim(0.0, 1.02)
            panels[1].set_title("Class map, held out: mean IoU")
        for axes in panels:
            axes.axvline(best_epoch, color=SECOND, linewidth=1.0, linestyle=(0, (4, 3)))
        panels[-1].set_xlabel("epoch")
        panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        return to_svg(figure)


def _runs(part: NDArray[np.integer]) -> list[tuple[int, int, int]]:
    """First, last + 1 and value of each run of equal values."""
    edges = np.flatnonzero(np.diff(part)) + 1
    starts = np.concatenate([[0], edges])
    ends = np.concatenate([edges, [len(part)]])
    return [(int(a), int(b), int(part[a])) for a, b in zip(starts, ends, strict=True)]
