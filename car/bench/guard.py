"""Measures the guard: its size, a command's way to the registers, and both under a busy machine."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from car.assembly import guard_settings
from car.command import Command
from car.config import CarConfig
from car.guard.client import GuardProcess

PERIOD_S = 0.05
HOGS = {
    "cpu": "while True: pass",
    "memory": "data = bytearray(2**27)\nwhile True: data[::4096] = bytes(2**15)",
}
LOOP_PRIORITY = 30
"""Below the guard's own 40."""

_REAL_PATH = """
import adafruit_extended_bus, car.guard.process
print(int(open("/proc/self/status").read().partition("VmRSS:")[2].split()[0]) / 1024)
"""


class Spread(msgspec.Struct, frozen=True):
    """How times spread, in milliseconds."""

    p50_ms: float
    p99_ms: float
    max_ms: float


class GuardSpeed(msgspec.Struct, frozen=True):
    """What was measured.

    Attributes:
        rss_mb: resident memory of a guard that drives a simulated chip.
        rss_real_path_mb: of a process that has imported all that a guard on a real bus needs.
        start_cpu_s: processor time that a guard takes to start and end.
        back_to_back: commands sent as fast as they are answered, until their reply.
        at_20_hz: commands sent every 50 ms, until their reply.
        period_error: how far from 50 ms apart the commands were applied.
        loaded_round_trip: at 20 Hz, with the hogs beside it.
        loaded_period_error: with the hogs beside it.
        period_error_ratio: p99 with the hogs to p99 without.
        fifo: whether loop and guard ran under SCHED_FIFO.
        hogs: what ran beside it: plain Python processes.
    """

    rss_mb: float
    rss_real_path_mb: float
    start_cpu_s: float
    back_to_back: Spread
    at_20_hz: Spread
    period_error: Spread
    loaded_round_trip: Spread
    loaded_period_error: Spread
    period_error_ratio: float
    fifo: bool
    hogs: list[str]


def measure_guard(commands: int, seconds: float) -> GuardSpeed:
    """Run a guard on a simulated chip, alone and beside hogs.

    Args:
        commands: how many to send back to back.
        seconds: how long to send 20 a second, with and without hogs.

    Raises:
        CarError: the guard failed.
    """
    before_s = _children_cpu_s()
    with TemporaryDirectory(prefix="everlap-") as folder:
        settings = guard_settings(CarConfig(), f"simulated:{folder}/chip")
        with GuardProcess(settings):
            pass
        start_cpu_s = _children_cpu_s() - before_s
        with GuardProcess(settings, reply_timeout_s=2.0) as guard, _first_in_line() as fifo:
            back_to_back = _round_trips(guard, commands)
            rss_mb = _rss_mb(guard.process_id)
            calm, calm_error = _paced(guard, seconds)
            with _hogs() as names:
                busy, busy_error = _paced(guard, seconds)
    return GuardSpeed(
        rss_mb=rss_mb,
        rss_real_path_mb=_real_path_mb(),
        start_cpu_s=start_cpu_s,
        back_to_back=_spread(back_to_back),
        at_20_hz=_spread(calm),
        period_error=_spread(calm_error),
        loaded_round_trip=_spread(busy),
        loaded_period_error=_spread(busy_error),
        period_error_ratio=_spread(busy_error).p99_ms / _spread(calm_error).p99_ms,
        fifo=fifo,
        hogs=names,
    )


def _round_trips(guard: GuardProcess, commands: int) -> list[float]:
    times_s = []
    for number in range(commands):
        begun_s = time.perf_counter()
        guard.send(Command(number % 100 / 100, 0.0))
        times_s.append(time.perf_counter() - begun_s)
    return times_s


def _paced(guard: GuardProcess, seconds: float) -> tuple[list[float], list[float]]:
    """Send on an absolute grid; give round trips and the errors of the periods between replies."""
    trips_s, replied_s = [], []
    due_s = time.monotonic()
    for _ in range(max(20, int(seconds / PERIOD_S))):
        time.sleep(max(0.0, due_s - time.monotonic()))
        begun_s = time.monotonic()
        guard.send(Command(0.1, 0.0))
        replied_s.append(time.monotonic())
        trips_s.append(replied_s[-1] - begun_s)
        due_s += PERIOD_S
    return trips_s, [abs(after - before - PERIOD_S) for before, after in pairwise(replied_s)]


def _spread(times_s: Sequence[float]) -> Spread:
    ordered = sorted(1e3 * value for value in times_s)
    at = [ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.99)]
    return Spread(at[0], at[1], ordered[-1])


@contextmanager
def _first_in_line() -> Iterator[bool]:
    """Run this process as a drive loop under the service does; say whether that was allowed."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(LOOP_PRIORITY))
    except (AttributeError, OSError):
        yield False
        return
    try:
        yield True
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


@contextmanager
def _hogs() -> Iterator[list[str]]:
    """Keep every core busy with arithmetic and memory, at ordinary priority."""
    kinds = [kind for kind in HOGS for _ in range(os.cpu_count() or 1)]
    # A child inherits FIFO from us, and must give it back.
    program = "import os\nos.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))\n"
    hogs = [subprocess.Popen([sys.executable, "-c", program + HOGS[kind]]) for kind in kinds]
    try:
        time.sleep(0.5)
        yield kinds
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()


def _rss_mb(process_id: int) -> float:
    status = Path(f"/proc/{process_id}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def _real_path_mb() -> float:
    done = subprocess.run(
        [sys.executable, "-c", _REAL_PATH], capture_output=True, text=True, check=False
    )
    return float(done.stdout) if done.returncode == 0 else float("nan")


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
