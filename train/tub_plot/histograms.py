"""The distributions on a tub's page: steering, throttle, interval, frame age."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from train.page.sheet import FIRST, entitle
from train.tub_plot.course import Course, Floats

DELETED = "#dd9f96"
_BINS = 41


def steering(axes: Axes, course: Course) -> None:
    """Draw how often each steering was applied, deleted records apart."""
    keys = _bars(axes, course.values["steering"], course, (-1.0, 1.0))
    entitle(axes, "Steering (records)", *keys)
    axes.set_xticks([-1, 0, 1], ["−1 left", "0", "right +1"])
    _keep_ends_inside(axes)
    axes.set_xlabel("steering applied, 1 = full lock")


def throttle(axes: Axes, course: Course) -> None:
    """Draw how often each throttle was applied, deleted records apart."""
    values = course.values["throttle"]
    reverses = float(values.min()) < -0.02
    entitle(axes, "Throttle (records)")
    _bars(axes, values, course, (-1.0 if reverses else 0.0, 1.0))
    if reverses:
        axes.set_xticks([-1, 0, 1], ["−1 reverse", "0", "ahead +1"])
    else:
        axes.set_xticks([0, 0.5, 1], ["0", "+0.5", "ahead +1"])
    _keep_ends_inside(axes)
    axes.set_xlabel("throttle applied, 1 = full")


def intervals(axes: Axes, course: Course) -> None:
    """Draw how often each time between two records occurred."""
    entitle(axes, "Interval (records)")
    _durations(axes, 1000.0 * course.interval_s, course, "ms between records")


def frame_age(axes: Axes, course: Course) -> None:
    """Draw how often each frame age occurred."""
    entitle(axes, "Frame age (records)")
    _durations(axes, course.values["frame_age_ms"], course, "ms from light to command")


def _keep_ends_inside(axes: Axes) -> None:
    first, *_, last = axes.get_xticklabels()
    first.set_horizontalalignment("left")
    last.set_horizontalalignment("right")


def _durations(axes: Axes, values_ms: Floats, course: Course, label: str) -> None:
    """Bars of milliseconds; what is far longer than usual is counted in the last one."""
    known = values_ms[np.isfinite(values_ms)]
    low, high = np.percentile(known, [0.2, 99.5]) if known.size else (0.0, 1.0)
    room = max(0.15 * (high - low), 0.5)
    reach = (max(0.0, float(low - room)), float(high + room))
    _bars(axes, np.clip(values_ms, *reach), course, reach)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    beyond = int(np.sum(known > reach[1]))
    axes.set_xlabel(label + (f"; {beyond:,} longer in the last bar" if beyond else ""))


def _bars(
    axes: Axes, values: Floats, course: Course, reach: tuple[float, float]
) -> list[tuple[str, str]]:
    """Bars of what is kept with the deleted on top; the key, where there are both."""
    deleted = course.deleted
    kept, edges = np.histogram(values[~deleted & np.isfinite(values)], _BINS, reach)
    gone, _ = np.histogram(values[deleted & np.isfinite(values)], _BINS, reach)
    width = np.diff(edges) * 0.86
    axes.bar(edges[:-1], kept, width, align="edge", color=FIRST)
    axes.bar(edges[:-1], gone, width, bottom=kept, align="edge", color=DELETED)
    axes.set_xlim(*reach)
    axes.tick_params(length=0)
    axes.grid(visible=False, axis="x")
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,.0f}"))
    return [("kept", FIRST), ("deleted", DELETED)] if deleted.any() else []
