"""Notes in the recording what happens during a drive: modes, faults, emergencies, interventions."""

from collections.abc import Callable

from car.driver import WHY, Driver
from car.loop import Tick
from car.modes import Event as ModeEvent
from car.modes import Mode, ModeState
from car.recorder import DriveRecorder
from tubs.event import EMERGENCY, FAULT, INTERVENTION, MODE, Event

BY_CHOICE = (WHY[ModeEvent.STOP], WHY[ModeEvent.REARM])
"""Stops that are neither faults nor emergencies."""
TAKEN_FROM = {
    Mode.PILOT: (Mode.HUMAN, Mode.ASSISTED),
    Mode.ASSISTED: (Mode.HUMAN,),
}
"""Changes by which a human takes over what the pilot did."""


def nobody() -> str:
    """Nobody is known who chose."""
    return ""


class DriveEvents:
    """Watches the ticks of a drive and notes what changes; it never waits and never raises.

    Args:
        driver: knows the mode, and why the car stopped.
        recorder: takes the events.
        who: names who has the wheel; empty when nobody does.
    """

    def __init__(
        self, driver: Driver, recorder: DriveRecorder, who: Callable[[], str] = nobody
    ) -> None:
        self._driver, self._recorder, self._who = driver, recorder, who
        self._state = ModeState()

    def watch(self, tick: Tick) -> None:
        """Take a tick."""
        was, self._state = self._state, self._driver.state
        if self._state != was:
            self._note_change(was, self._state, tick.frame.captured_s)

    def fail(self, why: str, at_s: float) -> None:
        """Note what ended the drive."""
        self._note(at_s, FAULT, why)

    def _note_change(self, was: ModeState, now: ModeState, at_s: float) -> None:
        why = self._driver.why_stopped
        if now.mode is not was.mode:
            reason = why if now.mode is Mode.STOPPED else self._choice()
            self._note(at_s, MODE, f"{was.mode.value} to {now.mode.value}: {reason}")
        if now.mode in TAKEN_FROM.get(was.mode, ()):
            taken = "steering and throttle" if now.mode is Mode.HUMAN else "the throttle"
            self._note(at_s, INTERVENTION, f"a human took over {taken}")
        if now.latched and not was.latched:
            self._note(at_s, EMERGENCY, why)
        elif was.latched and not now.latched:
            self._note(at_s, MODE, f"emergency stop ended: {why}")
        elif now.mode is Mode.STOPPED and why not in BY_CHOICE:
            self._note(at_s, FAULT, why)

    def _choice(self) -> str:
        who = self._who()
        return f"chosen at the {who}" if who else "chosen"

    def _note(self, at_s: float, kind: str, text: str) -> None:
        self._recorder.note(Event(at_s, kind, text))
