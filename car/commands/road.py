"""Drives a real car: whoever holds the controls chooses who drives, and sees why it stopped."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import click
import msgspec

from car.assembly import RoadCar, on_the_road
from car.card_space import CardSpace, bytes_per_s
from car.config import CarConfig
from car.drive_events import DriveEvents
from car.driver import Driver, driver_of
from car.errors import DriveEndedError
from car.hazards import RecordingEnded, any_of, low_supply
from car.human import Status
from car.humans.terminal import KEYS
from car.loop import Tick, drive
from car.modes import Mode
from car.notify import Notifier
from car.pilots.choice import open_pilot
from car.real_time import run_first
from car.recorder import DriveRecorder, NoRecorder, Recorder
from car.timing import Timing
from car.while_driving import WhileDriving
from tubs.about import TubAbout
from tubs.disk import LocalDisk
from tubs.errors import EverlapError
from tubs.figures import write_figures
from tubs.writer import TubWriter

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
LOOP_PRIORITY = 30
"""Below the guard's."""


class Ending:
    """Whether a signal came that ends the drive.

    The signal's handler raises at once; but where that happens inside of a library that catches
    everything (the logging module does), only this is left of it.
    """

    def __init__(self) -> None:
        self._signal = ""

    def begin(self, number: int, frame: FrameType | None) -> None:
        """Take a signal; those that follow are ignored.

        Raises:
            DriveEndedError: always.
        """
        for each in ENDING_SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        self._signal = signal.Signals(number).name
        self.check()

    def check(self) -> None:
        """See whether one came; to be asked at every tick.

        Raises:
            DriveEndedError: one did.
        """
        if self._signal:
            raise DriveEndedError(f"ended by {self._signal}")


class Dashboard:
    """Tells everybody how the drive is going, at every tick: people, service manager, terminal."""

    def __init__(
        self,
        car: RoadCar,
        driver: Driver,
        recorder: DriveRecorder,
        notifier: Notifier,
        ending: Ending,
    ) -> None:
        self._car, self._driver, self._notifier = car, driver, notifier
        self._recorder, self._ending = recorder, ending
        self._shown = self._warned = ""

    def watch(self, tick: Tick) -> None:
        """Take a tick.

        Raises:
            DriveEndedError: the human at the terminal wants to quit, or a signal came.
        """
        self._ending.check()
        state = self._driver.state
        stopped = state.mode is Mode.STOPPED
        reason = self._driver.why_stopped if stopped else ""
        warning = self._recorder.warning or ""
        status = Status(state.mode.value, state.latched, reason, *tick.sent, warning=warning)
        self._car.people.human.tell(status)
        words = f"{state.mode.value}: {reason}" if stopped else state.mode.value
        if state.latched:
            words += " (re-arm first)"
        if not self._shown:
            self._begin(words)
        self._notifier.alive(words)
        if words != self._shown:
            self._shown = words
            click.echo(words)
        if warning != self._warned:
            self._warned = warning
            click.echo(f"recording: {warning or 'all is well again'}")
        if self._car.people.ended:
            raise DriveEndedError("ended by the human at the terminal")

    def _begin(self, words: str) -> None:
        """The first frame has gone through everything: the car is ready."""
        self._notifier.ready(words)
        click.echo("ready: the car stands still until somebody chooses a mode")
        if self._car.people.terminal is not None:
            click.echo(f"keys here: {KEYS}")


def drive_on_the_road(
    config: CarConfig, pilot: str | None, record: Path | None, json_path: Path | None
) -> None:
    """Drive until somebody ends it; print where the time went.

    Args:
        config: the car's settings.
        pilot: name of the one that drives where it is chosen; None when only humans drive.
        record: folder of the tub.
        json_path: where to write the figures.

    Raises:
        EverlapError: a part failed; the throttle is at neutral by then.
    """
    opened = open_pilot(pilot, config) if pilot is not None else None
    timing = Timing(1.0 / config.camera.frames_per_s)
    notifier = Notifier(os.environ)
    with ExitStack() as stack, signals_end_the_drive() as ending:
        stack.callback(notifier.stopping)
        recorder = stack.enter_context(_recording(_recorder(record, config)))
        car = stack.enter_context(on_the_road(config))
        hazard = any_of(low_supply(car.power), RecordingEnded(recorder))
        driver = driver_of(config, car.people.human, opened, hazard)
        board = Dashboard(car, driver, recorder, notifier, ending)
        events = DriveEvents(driver, recorder, lambda: car.people.human.driver)

        def watch(tick: Tick) -> None:
            events.watch(tick)
            board.watch(tick)

        run_first(LOOP_PRIORITY)
        try:
            drive(car.camera, driver, car.actuators, recorder, time.monotonic, timing, watch)
        except DriveEndedError as over:
            click.echo(str(over))
        except EverlapError as error:
            events.fail(str(error), time.monotonic())
            raise
        finally:
            if timing.ticks:
                click.echo(timing.table())
    write_figures(json_path, _figures(timing, recorder))


@contextmanager
def signals_end_the_drive() -> Iterator[Ending]:
    """Turn SIGTERM, SIGHUP and SIGQUIT into the end of the drive, in good order.

    Raises:
        DriveEndedError: one came.
    """
    ending = Ending()
    before = {number: signal.signal(number, ending.begin) for number in ENDING_SIGNALS}
    try:
        yield ending
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _recorder(folder: Path | None, config: CarConfig) -> DriveRecorder:
    if folder is None:
        return NoRecorder()
    about = TubAbout(
        config=msgspec.to_builtins(config), lens=msgspec.to_builtins(config.camera.lens)
    )
    camera = config.camera
    growth = bytes_per_s(camera.width_px, camera.height_px, camera.frames_per_s)
    space = CardSpace(LocalDisk(), folder, growth)
    return Recorder(TubWriter(folder, about), space=space, keep=WhileDriving())


@contextmanager
def _recording(recorder: DriveRecorder) -> Iterator[DriveRecorder]:
    """Record, and say what became of it once all of it is written."""
    with ExitStack() as stack:
        stack.enter_context(recorder)
        try:
            yield recorder
        finally:
            stack.close()
            if words := recorder.last_words():
                click.echo(words)


def _figures(timing: Timing, recorder: DriveRecorder) -> dict[str, Any]:
    summary = timing.summary()
    return {
        "ticks": timing.ticks,
        "late_ticks": timing.late_ticks,
        "tick_ms": summary.get("tick", {}),
        "ms": summary,
        "recorded": recorder.recorded,
        "not_recorded": recorder.dropped,
    }
