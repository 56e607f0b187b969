"""Where the time of a drive went: a table at the end of every run."""

from collections.abc import Callable
from time import perf_counter

import numpy as np

STEPS = ("frame_age", "decide", "send", "record", "tick")


class Timing:
    """Durations of every tick of a drive, in memory that grows by 48 bytes a tick.

    Attributes:
        late_ticks: ticks whose work took longer than the frame period.
    """

    def __init__(self, period_s: float, stopwatch: Callable[[], float] = perf_counter) -> None:
        self.period_s = period_s
        self.late_ticks = 0
        self.stopwatch = stopwatch
        self._durations: list[tuple[float, ...]] = []
        self._periods: list[float] = []
        self._last_captured_s: float | None = None

    def add(
        self, captured_s: float, age_s: float, began_s: float, decided_s: float, sent_s: float
    ) -> None:
        """Note one tick, at its end; all but the first two on the stopwatch."""
        ended = self.stopwatch()
        if self._last_captured_s is not None:
            self._periods.append(captured_s - self._last_captured_s)
        self._last_captured_s = captured_s
        work = ended - began_s
        self.late_ticks += work > self.period_s
        self._durations.append(
            (age_s, decided_s - began_s, sent_s - decided_s, ended - sent_s, work)
        )

    @property
    def ticks(self) -> int:
        """How many ticks were noted."""
        return len(self._durations)

    def summary(self) -> dict[str, dict[str, float]]:
        """Median, 99th percentile and largest of each step in milliseconds; period first."""
        columns = dict(zip(STEPS, np.array(self._durations).reshape(-1, 5).T, strict=True))
        rows = {"period": np.array(self._periods), **columns}
        return {name: _spread(1000 * values) for name, values in rows.items() if len(values)}

    def table(self) -> str:
        """The summary as text for a terminal."""
        lines = [f"{'ms':<12}{'median':>10}{'p99':>10}{'max':>10}"]
        lines += [
            f"{name.replace('_', ' '):<12}{row['p50']:>10.3f}{row['p99']:>10.3f}{row['max']:>10.3f}"
            for name, row in self.summary().items()
        ]
        lines.append(
            f"{self.ticks} ticks, {self.late_ticks} late (over {1000 * self.period_s:.1f} ms)"
        )
        return "\n".join(lines)


def _spread(values: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> dict[str, float]:
    return {
        "p50": float(np.percentile(values, 50)),
        "p99": float(np.percentile(values, 99)),
        "max": float(values.max()),
    }
