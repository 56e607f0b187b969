"""What a tub holds, in figures."""

from collections import Counter
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from tubs.reader import Tub

STEERING_BINS = 11
LONGEST_STEP_S = 1.0


class TubInfo(msgspec.Struct):
    """A tub in figures.

    Attributes:
        tub: its folder.
        car: the car's name.
        source: where it was imported from; None when it was recorded.
        sessions: how many there are.
        unfinished_sessions: how many of them were cut short.
        records: how many there are.
        duration_s: of all sessions together.
        rate_hz: records a second, by the median interval.
        size_bytes: of the session files.
        image_width_px: of the first image.
        image_height_px: of the first image.
        modes: how many records of each mode.
        steering_edges: of the histogram's bins, -1 to +1.
        steering_counts: records in each bin.
        throttle_mean: over all records.
    """

    tub: str
    car: str
    source: str | None
    sessions: int
    unfinished_sessions: int
    records: int
    duration_s: float
    rate_hz: float
    size_bytes: int
    image_width_px: int
    image_height_px: int
    modes: dict[str, int]
    steering_edges: list[float]
    steering_counts: list[int]
    throttle_mean: float


def describe(folder: Path) -> TubInfo:
    """Gather the figures; no image but the first is decoded.

    Raises:
        TubError: it is missing, something else, empty or damaged.
    """
    tub = Tub(folder)
    controls = tub.controls()
    counts, edges = np.histogram(controls["steering"], STEERING_BINS, (-1.0, 1.0))
    duration_s, rate_hz = _duration_and_rate(controls)
    height, width = tub.image_size
    return TubInfo(
        tub=str(folder),
        car=tub.about.car,
        source=tub.about.source,
        sessions=len(tub.sessions),
        unfinished_sessions=sum(not session.finished for session in tub.sessions),
        records=len(tub),
        duration_s=duration_s,
        rate_hz=rate_hz,
        size_bytes=sum(session.path.stat().st_size for session in tub.sessions),
        image_width_px=width,
        image_height_px=height,
        modes=dict(Counter(controls["mode"].tolist())),
        steering_edges=edges.round(6).tolist(),
        steering_counts=counts.tolist(),
        throttle_mean=float(controls["throttle"].mean()),
    )


def _duration_and_rate(controls: NDArray[np.void]) -> tuple[float, float]:
    steps_s = np.diff(controls["captured_s"])
    steps_s = steps_s[(np.diff(controls["session"]) == 0) & (steps_s > 0.0)]
    if not steps_s.size:
        return 0.0, 0.0
    return float(steps_s.sum()), float(1.0 / np.median(steps_s))


def as_text(info: TubInfo) -> str:
    """The figures for a person to read."""
    modes = ", ".join(f"{name} {count}" for name, count in sorted(info.modes.items()))
    cut = f" ({info.unfinished_sessions} cut short)" if info.unfinished_sessions else ""
    source = f", imported from {info.source}" if info.source else ""
    lines = [
        f"{info.tub}: {info.car}{source}",
        f"  records   {info.records} in {info.sessions} sessions{cut}",
        f"  duration  {info.duration_s:.1f} s at {info.rate_hz:.1f} Hz",
        f"  images    {info.image_width_px}x{info.image_height_px}, {info.size_bytes / 1e6:.1f} MB",
        f"  modes     {modes}",
        f"  throttle  {info.throttle_mean:+.3f} on average",
        "  steering  left -1 to right +1",
    ]
    return "\n".join(lines + _bars(info))


def _bars(info: TubInfo, width: int = 40) -> list[str]:
    most = max(info.steering_counts)
    return [
        f"   {low:+.2f} {'█' * -(-width * count // most):<{width}} {count}"
        for low, count in zip(info.steering_edges, info.steering_counts, strict=False)
    ]
