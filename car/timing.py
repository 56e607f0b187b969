"""Where the time of a drive went: a table at the end of every run."""

import math
from collections import Counter
from collections.abc import Callable
from time import perf_counter

STEPS = ("period", "frame_age", "decide", "send", "record", "tick")
SMALLEST_MS = 1e-3
GROWTH = math.log(1.005)


class Spread:
    """Median, 99th percentile and largest of any number of durations, in bounded memory.

    Durations are counted in classes that grow by half a percent, from a microsecond on.
    """

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self.count = 0
        self.largest_ms = 0.0

    def add(self, duration_s: float) -> None:
        """Count one duration; what is below a microsecond counts as that."""
        duration_ms = max(1e3 * duration_s, SMALLEST_MS)
        self._counts[round(math.log(duration_ms / SMALLEST_MS) / GROWTH)] += 1
        self.count += 1
        self.largest_ms = max(self.largest_ms, duration_ms)

    def percentile_ms(self, share: float) -> float:
        """Give the duration, to a quarter of a percent, that this share of all do not exceed."""
        rank, passed = share * self.count, 0
        for place in sorted(self._counts):
            passed += self._counts[place]
            if passed >= rank:
                return min(SMALLEST_MS * math.exp(place * GROWTH), self.largest_ms)
        return self.largest_ms

    def summary(self) -> dict[str, float]:
        """In milliseconds."""
        return {
            "p50": self.percentile_ms(0.5),
            "p99": self.percentile_ms(0.99),
            "max": self.largest_ms,
        }


class Timing:
    """Durations of the ticks of a drive.

    Attributes:
        ticks: how many were noted.
        late_ticks: ticks whose work took longer than the frame period.
        stopwatch: gives seconds.
    """

    def __init__(self, period_s: float, stopwatch: Callable[[], float] = perf_counter) -> None:
        self.period_s = period_s
        self.ticks = self.late_ticks = 0
        self.stopwatch = stopwatch
        self._spreads = {name: Spread() for name in STEPS}
        self._last_captured_s: float | None = None

    def add(
        self, captured_s: float, age_s: float, began_s: float, decided_s: float, sent_s: float
    ) -> None:
        """Note one tick, at its end; all but the first two on the stopwatch."""
        ended_s = self.stopwatch()
        spreads = self._spreads
        if self._last_captured_s is not None:
            spreads["period"].add(captured_s - self._last_captured_s)
        self._last_captured_s = captured_s
        spreads["frame_age"].add(age_s)
        spreads["decide"].add(decided_s - began_s)
        spreads["send"].add(sent_s - decided_s)
        spreads["record"].add(ended_s - sent_s)
        spreads["tick"].add(ended_s - began_s)
        self.ticks += 1
        self.late_ticks += ended_s - began_s > self.period_s

    def summary(self) -> dict[str, dict[str, float]]:
        """Median, 99th percentile and largest of each step in milliseconds; period first."""
        return {name: spread.summary() for name, spread in self._spreads.items() if spread.count}

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
