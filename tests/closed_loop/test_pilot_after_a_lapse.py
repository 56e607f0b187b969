"""A loop that stood still: the pilot does not drive on, whatever it wants first."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import numpy as np

from car.assembly import guard_settings
from car.command import STOP, Command
from car.config import CarConfig
from car.driver import driver_of
from car.frame import Frame
from car.guard.client import GuardProcess
from car.human import Starter
from car.loop import Tick, drive
from car.modes import Event, Mode
from car.pilots.pilot import Decision
from car.recorder import NoRecorder
from car.simulation.i2c import open_chip
from car.timing import Timing

LAPSE_AT = 10
FRAMES = 25


class StallingCamera:
    """Frames of noise, 50 a second; one comes after the guard's deadline has passed."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        pass

    def __iter__(self) -> Iterator[Frame]:
        dice = np.random.default_rng(1)
        for number in range(FRAMES):
            time.sleep(0.4 if number == LAPSE_AT else 0.02)
            image = dice.integers(0, 256, (120, 160, 3), np.uint8)
            yield Frame(image, time.monotonic(), number)


class CarefulPilot:
    """Wants no throttle at the first sight of something new."""

    def decide(self, frame: Frame) -> Decision:
        return Decision(STOP if frame.number == LAPSE_AT else Command(0.0, 0.3))


def test_a_pilot_that_wants_no_throttle_at_first_does_not_drive_on_by_itself(
    tmp_path: Path,
) -> None:
    config, chip = CarConfig(), open_chip(tmp_path / "chip")
    driver = driver_of(config, Starter(Event.CHOOSE_PILOT), CarefulPilot())
    seen: list[tuple[Mode, float | None]] = []

    def watch(tick: Tick) -> None:
        seen.append((driver.state.mode, chip.pulse_us(config.throttle.channel)))

    guard = GuardProcess(guard_settings(config, f"simulated:{tmp_path}/chip"))
    drive(StallingCamera(), driver, guard, NoRecorder(), time.monotonic, Timing(0.02), watch)
    assert seen[LAPSE_AT - 1][0] is Mode.PILOT
    assert seen[LAPSE_AT - 1][1] != chip.pulse_us(config.throttle.channel)
    assert {mode for mode, _ in seen[LAPSE_AT:]} == {Mode.STOPPED}
    assert len({pulse for _, pulse in seen[LAPSE_AT:]}) == 1
    assert driver.why_stopped == "the guard withheld throttle"
