"""The figures of tubs as people read them."""

from car.bench.spread import Spread
from car.bench.tub_figures import LoopSpreads, TubSpeed

TARGETS = {
    "ratio": "at most 1.5",
    "append": "under 30",
    "calls": "a tenth of donkeycar's",
    "reading": "5 times donkeycar's",
    "cache": "at least 50,000",
}


def tub_table(found: TubSpeed) -> str:
    """All of it: median, lowest and highest of the repetitions, and what they should be."""
    blocks = [_writing(found), _loop(found), _reading(found), _donkeycar(found)]
    before, after = found.load
    return "\n\n".join(block for block in blocks if block) + (
        f"\n\nmedian (lowest to highest) of {found.repetitions} repetitions; load of the machine "
        f"{before:.1f} before, {after:.1f} after"
    )


def _line(name: str, value: str, target: str = "") -> str:
    return f"  {name:42s} {value}{f'   [{target}]' if target else ''}"


def _of(spread: Spread, unit: str, digits: int = 0) -> str:
    median, lowest, highest = (
        f"{value:,.{digits}f}" for value in (spread.median, spread.lowest, spread.highest)
    )
    return f"{median} {unit} ({lowest} to {highest})"


def _writing(found: TubSpeed) -> str:
    speed = found.writing
    calls = (
        "no strace here to count them" if speed.file_calls is None else f"{speed.file_calls:.2f}"
    )
    return "\n".join(
        [
            "writing, CPU time",
            _line("a JPEG alone", _of(speed.jpeg_us, "us", 1)),
            _line("a record: JPEG, packing, writing, syncs", _of(speed.record_us, "us", 1)),
            _line("  beside its JPEG", _of(speed.ratio, "times", 2), TARGETS["ratio"]),
            _line("calls on files, a record", calls, TARGETS["calls"]),
            _line(
                "on the disk, a record",
                f"{speed.disk_bytes:,.0f} bytes, of which JPEG {speed.jpeg_bytes:,.0f}",
            ),
        ]
    )


def _loop(found: TubSpeed) -> str:
    speed = found.writing
    return "\n".join(
        [
            "the drive loop's share",
            *_share("recording 100 a second", speed.calm_loop),
            *_share("while the writer is never at rest", speed.busy_loop),
            _line(
                "a tick comes late without recording, p99", _of(speed.bare_loop.late_p99_us, "us")
            ),
        ]
    )


def _share(name: str, loop: LoopSpreads) -> list[str]:
    return [
        f"  {name}",
        _line("  handing over a record", _of(loop.append_p50_us, "us", 1), TARGETS["append"]),
        _line("  handing over a record, p99", _of(loop.append_p99_us, "us", 1)),
        _line("  a tick comes late, p99", _of(loop.late_p99_us, "us")),
    ]


def _reading(found: TubSpeed) -> str:
    speed = found.reading
    return "\n".join(
        [
            "reading",
            _line("pictures decoded, on one core", _of(speed.decoded_per_s, "records/s")),
            _line(
                "from the training cache, 128 at random",
                _of(speed.cached_per_s, "frames/s"),
                TARGETS["cache"],
            ),
            f"  a tub of {speed.long_records:,} records",
            _line("  opened by its index", _of(speed.open_ms, "ms")),
            _line("  opened without index", _of(speed.open_without_index_ms, "ms")),
            _line("  records in order, JPEG as it is", _of(speed.in_order_per_s, "records/s")),
            _line("  records at random, JPEG as it is", _of(speed.at_random_per_s, "records/s")),
            _line("  memory while open", f"{speed.memory_bytes:.0f} bytes a record"),
        ]
    )


def _donkeycar(found: TubSpeed) -> str:
    peer = found.donkeycar
    if peer is None:
        return ""
    calls = "not counted" if peer.file_calls is None else f"{peer.file_calls:.1f}"
    ratio = "" if peer.calls_ratio is None else f", {peer.calls_ratio:.0f} times Everlap's"
    return "\n".join(
        [
            "donkeycar, beside it",
            _line("a JPEG alone, CPU time", _of(peer.jpeg_us, "us", 1)),
            _line("a record, CPU time", _of(peer.record_us, "us", 1)),
            _line("  beside its JPEG", _of(peer.ratio, "times", 2)),
            _line("calls on files, a record", calls + ratio),
            _line("on the disk, a record", f"{peer.disk_bytes:,.0f} bytes"),
            _line("pictures decoded, on one core", _of(peer.decoded_per_s, "records/s")),
            _line(
                "  Everlap, its own tub", _of(peer.reading_ratio, "times", 2), TARGETS["reading"]
            ),
            _line("  Everlap, the same JPEGs", _of(peer.same_jpegs_ratio, "times", 2)),
        ]
    )
