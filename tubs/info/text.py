"""The figures of a tub for a person to read."""

from collections.abc import Mapping, Sequence

from tubs.counted import counted
from tubs.info.describe import SessionInfo, TubInfo

SESSIONS_SHOWN = 12
WARNINGS_SHOWN = 8
_BAR_WIDTH = 18


def as_text(info: TubInfo) -> str:
    """One tub: what it holds, its sessions, two histograms, and what to know."""
    source = f", imported from {info.source}" if info.source else ""
    lines = [f"{info.tub}: {info.car}{source}", *_facts(info), ""]
    lines += _table(info.session_list)
    lines += ["", *_histograms(info)]
    if info.warnings:
        lines += ["", *(f"! {warning}" for warning in info.warnings[:WARNINGS_SHOWN])]
    more = len(info.warnings) - WARNINGS_SHOWN
    if more > 0:
        lines.append(f"! and {more} more; --json FILE has them all")
    return "\n".join(lines)


def total_text(infos: Sequence[TubInfo]) -> str:
    """All tubs together, in a line."""
    records = sum(info.records - info.deleted for info in infos)
    size_bytes = sum(info.size_bytes for info in infos)
    duration_s = sum(info.duration_s for info in infos)
    return (
        f"{len(infos)} tubs: {records} records that are not deleted, "
        f"{_duration(duration_s)}, {_size(size_bytes)}"
    )


def _facts(info: TubInfo) -> list[str]:
    beside = {"deleted": info.deleted, "unreadable": info.unreadable, "dropped": info.dropped}
    others = "".join(f", {count} {name}" for name, count in beside.items() if count)
    cut = f" ({info.unfinished_sessions} cut short)" if info.unfinished_sessions else ""
    facts = {
        "records": f"{info.records} in {counted(info.sessions, 'session')}{cut}{others}",
        "duration": f"{_duration(info.duration_s)} at {info.rate_hz:.1f} Hz",
        "images": f"{info.image_width_px}x{info.image_height_px}, {_size(info.size_bytes)}",
        "lens": _named(info.lens or {}, "{:g}"),
        "frame age": _frame_age(info),
        "modes": _named(info.modes),
        "events": _named(info.events),
        "sensors": _named(({"imu": info.imu} if info.imu else {}) | info.telemetry),
        "throttle": f"{info.throttle_mean:+.3f} on average",
    }
    return [f"  {name:<10} {text}" for name, text in facts.items() if text]


def _named(values: Mapping[str, float], form: str = "{}") -> str:
    return ", ".join(f"{name} {form.format(value)}" for name, value in sorted(values.items()))


def _frame_age(info: TubInfo) -> str:
    if info.frame_age_median_s is None or info.frame_age_p99_s is None:
        return ""
    return (
        f"{info.frame_age_median_s * 1e3:.0f} ms from light to command, "
        f"{info.frame_age_p99_s * 1e3:.0f} ms for one in a hundred"
    )


def _duration(seconds: float) -> str:
    if seconds < 60.0:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}:{rest:02d} min"
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d} h"


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.2f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:.1f} MB"


def _table(sessions: Sequence[SessionInfo]) -> list[str]:
    head = ("session", "started (UTC)", "records", "duration", "rate", "deleted", "dropped", "")
    rows = [head, *(_row(number, each) for number, each in enumerate(sessions[:SESSIONS_SHOWN]))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["  " + "  ".join(_aligned(row, widths)).rstrip() for row in rows]
    more = len(sessions) - SESSIONS_SHOWN
    return [*lines, f"  and {counted(more, 'more session')}"] if more > 0 else lines


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Words to the left, numbers to the right."""
    return [
        cell.rjust(width) if 2 <= column <= 6 else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]


def _row(number: int, session: SessionInfo) -> tuple[str, ...]:
    began = session.started[:19].replace("T", " ") if session.started else "-"
    unreadable = f"{session.unreadable} unreadable" if session.unreadable else ""
    cut = "" if session.finished else "cut short"
    return (
        f"{number}" if session.started else f"{number} {session.session}",
        began,
        str(session.records),
        _duration(session.duration_s),
        f"{session.rate_hz:.1f} Hz",
        str(session.deleted or ""),
        str(session.dropped or ""),
        ", ".join(text for text in (cut, unreadable) if text),
    )


def _histograms(info: TubInfo) -> list[str]:
    """Steering and throttle side by side; a line is a bin, named by its middle."""
    steering = _bars(info.steering_edges, info.steering_counts)
    throttle = _bars(info.throttle_edges, info.throttle_counts)
    lines = [f"{'  steering, left -1 to right +1':<39} throttle, back -1 to ahead +1"]
    lines += [f"{left:<38}{right}".rstrip() for left, right in zip(steering, throttle, strict=True)]
    return lines


def _bars(edges: Sequence[float], counts: Sequence[int]) -> list[str]:
    most = max(*counts, 1)
    return [
        f"  {_middle(low, high):+.2f} {'█' * -(-_BAR_WIDTH * count // most):<{_BAR_WIDTH}} {count}"
        for low, high, count in zip(edges, edges[1:], counts, strict=False)
    ]


def _middle(low: float, high: float) -> float:
    return round((low + high) / 2.0, 2) + 0.0  # which makes of -0.0 a 0.0
