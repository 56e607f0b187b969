"""The mode machine over all states and events."""

import itertools
from typing import Any

import pytest

from car.command import STOP, Command
from car.modes import AT_REST, Event, Mode, ModeState, commanded, next_state

STATES = [ModeState(mode, False) for mode in Mode] + [ModeState(Mode.STOPPED, True)]
CHOICES = [Event.CHOOSE_HUMAN, Event.CHOOSE_ASSISTED, Event.CHOOSE_PILOT]
EVERYTHING = list(itertools.product(STATES, Event, [0.0, 0.5, -0.5]))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("throttle", [0.0, 1.0])
def test_an_emergency_stops_and_latches_from_everywhere(state: ModeState, throttle: float) -> None:
    assert next_state(state, Event.EMERGENCY, throttle) == ModeState(Mode.STOPPED, True)


@pytest.mark.parametrize(("state", "event", "throttle"), EVERYTHING)
def test_only_a_choice_ever_sets_a_car_in_motion(
    state: ModeState, event: Event, throttle: float
) -> None:
    after = next_state(state, event, throttle)
    if after.mode is not Mode.STOPPED and after.mode is not state.mode:
        assert event in CHOICES


@pytest.mark.parametrize(("state", "event", "throttle"), EVERYTHING)
def test_a_latched_stop_is_left_only_by_rearming_at_rest(
    state: ModeState, event: Event, throttle: float
) -> None:
    if state.latched and not next_state(state, event, throttle).latched:
        assert event is Event.REARM
        assert throttle == 0.0


@pytest.mark.parametrize("throttle", [0.0, AT_REST, -AT_REST])
def test_rearming_at_rest_leaves_a_latched_stop(throttle: float) -> None:
    assert next_state(ModeState(Mode.STOPPED, True), Event.REARM, throttle) == ModeState()


@pytest.mark.parametrize("latched", [None, "yes", 7])
@pytest.mark.parametrize("event", Event)
def test_a_latch_that_is_neither_on_nor_off_is_on(latched: object, event: Event) -> None:
    odd = ModeState(Mode.PILOT, latched)  # type: ignore[arg-type]
    assert next_state(odd, event, 0.0) == ModeState(Mode.STOPPED, True)


@pytest.mark.parametrize(("state", "event", "throttle"), EVERYTHING)
def test_a_latched_car_is_always_stopped(state: ModeState, event: Event, throttle: float) -> None:
    after = next_state(state, event, throttle)
    assert not after.latched or after.mode is Mode.STOPPED


@pytest.mark.parametrize("choice", CHOICES)
def test_a_stopped_car_starts_only_with_the_throttle_let_go(choice: Event) -> None:
    for throttle in (0.5, AT_REST + 1e-9, -AT_REST - 1e-9):
        assert next_state(ModeState(), choice, throttle) == ModeState()
    for throttle in (0.0, AT_REST, -AT_REST):
        assert next_state(ModeState(), choice, throttle).mode is not Mode.STOPPED


def test_each_choice_gives_its_mode() -> None:
    modes = [Mode.HUMAN, Mode.ASSISTED, Mode.PILOT]
    assert [next_state(ModeState(), choice, 0.0).mode for choice in CHOICES] == modes


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("mode", [Mode.HUMAN, Mode.ASSISTED, Mode.PILOT])
def test_a_moving_car_can_be_taken_over_at_once(choice: Event, mode: Mode) -> None:
    assert next_state(ModeState(mode), choice, 0.7).mode is not Mode.STOPPED


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("event", [Event.STOP, Event.SILENCE, Event.FAULT])
@pytest.mark.parametrize("throttle", [0.0, 0.5, -0.5])
def test_stop_silence_and_faults_stop_from_everywhere(
    state: ModeState, event: Event, throttle: float
) -> None:
    assert next_state(state, event, throttle) == ModeState(Mode.STOPPED, state.latched)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("nonsense", [None, "go", 7, "choose pilot"])
def test_an_unknown_event_means_stopped(state: ModeState, nonsense: object) -> None:
    assert next_state(state, nonsense, 0.0).mode is Mode.STOPPED  # type: ignore[arg-type]


class Flatterer:
    """Something that says of itself that it is whatever one asks for."""

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return True


def test_what_only_says_that_it_is_an_event_or_a_mode_means_stopped() -> None:
    anything: Any = Flatterer()
    assert next_state(ModeState(), anything, 0.0) == ModeState()
    assert next_state(ModeState(Mode.PILOT), anything, 0.0) == ModeState()
    assert next_state(ModeState(Mode.STOPPED, True), anything, 0.0).latched
    assert commanded(anything, Command(1, 1), Command(1, 1)) == STOP


@pytest.mark.parametrize("nonsense", [None, "pilot", 3])
def test_an_unknown_mode_means_stopped(nonsense: object) -> None:
    assert commanded(nonsense, Command(1, 1), Command(1, 1)) == STOP  # type: ignore[arg-type]
    assert next_state(ModeState(nonsense), Event.STOP, 0.0) == ModeState()  # type: ignore[arg-type]


def test_each_mode_takes_steering_and_throttle_from_the_right_hand() -> None:
    human, pilot = Command(-0.5, 0.2), Command(0.7, 0.4)
    assert commanded(Mode.STOPPED, human, pilot) == STOP
    assert commanded(Mode.HUMAN, human, pilot) == human
    assert commanded(Mode.ASSISTED, human, pilot) == Command(0.7, 0.2)
    assert commanded(Mode.PILOT, human, pilot) == pilot


@pytest.mark.parametrize("mode", [Mode.ASSISTED, Mode.PILOT])
def test_without_a_pilot_its_modes_stand_still(mode: Mode) -> None:
    assert commanded(mode, Command(0.1, 0.9), None) == STOP
