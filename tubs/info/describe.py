"""What a tub holds, in figures."""

import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from tubs.errors import TubError
from tubs.images import decode_jpeg
from tubs.info.warnings import warnings_about
from tubs.mcap.session import Session
from tubs.reader import Tub

HISTOGRAM_BINS = 11
_STARTED = re.compile(r"session-(\d{8}T\d{6})(\d{3})Z")
_IMAGES_TRIED = 50
"""Damaged ones before the first image that can be decoded."""


class SessionInfo(msgspec.Struct):
    """A session in figures.

    Attributes:
        session: the file's name without suffix.
        started: date and time, UTC, ISO 8601; None when the name does not say.
        records: how many there are.
        deleted: how many of them are deleted.
        unreadable: how many of them cannot be read.
        dropped: records that were never written, by the gaps in the count of ticks.
        duration_s: from the first to the last record, pauses in which nothing moved on too.
        rate_hz: records a second, by the median interval.
        finished: whether it was closed.
        size_bytes: of the file.
    """

    session: str
    started: str | None
    records: int
    deleted: int
    unreadable: int
    dropped: int
    duration_s: float
    rate_hz: float
    finished: bool
    size_bytes: int


class TubInfo(msgspec.Struct):
    """A tub in figures; modes, steering and throttle leave deleted records out.

    Attributes:
        tub: its folder.
        car: the car's name.
        source: where it was imported from; None when it was recorded.
        lens: where the camera sits and how it sees, as in tub.json; None when unknown.
        sessions: how many there are.
        unfinished_sessions: how many of them were cut short.
        records: how many there are.
        deleted: how many of them are deleted.
        unreadable: how many of them cannot be read.
        dropped: records that were never written, by the gaps in the count of ticks.
        duration_s: of all sessions together.
        rate_hz: records a second, by the median interval.
        size_bytes: of the session files.
        image_width_px: of the first image; 0 when none can be decoded.
        image_height_px: of the first image.
        frame_age_median_s: from light to command; None when unknown.
        frame_age_p99_s: likewise; one in a hundred was older.
        modes: how many records of each mode.
        events: how many events of each kind.
        imu: how many inertial measurements.
        telemetry: how many measurements of each name.
        steering_edges: of the histogram's bins, -1 to +1.
        steering_counts: records in each bin.
        throttle_edges: of the histogram's bins, -1 to +1.
        throttle_counts: records in each bin.
        throttle_mean: over all records.
        session_list: each session.
        warnings: what a driver or a trainer should know.
    """

    tub: str
    car: str
    source: str | None
    lens: dict[str, float] | None
    sessions: int
    unfinished_sessions: int
    records: int
    deleted: int
    unreadable: int
    dropped: int
    duration_s: float
    rate_hz: float
    size_bytes: int
    image_width_px: int
    image_height_px: int
    frame_age_median_s: float | None
    frame_age_p99_s: float | None
    modes: dict[str, int]
    events: dict[str, int]
    imu: int
    telemetry: dict[str, int]
    steering_edges: list[float]
    steering_counts: list[int]
    throttle_edges: list[float]
    throttle_counts: list[int]
    throttle_mean: float
    session_list: list[SessionInfo]
    warnings: list[str]


def describe(folder: Path) -> TubInfo:
    """Gather the figures; no image but the first good one is decoded.

    Raises:
        TubError: it is missing, something else, or empty.
        OutputError: its marks cannot be read.
    """
    tub = Tub(folder)
    rows, deleted = tub.controls(), tub.deleted()
    kept = rows[rows["readable"] & ~deleted]
    sessions = _sessions(tub, rows, deleted)
    height, width = _image_size(tub)
    ages_s = kept["applied_s"] - kept["captured_s"]
    steering, throttle = _histogram(kept["steering"]), _histogram(kept["throttle"])
    return TubInfo(
        tub=str(folder),
        car=tub.about.car,
        source=tub.about.source,
        lens=tub.about.lens,
        sessions=len(sessions),
        unfinished_sessions=sum(not session.finished for session in sessions),
        records=len(tub),
        deleted=int(deleted.sum()),
        unreadable=sum(session.unreadable for session in sessions),
        dropped=sum(session.dropped for session in sessions),
        duration_s=sum(session.duration_s for session in sessions),
        rate_hz=_rate(rows),
        size_bytes=sum(session.size_bytes for session in sessions),
        image_width_px=width,
        image_height_px=height,
        frame_age_median_s=float(np.median(ages_s)) if ages_s.any() else None,
        frame_age_p99_s=float(np.quantile(ages_s, 0.99)) if ages_s.any() else None,
        modes=dict(Counter(kept["mode"].tolist())),
        events=dict(Counter(each.event.kind for each in tub.events())),
        imu=len(tub.imu()),
        telemetry=_names(tub),
        steering_edges=steering[1],
        steering_counts=steering[0],
        throttle_edges=throttle[1],
        throttle_counts=throttle[0],
        throttle_mean=float(kept["throttle"].mean()) if kept.size else 0.0,
        session_list=sessions,
        warnings=[*tub.warnings, *warnings_about(folder, kept)],
    )


def _sessions(tub: Tub, rows: NDArray[np.void], deleted: NDArray[np.bool_]) -> list[SessionInfo]:
    starts = np.cumsum([0, *(len(session) for session in tub.sessions)]).tolist()
    return [
        _session(session, rows[start:end], deleted[start:end])
        for session, start, end in zip(tub.sessions, starts, starts[1:], strict=False)
    ]


def _session(session: Session, rows: NDArray[np.void], deleted: NDArray[np.bool_]) -> SessionInfo:
    steps_s = _steps(rows)
    return SessionInfo(
        session=session.name,
        started=started(session.name),
        records=len(rows),
        deleted=int(deleted.sum()),
        unreadable=int((~rows["readable"]).sum()),
        dropped=_dropped(session.sequences),
        duration_s=float(steps_s.sum()),
        rate_hz=_rate(rows),
        finished=session.finished,
        size_bytes=session.path.stat().st_size,
    )


def started(name: str) -> str | None:
    """When a session began, ISO 8601 in UTC, by the name of its file; None when it does not say."""
    match = _STARTED.match(name)
    if match is None:
        return None
    try:
        begin = datetime.strptime(match[1] + match[2], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
    except ValueError:
        return None
    return begin.isoformat(timespec="milliseconds")


def _dropped(sequences: NDArray[np.int64]) -> int:
    numbers = np.flatnonzero(sequences >= 0)
    missing = np.diff(sequences[numbers]) - np.diff(numbers)
    return int(missing[missing > 0].sum())


def _steps(rows: NDArray[np.void]) -> NDArray[np.float64]:
    """Intervals between neighbours of one session that go forward, in seconds."""
    steps_s = np.diff(rows["captured_s"])
    same: NDArray[np.float64] = steps_s[(np.diff(rows["session"]) == 0) & (steps_s > 0.0)]
    return same


def _rate(rows: NDArray[np.void]) -> float:
    steps_s = _steps(rows)
    return float(1.0 / np.median(steps_s)) if steps_s.size else 0.0


def _histogram(values: NDArray[np.float64]) -> tuple[list[int], list[float]]:
    counts, edges = np.histogram(values, HISTOGRAM_BINS, (-1.0, 1.0))
    return counts.tolist(), edges.round(6).tolist()


def _image_size(tub: Tub) -> tuple[int, int]:
    """Height and width of the first image that can be decoded; zeros when none can."""
    for number in range(min(len(tub), _IMAGES_TRIED)):
        try:
            height, width = decode_jpeg(tub.encoded(number).jpeg).shape[:2]
        except TubError:
            continue
        return height, width
    return 0, 0


def _names(tub: Tub) -> dict[str, int]:
    return dict(Counter(name for each in tub.telemetry() for name in each.telemetry.values))
