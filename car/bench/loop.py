"""Measures a tick of the drive loop beside the bare interpreter, in one process."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import numpy as np

from car.actuators import Actuators
from car.assembly import guard_within, on_the_bench
from car.bench.bare import bare_invocation_ms
from car.config import CarConfig
from car.driver import driver_of
from car.frame import Frame
from car.human import Starter
from car.loop import drive
from car.modes import Event
from car.pilots.network import NetworkPilot
from car.recorder import NoRecorder
from car.timing import Timing

HEAVY = ("tensorflow", "keras", "matplotlib", "pandas", "gymnasium", "numba", "sklearn", "scipy")

_IMPORT = """
import json, resource, sys, time
began = time.process_time()
import car.loop, car.commands.drive, car.assembly, car.guard, car.guard.client, car.recorder
import car.pilots.network, car.drivers.pca9685, ai_edge_litert.interpreter
spent = time.process_time() - began
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
modules = sorted({name.partition(".")[0] for name in sys.modules})
print(json.dumps({"spent": spent, "peak": peak, "modules": modules}))
"""


class ImportCost(msgspec.Struct, frozen=True):
    """What a fresh process paid to import all that a drive needs."""

    spent: float
    peak: float
    modules: list[str]


class LoopSpeed(msgspec.Struct, frozen=True):
    """What was measured; times in milliseconds from frame in hand to registers written."""

    bare_p50_ms: float
    tick_p50_ms: float
    tick_p99_ms: float
    ratio: float
    guarded_p50_ms: float
    guarded_p99_ms: float
    guarded_ratio: float
    import_cpu_s: float
    import_peak_mb: float
    heavy_modules: list[str]


def measure_loop(pilot: Path, ticks: int) -> LoopSpeed:
    """Drive noise pictures through loop, guard and chip; bare calls before and after.

    Raises:
        PilotError: the pilot cannot be used here.
    """
    config = CarConfig()
    network = NetworkPilot(pilot, config.camera)
    before = bare_invocation_ms(network)
    within = _run(network, config, guard_within(config), ticks)
    with on_the_bench(config) as bench:
        apart = _run(network, config, bench.actuators, ticks)
    bare = (before + bare_invocation_ms(network)) / 2
    imported = _import_cost()
    return LoopSpeed(
        bare_p50_ms=bare,
        tick_p50_ms=within["p50"],
        tick_p99_ms=within["p99"],
        ratio=within["p50"] / bare,
        guarded_p50_ms=apart["p50"],
        guarded_p99_ms=apart["p99"],
        guarded_ratio=apart["p50"] / bare,
        import_cpu_s=imported.spent,
        import_peak_mb=imported.peak,
        heavy_modules=[name for name in HEAVY if name in imported.modules],
    )


class _Pictures:
    """A camera of pictures made beforehand, each new when it is asked for."""

    def __init__(self, count: int, shape: tuple[int, int, int]) -> None:
        self._images = np.random.default_rng(0).integers(0, 256, (16, *shape), np.uint8)
        self._count = count

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        pass

    def __iter__(self) -> Iterator[Frame]:
        for number in range(self._count):
            yield Frame(self._images[number % 16], time.monotonic(), number)


def _run(
    network: NetworkPilot, config: CarConfig, actuators: Actuators, ticks: int
) -> dict[str, float]:
    """Median and 99th percentile of a tick."""
    camera = _Pictures(ticks, (config.camera.height_px, config.camera.width_px, 3))
    driver = driver_of(config, Starter(Event.CHOOSE_PILOT), network)
    timing = Timing(1.0 / config.camera.frames_per_s)
    drive(camera, driver, actuators, NoRecorder(), time.monotonic, timing, lambda tick: None)
    return timing.summary()["tick"]


def _import_cost() -> ImportCost:
    done = subprocess.run([sys.executable, "-c", _IMPORT], capture_output=True, check=True)
    return msgspec.json.decode(done.stdout, type=ImportCost)
