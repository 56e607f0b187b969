"""One page that shows a whole tub: pictures, commands, rate and age over time, distributions."""

from collections.abc import Callable, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from car.pictures.tub_selection import session_title
from train.page.sheet import ALARM, LEFT_IN, MUTED, WIDTH_IN, Row, lay_out, sheet_style
from train.tub_plot import histograms as tub_histograms
from train.tub_plot import panels as tub_panels
from train.tub_plot.course import Course, read_course
from train.tub_plot.panels import Marked, clock_text
from train.tub_plot.samples import Samples, take_samples, thumbnails
from tubs.atomic import check_writable, written_whole
from tubs.damage import Damage
from tubs.errors import OutputError
from tubs.reader import Tub

SUFFIXES = (".png", ".svg", ".pdf")
_TITLE_IN = 0.36
_HEAD_IN = 0.95
_FOOT_IN = 0.62
_WITHOUT_DATE: dict[str, dict[str, Any]] = {
    "png": {},
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
}


class PlotSummary(msgspec.Struct):
    """What was drawn.

    Attributes:
        tub: its folder.
        records: how many were asked for.
        deleted: how many of those that could be read are marked as deleted.
        damaged: those that could not be read.
        sessions: how many they are of.
        duration_s: driven, without pauses.
        rate_hz: by the median interval.
        late_records: how many came after a gap.
        dropped_records: how many were not recorded, as the tub counts them.
        events: how many.
    """

    tub: str
    records: int
    deleted: int
    damaged: list[Damage]
    sessions: int
    duration_s: float
    rate_hz: float
    late_records: int
    dropped_records: int
    events: int


def check_plot_path(path: Path) -> Path:
    """Make sure, before any work, that a page can be written there.

    Raises:
        OutputError: the name ends otherwise, or the place cannot be written.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise OutputError(f"{path}: a plot is named .png, .svg or .pdf, not '{path.suffix}'")
    return check_writable(path)


def plot_tub(
    tub: Tub,
    chosen: range,
    path: Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> PlotSummary:
    """Draw the chosen records of a tub on one page.

    Args:
        tub: the recording.
        chosen: numbers of its records.
        path: .png, .svg or .pdf.
        progress: told how many of how many records were read.

    Raises:
        TubError: no record can be read.
        OutputError: the page cannot be written.
    """
    check_plot_path(path)
    course = read_course(tub, chosen, progress)
    events = _events(tub, course)
    with sheet_style():
        _save(_page(tub, course, events), path)
    return PlotSummary(
        tub=str(tub.folder),
        records=len(chosen),
        deleted=int(course.deleted.sum()),
        damaged=course.damaged,
        sessions=len(course.session_starts),
        duration_s=course.span_s,
        rate_hz=1.0 / course.usual_interval_s,
        late_records=int(course.late.sum()),
        dropped_records=int(course.dropped.sum()),
        events=len(events),
    )


def _save(figure: Figure, path: Path) -> None:
    kind = path.suffix.lower().removeprefix(".")
    page = BytesIO()
    figure.savefig(page, format=kind, metadata=_WITHOUT_DATE[kind])
    with written_whole(path) as draft:
        draft.write_bytes(page.getvalue())


def _events(tub: Tub, course: Course) -> list[Marked]:
    """The events of the chosen records, in order."""
    first, last = int(course.numbers[0]), int(course.numbers[-1])
    noted = [each for each in tub.events() if first <= each.record <= last]
    rows = np.searchsorted(course.numbers, [each.record for each in noted])
    return [
        Marked(float(course.axis_s[row]), each.event.kind, each.event.text)
        for row, each in zip(rows, noted, strict=True)
    ]


def _page(tub: Tub, course: Course, events: Sequence[Marked]) -> Figure:
    samples = take_samples(tub, course)
    rows = [
        _row(samples.height_in, 0.0, partial(thumbnails, course=course, samples=samples)),
        _row(0.16, 0.6, partial(tub_panels.mode_band, course=course)),
    ]
    if events:
        draw_events = partial(tub_panels.event_strip, course=course, events=events)
        rows.append(_row(0.62, _TITLE_IN, draw_events))
    rows += _curves(course, samples)
    figure = lay_out([*rows, _distributions(course)], _HEAD_IN, _FOOT_IN)
    _headline(figure, tub, course)
    return figure


def _row(height_in: float, above_in: float, draw: Callable[[Axes], None]) -> Row:
    return Row(height_in, above_in, lambda panels: draw(panels[0]))


def _curves(course: Course, samples: Samples) -> list[Row]:
    """The rows over time that there is something to show in."""
    drawn: list[tuple[float, Callable[..., None]]] = [
        (1.75, tub_panels.steering),
        (1.25, tub_panels.throttle),
    ]
    if course.knows("speed_m_s"):
        drawn.append((0.95, tub_panels.speed))
    drawn.append((0.95, tub_panels.record_rate))
    if course.knows("frame_age_ms"):
        drawn.append((0.95, tub_panels.frame_age))
    levels = partial(tub_panels.brightness, at_s=samples.at_s, levels=samples.levels)
    drawn.append((0.6, levels))
    return [_row(height_in, _TITLE_IN, partial(draw, course=course)) for height_in, draw in drawn]


def _distributions(course: Course) -> Row:
    """The histograms; that of the frame age only where it is known."""
    drawn: list[Callable[[Axes], None]] = [
        partial(tub_histograms.steering, course=course),
        partial(tub_histograms.throttle, course=course),
        partial(tub_histograms.intervals, course=course),
    ]
    if course.knows("frame_age_ms"):
        drawn.append(partial(tub_histograms.frame_age, course=course))

    def draw_all(panels: Sequence[Axes]) -> None:
        for draw, axes in zip(drawn, panels, strict=True):
            draw(axes)

    return Row(1.7, 1.02, draw_all, len(drawn))


def _headline(figure: Figure, tub: Tub, course: Course) -> None:
    """The name of the tub and its figures in one line, at the top of the page."""
    height_in = figure.get_figheight()
    left = LEFT_IN / WIDTH_IN
    figure.text(left, 1 - 0.42 / height_in, tub.folder.resolve().name, fontsize=17,
                fontweight="bold")  # fmt: skip
    figure.text(left, 1 - 0.70 / height_in, " · ".join(_figures(tub, course)), color=MUTED)
    if course.damaged:
        figure.text(
            1 - 0.45 / WIDTH_IN, 1 - 0.42 / height_in,
            f"{len(course.damaged):,} damaged records are left out", color=ALARM, ha="right",
        )  # fmt: skip


def _figures(tub: Tub, course: Course) -> list[str]:
    sessions = len(course.session_starts)
    deleted = int(course.deleted.sum())
    first, last = int(course.numbers[0]), int(course.numbers[-1])
    texts = [
        f"{len(course.numbers):,} records, {first:,} to {last:,}",
        f"{sessions:,} sessions" if sessions != 1 else _only_session(tub, course),
        f"{clock_text(course.span_s, 1)} driven at {1.0 / course.usual_interval_s:.1f} Hz",
    ]
    if tub.about.car != "car":
        texts.append(f"car: {tub.about.car}")
    if deleted:
        texts.append(f"{deleted:,} deleted ({100 * deleted / len(course.numbers):.1f} %)")
    if tub.about.source:
        texts.append(f"imported from {tub.about.source}")
    return texts


def _only_session(tub: Tub, course: Course) -> str:
    return session_title(tub.sessions[int(course.session[0])].name)
