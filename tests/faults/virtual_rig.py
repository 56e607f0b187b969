"""Loop, driver, guard and chip in virtual time, with parts that can be told to fail."""

import math
from collections import deque
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

import numpy as np

from car.assembly import guard_settings
from car.command import STOP, Command
from car.config import CameraConfig, CarConfig
from car.driver import driver_of
from car.drivers.pca9685 import ChipDriver
from car.frame import Frame, Image
from car.guard.guard import Guard
from car.hazards import low_supply
from car.human import Human, Wish
from car.loop import Tick, drive
from car.modes import Event, Mode
from car.pilots.pilot import Decision
from car.power import PowerWatch
from car.recorder import NoRecorder
from car.simulation.hardware import SimulatedClock
from car.simulation.i2c import SimulatedI2c
from car.simulation.pca9685 import SimulatedPca9685, powered_on
from car.timing import Timing
from tests.faults.catalogue import Outcome, is_moving, outcome_of
from tubs.errors import EverlapError

CONFIG = CarConfig(camera=CameraConfig(width_px=32, height_px=32))
PERIOD_S = 1 / CONFIG.camera.frames_per_s
STEP_S = 0.002
AGE_S = 0.03
"""Of a frame when the loop gets it."""
EARLIEST_S, LATEST_S = 0.6, 1.6
"""When a fault may strike."""
AFTERWARDS_S = 6.0
"""How long the car is watched after the fault."""
LONGEST_TRACE = 60_000
"""Steps that are kept: a part that hangs for 30 s, twice, and all that is watched beside that."""


class RiggedCamera:
    """Pictures of noise at a steady rate; `alter` may change each, lose it, or take its time."""

    def __init__(self, rig: "Rig") -> None:
        self._rig = rig
        self.images: list[Image] = [
            rig.dice.integers(0, 256, (32, 32, 3), np.uint8) for _ in range(40)
        ]
        self.alter: Callable[[Frame], Frame | None] = lambda frame: frame
        self.period_s = PERIOD_S
        self.has_ended = False
        self.wait: Callable[[], None] = lambda: rig.pass_time(self.period_s)

    def __enter__(self) -> "RiggedCamera":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        pass

    def __iter__(self) -> Iterator[Frame]:
        number = 0
        while self._rig.clock() < self._rig.end_s and not self.has_ended:
            self.wait()
            frame = Frame(self.images[number % 40], self._rig.clock() - AGE_S, number)
            number += 1
            altered = self.alter(frame)
            if altered is not None:
                yield altered


class RiggedPilot:
    """Wants the same all the time, unless it is told otherwise."""

    def __init__(self) -> None:
        self.act: Callable[[], Command] = lambda: Command(0.2, 0.4)
        self.class_map: Image | None = None
        self.steering_std = math.nan
        self.stop: str | None = None

    def decide(self, frame: Frame) -> Decision:
        return Decision(self.act(), self.steering_std, self.class_map, self.stop)


class RiggedHuman:
    """Chooses the pilot once, and is there all the time, unless it is told otherwise."""

    def __init__(self) -> None:
        self._events: tuple[Event, ...] = (Event.CHOOSE_PILOT,)
        self.act: Callable[[float], Wish] = lambda now_s: Wish(STOP, now_s)

    def wish(self, now_s: float) -> Wish:
        events, self._events = self._events, ()
        return Wish(STOP, now_s, events) if events else self.act(now_s)


class Rig:
    """A car that drives straight on until something is done to it.

    Attributes:
        dice: decides when the fault strikes, and what is random about it.
        hands: the human at the controls, unless `human` is somebody else.
        pad: a gamepad, where the fault needs one.
        supply_bits: what the firmware says of the supply.
        config: of the driver.
    """

    def __init__(self, seed: int, step_s: float = STEP_S) -> None:
        self.dice = np.random.default_rng(seed)
        self._step_s = step_s
        self.clock = SimulatedClock()
        self.chip = SimulatedPca9685(powered_on())
        self.bus = SimulatedI2c([self.chip])
        settings = guard_settings(CONFIG, "simulated:memory")
        wheels = ChipDriver(self.bus, settings, self.clock)
        self.guard = Guard(wheels, settings.deadline_s, self.clock)
        self.camera, self.pilot = RiggedCamera(self), RiggedPilot()
        self.hands = RiggedHuman()
        self.human: Human = self.hands
        self.pad: Any = None
        self.supply_bits = 0
        self.power = PowerWatch(lambda: self.supply_bits)
        self._power_looked_s = 0.0
        self.config = CONFIG
        self.end_s = float("inf")
        self.ticks: list[Tick] = []
        self._due: list[tuple[float, Callable[[], None]]] = []
        self._trace: deque[tuple[float, float | None]] = deque(maxlen=LONGEST_TRACE)

    def at(self, time_s: float, act: Callable[[], None]) -> None:
        """Have something happen at a time."""
        self._due.append((time_s, act))

    def later(self, delay_s: float, act: Callable[[], None]) -> None:
        """Have something happen after a while."""
        self.at(self.clock() + delay_s, act)

    def pass_time(self, duration_s: float) -> None:
        """Let time pass in small steps, as it does for a guard that is a process of its own."""
        end_s = self.clock() + duration_s
        while self.clock() < end_s - 1e-9:
            self.clock.advance_to(min(end_s, self.clock() + self._step_s))
            self.guard.check()
            self._look_at_the_supply()
            self._happen()

    def pass_time_without_check(self, duration_s: float) -> None:
        """Let time pass while the guard is busy."""
        self.clock.advance_to(self.clock() + duration_s)
        self._happen()

    def _happen(self) -> None:
        """Do what is due, and note what the throttle's pulse is now."""
        due = [act for time_s, act in self._due if time_s <= self.clock()]
        self._due = [(time_s, act) for time_s, act in self._due if time_s > self.clock()]
        for act in due:
            act()
        self._trace.append((self.clock(), self.chip.pulse_us(CONFIG.throttle.channel)))

    def _look_at_the_supply(self) -> None:
        if self.clock() - self._power_looked_s >= 1.0:
            self._power_looked_s = self.clock()
            self.power.look()

    def forget(self) -> None:
        """Keep nothing of what the throttle did until now."""
        self._trace.clear()

    def run(self, inject: Callable[["Rig"], None], lead_s: float = 0.0) -> Outcome:
        """Drive, let the fault strike at a random moment, and watch what the throttle does.

        Args:
            inject: does the thing.
            lead_s: how long to drive before, at least.
        """
        fault_s = lead_s + float(self.dice.uniform(EARLIEST_S, LATEST_S))
        self.at(fault_s, lambda: inject(self))
        self.end_s = fault_s + AFTERWARDS_S
        told = self._drive()
        while self.clock() < self.end_s:
            self.pass_time(STEP_S)
        return self._outcome(fault_s, told)

    def _drive(self) -> str:
        driver = driver_of(self.config, self.human, self.pilot, low_supply(self.power))
        timing, recorder = Timing(PERIOD_S), NoRecorder()
        try:
            drive(self.camera, driver, self.guard, recorder, self.clock, timing, self.ticks.append)
        except (EverlapError, RuntimeError, MemoryError) as error:
            return str(error) or type(error).__name__
        return driver.why_stopped if driver.state.mode is Mode.STOPPED else ""

    def _outcome(self, fault_s: float, told: str) -> Outcome:
        before = [pulse for time_s, pulse in self._trace if fault_s - 0.2 < time_s < fault_s]
        assert all(map(is_moving, before)), "the car was not driving when the fault struck"
        after = [(time_s, pulse) for time_s, pulse in self._trace if time_s >= fault_s]
        return outcome_of(after, fault_s, told)
