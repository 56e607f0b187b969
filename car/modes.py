"""Who drives: a pure state machine, in which everything doubtful means stopped."""

from enum import Enum
from typing import NamedTuple

from car.command import STOP, Command

AT_REST = 0.02
"""Throttle that counts as let go."""


class Mode(Enum):
    """Who has the wheel and who has the throttle."""

    STOPPED = "stopped"
    HUMAN = "human"
    ASSISTED = "assisted"
    """The human has the throttle, the pilot steers."""
    PILOT = "pilot"


class Event(Enum):
    """What can happen to a mode."""

    CHOOSE_HUMAN = "choose human"
    CHOOSE_ASSISTED = "choose assisted"
    CHOOSE_PILOT = "choose pilot"
    STOP = "stop"
    EMERGENCY = "emergency"
    REARM = "rearm"
    SILENCE = "silence"
    """Nothing was heard from the human for longer than their commands count: nobody is there who
    could stop the car, whoever drives it."""
    FAULT = "fault"
    """A part failed, or lied."""


class ModeState(NamedTuple):
    """The mode, and whether an emergency stop holds it there until someone re-arms."""

    mode: Mode = Mode.STOPPED
    latched: bool = False


_CHOICES = {
    Event.CHOOSE_HUMAN: Mode.HUMAN,
    Event.CHOOSE_ASSISTED: Mode.ASSISTED,
    Event.CHOOSE_PILOT: Mode.PILOT,
}
_STOPPED, _LATCHED = ModeState(), ModeState(Mode.STOPPED, latched=True)


def next_state(state: ModeState, event: Event, throttle: float) -> ModeState:
    """What a mode becomes when something happens.

    Args:
        state: now.
        event: what happens; anything that is not an `Event` means stopped.
        throttle: the human's, in [-1, +1]; re-arming and taking over need it let go.
    """
    if event is Event.EMERGENCY or state.latched not in (True, False):
        return _LATCHED
    let_go = abs(throttle) <= AT_REST
    if state.latched:
        return _STOPPED if event is Event.REARM and let_go else _LATCHED
    if event is Event.REARM:
        return state
    if event in _CHOICES:
        needs_rest = state.mode is Mode.STOPPED
        return ModeState(_CHOICES[event]) if let_go or not needs_rest else state
    return _STOPPED


def commanded(mode: Mode, human: Command, pilot: Command | None) -> Command:
    """Blend what the human and the pilot wish into one command; without a pilot there is none."""
    if mode is Mode.HUMAN:
        return human
    if mode is Mode.ASSISTED and pilot is not None:
        return Command(pilot.steering, human.throttle)
    if mode is Mode.PILOT and pilot is not None:
        return pilot
    return STOP
