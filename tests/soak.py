"""Drives for many simulated hours, in peace and with faults: never stops in vain, never runs on.

    python -m tests.soak calm [--hours 100]     normal driving must not trip anything
    python -m tests.soak faults [--hours 24]    faults and restarts; memory and files stay flat

The drive loop, driver, guard and chip driver are the real ones, in virtual time. Normal driving has
its ordinary troubles: frames that come early, late or never, ticks that take long.
"""

import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import click
import numpy as np

from car.driver import driver_of
from car.errors import CarError
from car.hazards import low_supply
from car.loop import Tick, drive
from car.modes import Mode
from car.recorder import NoRecorder
from car.timing import Timing
from tests.faults.catalogue import load_faults, verdict
from tests.faults.injection import inject
from tests.faults.virtual_rig import CONFIG, PERIOD_S, Rig

HOUR_S = 3600.0
STEP_S = 0.01
JITTER_S = 0.003
LOST_FRAME = 1 / 500
"""Share of frames that never arrive."""
STALL = 1 / 2000
"""Share of ticks in which something else holds the processor."""
LONGEST_STALL_S = 0.06
WORK_S = 0.008
"""Of a tick: network, checks, bus."""


class NormalTroubles:
    """What happens to frames and ticks of a car on which nothing is broken."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        rig.pilot.act = self._think(rig.pilot.act)
        rig.camera.wait = self._wait
        rig.camera.alter = lambda frame: None if rig.dice.random() < LOST_FRAME else frame
        self._due_s = 0.0

    def _wait(self) -> None:
        """The next frame is due a period after the last, give or take."""
        self._due_s += PERIOD_S
        until_s = self._due_s + float(self._rig.dice.normal(0.0, JITTER_S))
        self._rig.pass_time(max(0.0, until_s - self._rig.clock()))

    def _think(self, act):  # type: ignore[no-untyped-def]
        dice = self._rig.dice

        def slowly():  # type: ignore[no-untyped-def]
            stall_s = dice.uniform(0.02, LONGEST_STALL_S) if dice.random() < STALL else 0.0
            self._rig.pass_time(WORK_S + float(dice.exponential(0.001)) + stall_s)
            return act()

        return slowly


def drive_an_hour(seed: int) -> tuple[int, list[str]]:
    """Drive for an hour of normal troubles; give the ticks, and what stopped the car."""
    rig = Rig(seed, STEP_S)
    NormalTroubles(rig)
    rig.end_s = HOUR_S
    driver = driver_of(CONFIG, rig.human, rig.pilot, low_supply(rig.power))
    trips: list[str] = []

    def watch(tick: Tick) -> None:
        rig.forget()
        if driver.state.mode is not Mode.PILOT:
            raise CarError(driver.why_stopped)

    timing = Timing(PERIOD_S)
    try:
        drive(rig.camera, driver, rig.guard, NoRecorder(), rig.clock, timing, watch)
    except CarError as error:
        trips.append(f"hour {seed}, after {rig.clock():.1f} s: {error}")
    return timing.ticks, trips


def resident_kb() -> int:
    """Memory of this process, by the kernel."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])


def open_files() -> int:
    """How many this process has."""
    return len(list(Path("/proc/self/fd").iterdir()))


@click.group()
def soak() -> None:
    """Drive for many simulated hours."""


@soak.command()
@click.option("--hours", default=100, show_default=True)
@click.option("--workers", default=2, show_default=True)
def calm(hours: int, workers: int) -> None:
    """Normal driving, which must not trip anything."""
    ticks, trips = 0, []
    with ProcessPoolExecutor(workers) as pool:
        done = pool.map(drive_an_hour, range(hours))
        with click.progressbar(done, hours, file=sys.stderr) as results:
            for count, why in results:
                ticks += count
                trips += why
    click.echo("\n".join([*trips, f"{ticks} ticks in {hours} hours: {len(trips)} false trips"]))
    sys.exit(bool(trips))


@soak.command()
@click.option("--hours", default=24.0, show_default=True, type=click.FloatRange(4.0))
@click.option("--seed", default=0, show_default=True)
def faults(hours: float, seed: int) -> None:
    """Faults and restarts, one after the other, in one process."""
    dice, table = np.random.default_rng(seed), [f for f in load_faults() if f.rig == "virtual"]
    driven_s, drives, broken = 0.0, 0, []
    rows: list[tuple[float, int, int]] = []
    began_s = time.monotonic()
    while driven_s < hours * HOUR_S:
        fault = table[int(dice.integers(len(table)))]
        lead_s = float(dice.exponential(60.0))
        outcome = inject(fault, Path(), int(dice.integers(2**31)), lead_s)
        complaint = verdict(fault, outcome)
        if complaint is not None:
            broken.append(complaint)
        driven_s += lead_s + 7.0
        drives += 1
        if drives % 50 == 0:
            rows.append((driven_s / HOUR_S, resident_kb(), open_files()))
            click.echo(f"{rows[-1][0]:6.1f} h {rows[-1][1] / 1024:8.1f} MB {rows[-1][2]:4} files")
    settled = rows[len(rows) // 5 :]
    growth_kb, files = settled[-1][1] - settled[0][1], settled[-1][2] - settled[0][2]
    took_s = time.monotonic() - began_s
    click.echo("\n".join(broken))
    click.echo(
        f"{drives} drives with a fault each, {hours:g} hours in {took_s:.0f} s: "
        f"{len(broken)} promises broken; after the first fifth memory grew by {growth_kb} KB, "
        f"open files by {files}"
    )
    sys.exit(bool(broken) or growth_kb > 5_000 or files > 0)


if __name__ == "__main__":
    soak()
