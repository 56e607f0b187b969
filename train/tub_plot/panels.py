"""The panels of a tub's page along the time axis, each drawn from a course."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from train.page.sheet import ALARM, FIRST, GRID, MUTED, SECOND, entitle
from train.tub_plot.course import OTHER_MODE, Course
from train.tub_plot.curves import (
    BAND_FROM,
    COLUMNS,
    Floats,
    in_columns,
    most_frequent,
    stretches,
    stroke,
)

APPLIED, HUMAN, PILOT = FIRST, "#e39a3b", "#3aa676"
"""Colours of who wished what; those of the overlay on films, fit for white paper."""
MODE_COLOURS = {
    "stopped": "#9aa4af",
    "human": HUMAN,
    "assisted": "#6fb1ea",
    "pilot": PILOT,
    "other": "#8d63a8",
}
EVENT_COLOURS = {"emergency": ALARM, "fault": ALARM, "dropped": ALARM, "intervention": SECOND}
DELETED = "#f3d9d5"
MOST_SESSION_LINES = 60
_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 18_000)
_LABEL_IN = 0.078
"""About the width of one letter of an event's label."""
_AXIS_IN = 13.2


class Marked(NamedTuple):
    """An event on the time axis.

    Attributes:
        at_s: place on the axis.
        kind: of tubs.event.
        text: for a person to read.
    """

    at_s: float
    kind: str
    text: str


def time_axis(axes: Axes, course: Course) -> None:
    """Give a panel the time axis, deleted stretches and the borders of sessions."""
    axes.set_xlim(0.0, course.span_s)
    step_s = next((step for step in _STEPS_S if course.span_s / step <= 13), 36_000)
    axes.xaxis.set_major_locator(MultipleLocator(step_s))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda at_s, _: clock_text(at_s, step_s)))
    axes.tick_params(length=0, labelbottom=False)
    deleted = stretches(course.axis_s, course.deleted, course.usual_interval_s, course.span_s)
    transform = axes.get_xaxis_transform()
    axes.broken_barh(deleted, (0, 1), transform=transform, color=DELETED, linewidth=0, zorder=0.5)
    starts = course.session_starts[1:]
    if len(starts) <= MOST_SESSION_LINES:
        for at_s in course.axis_s[starts]:
            axes.axvline(at_s, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)))


def clock_text(at_s: float, step_s: float) -> str:
    """A time on the axis: 1:05, or 1:02:05 from an hour on."""
    minutes, seconds = divmod(round(at_s, 3), 60.0)
    shown = f"{seconds:04.1f}" if step_s < 1 else f"{seconds:02.0f}"
    if minutes >= 60:
        return f"{int(minutes) // 60}:{int(minutes) % 60:02d}:{shown}"
    return f"{int(minutes)}:{shown}"


def mode_band(axes: Axes, course: Course) -> None:
    """Draw who drove, as a coloured band."""
    names = list(MODE_COLOURS)
    order = ["stopped", "human", "assisted", "pilot"]
    at_s, kinds = most_frequent(course.axis_s, course.mode, OTHER_MODE + 1, course.span_s)
    width_s = course.span_s / COLUMNS
    step_s = max(width_s, course.usual_interval_s)
    for kind in np.unique(kinds).tolist():
        name = order[kind] if kind < OTHER_MODE else names[-1]
        spans = stretches(at_s, kinds == kind, step_s, course.span_s)
        axes.broken_barh(spans, (0, 1), color=MODE_COLOURS[name], linewidth=0)
    used = [order[kind] if kind < OTHER_MODE else names[-1] for kind in np.unique(course.mode)]
    entitle(axes, "Who drove", *((name, MODE_COLOURS[name]) for name in used))
    axes.set(xlim=(0, course.span_s), ylim=(0, 1), xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.grid(visible=False)


def event_strip(axes: Axes, course: Course, events: Sequence[Marked]) -> None:
    """Draw a tick for each event, and as many labels as there is room for."""
    axes.set(xlim=(0, course.span_s), ylim=(0, 3), xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.grid(visible=False)
    counts = Counter(event.kind for event in events)
    keys = [(f"{count:,} {kind}", _event_colour(kind)) for kind, count in counts.items()]
    entitle(axes, "Events", *keys)
    finest = course.span_s / COLUMNS
    ticks = {(round(event.at_s / finest), event.kind): event.at_s for event in events}
    for kind in counts:
        at_s = [place for (_, other), place in ticks.items() if other == kind]
        axes.vlines(at_s, 0, 3, color=_event_colour(kind), linewidth=1.1)
    ends_s = [-1.0, -1.0, -1.0]
    for event in _labelled(course, events):
        _label(axes, course, event, ends_s)


def _labelled(course: Course, events: Sequence[Marked]) -> list[Marked]:
    """The events that get a label, in order of time: rare kinds win over frequent ones."""
    counts = Counter(event.kind for event in events)
    ranked = sorted(events, key=lambda event: (event.kind == "mode", counts[event.kind]))
    return sorted(ranked[:36], key=lambda event: event.at_s)


def _label(axes: Axes, course: Course, event: Marked, ends_s: list[float]) -> None:
    text = event.text if len(event.text) <= 34 else f"{event.text[:33]}…"
    text = text or event.kind
    width_s = (0.12 + _LABEL_IN * len(text)) * course.span_s / _AXIS_IN
    at_s = event.at_s
    left = at_s + width_s > course.span_s
    start_s = at_s - width_s if left else at_s
    row = next((row for row, end_s in enumerate(ends_s) if end_s <= start_s), None)
    if row is None:
        return
    ends_s[row] = start_s + width_s
    axes.annotate(
        text, (at_s, 2.5 - row), xytext=(-4 if left else 4, 0), textcoords="offset points",
        ha="right" if left else "left", va="center", fontsize=8.5,
        color=_event_colour(event.kind), bbox={"facecolor": "white", "linewidth": 0, "pad": 0.6},
    )  # fmt: skip


def _event_colour(kind: str) -> str:
    return EVENT_COLOURS.get(kind, FIRST if kind == "lap" else MUTED)


def commands(axes: Axes, course: Course, name: str, title: str) -> None:
    """Draw what was wished and, over it, what was applied."""
    keys = []
    for who, colour in (("human", HUMAN), ("pilot", PILOT)):
        if course.knows(f"{who}_{name}"):
            _curve(axes, course, course.values[f"{who}_{name}"], colour, 4.4, alpha=0.5)
            keys.append((f"the {who}'s wish", colour))
    _curve(axes, course, course.values[name], APPLIED, 1.1, band=True)
    if _is_band(course):
        keys.append(("lowest to highest", "#aab4bf"))
    if course.deleted.any():
        keys.append(("deleted", "#dd9f96"))
    entitle(axes, title, ("applied", APPLIED), *keys)
    time_axis(axes, course)


def steering(axes: Axes, course: Course) -> None:
    """Draw the steering over time."""
    commands(axes, course, "steering", "Steering (1 = full lock)")
    axes.set_ylim(-1.08, 1.08)
    axes.set_yticks([-1, -0.5, 0, 0.5, 1], ["left −1", "−0.5", "0", "+0.5", "right +1"])


def throttle(axes: Axes, course: Course) -> None:
    """Draw the throttle over time, from reverse only where there is any."""
    commands(axes, course, "throttle", "Throttle (1 = full)")
    lowest = min(
        float(np.nanmin(values))
        for key, values in course.values.items()
        if key.endswith("throttle") and np.isfinite(values).any()
    )
    reverses = lowest < -0.02
    axes.set_ylim(-1.08 if reverses else -0.04, 1.08)
    ticks = [(-1.0, "reverse −1"), (0.0, "0"), (0.5, "+0.5"), (1.0, "ahead +1")]
    shown = ticks if reverses else ticks[1:]
    axes.set_yticks([at for at, _ in shown], [label for _, label in shown])


def speed(axes: Axes, course: Course) -> None:
    """Draw the measured speed over time."""
    _curve(axes, course, course.values["speed_m_s"], FIRST, 1.2, band=True)
    entitle(axes, "Speed (m/s)")
    time_axis(axes, course)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    lowest, highest = axes.get_ylim()
    axes.set_ylim(min(0.0, lowest), highest + 0.12 * abs(highest))


def record_rate(axes: Axes, course: Course) -> None:
    """Draw the records a second over time, and where records are missing."""
    columns = int(np.clip(course.span_s, 12, 400))
    gathered = in_columns(course.axis_s, course.interval_s, course.span_s, columns)
    rate = 1.0 / gathered.mean
    at_s, rate = _interrupted(gathered.at, rate, course)
    axes.plot(at_s, rate, color=FIRST, linewidth=1.3)
    late = course.late
    usual_hz = 1.0 / course.usual_interval_s
    missing = late | (course.dropped > 0)
    text = (
        f"{usual_hz:.1f} usual; {_count(late.sum())} late, {_count(course.dropped.sum())} dropped"
    )
    keys = [("gap before a record", ALARM)] if missing.any() else []
    entitle(axes, f"Record rate (records/s): {text}", *keys)
    time_axis(axes, course)
    top = 1.25 * float(np.nanmax(rate, initial=usual_hz))
    axes.set_ylim(0.0, min(top, 2.5 * usual_hz))
    axes.yaxis.set_major_locator(MaxNLocator(4))
    gaps = stretches(course.axis_s, missing, 0.0, course.span_s)
    transform = axes.get_xaxis_transform()
    axes.broken_barh(gaps, (0, 0.14), transform=transform, color=ALARM, linewidth=0, zorder=3)


def _count(number: int) -> str:
    return f"{number:,}" if number else "none"


def _interrupted(at_s: Floats, values: Floats, course: Course) -> tuple[Floats, Floats]:
    """Break a coarse curve where a session begins."""
    starts = np.searchsorted(at_s, course.axis_s[course.session_starts[1:]])
    return np.insert(at_s, starts, np.nan), np.insert(values, starts, np.nan)


def frame_age(axes: Axes, course: Course) -> None:
    """Draw how old a frame was when the command went out."""
    age_ms = course.values["frame_age_ms"]
    _curve(axes, course, age_ms, FIRST, 1.0, band=True)
    p50, p99 = np.nanpercentile(age_ms, [50, 99])
    title = f"Frame age (ms): from light to command; median {p50:.0f}, p99 {p99:.0f}"
    entitle(axes, title)
    time_axis(axes, course)
    axes.set_ylim(0.0, max(1.3 * float(np.nanpercentile(age_ms, 99.9)), 1.0))
    axes.yaxis.set_major_locator(MaxNLocator(4))


def brightness(axes: Axes, course: Course, at_s: Floats, levels: Floats) -> None:
    """Draw the mean brightness of sampled pictures, 0 to 255; the lowest panel names the times."""
    axes.plot(*_interrupted(at_s, levels, course), color=MUTED, linewidth=1.2)
    entitle(axes, f"Brightness (mean of a picture, 0 to 255; {len(levels)} sampled)")
    time_axis(axes, course)
    axes.set(ylim=(0, 255), yticks=[128, 255])
    axes.tick_params(labelbottom=True)
    hours = "h:min:s" if course.span_s >= 3600 else "min:s"
    axes.set_xlabel(f"time driven ({hours}), without the pauses between sessions (dashed)")


def _is_band(course: Course) -> bool:
    """Whether the drive is so long that curves become a mean and a band around it."""
    return len(course.axis_s) >= BAND_FROM * COLUMNS


def _curve(
    axes: Axes,
    course: Course,
    values: Floats,
    colour: str,
    width: float,
    *,
    band: bool = False,
    alpha: float = 1.0,
) -> None:
    """A line, or for a long drive the mean and, where asked for, the band around it."""
    if not _is_band(course):
        at_s, shown = stroke(course.axis_s, values, course.breaks, course.span_s)
        axes.plot(at_s, shown, color=colour, linewidth=width, alpha=alpha, solid_joinstyle="round")
        return
    columns = in_columns(course.axis_s, values, course.span_s)
    if band:
        axes.fill_between(columns.at, columns.low, columns.high, color=GRID, linewidth=0)
    axes.plot(columns.at, columns.mean, color=colour, linewidth=width, alpha=alpha)
