"""What the driver makes of the human's word, frame by frame, and what it says of a stop."""

import logging

import numpy as np
import pytest

from car.command import STOP, Command
from car.config import CameraConfig, CarConfig, HumanConfig
from car.driver import Driver, driver_of
from car.frame import Frame
from car.human import Wish
from car.modes import Event, Mode

CONFIG = CarConfig(camera=CameraConfig(width_px=32, height_px=32), human=HumanConfig(expiry_s=0.25))
GO = Command(0.0, 0.01)


class Seat:
    """A human who says what the test puts in their mouth, and a driver who hears it."""

    def __init__(self) -> None:
        self.said = Wish(STOP, 0.0, ())
        self.driver: Driver = driver_of(CONFIG, self, None)
        self._number = 0

    def wish(self, now_s: float) -> Wish:
        return self.said

    def hear(self, *events: Event, ago_s: float = 0.0, command: Command = STOP) -> Mode:
        """A frame at which these events, so old, are heard; gives the mode after it."""
        self._number += 1
        now_s = 0.25 * self._number
        self.said = Wish(command, now_s - ago_s, events)
        image = np.random.default_rng(self._number).integers(0, 256, (32, 32, 3), np.uint8)
        self.driver.decide(Frame(image, now_s, self._number), now_s)
        return self.driver.state.mode


@pytest.fixture
def seat() -> Seat:
    return Seat()


@pytest.mark.parametrize("ago_s", [0.0, 0.1, 0.25])
def test_a_word_counts_until_it_expires(seat: Seat, ago_s: float) -> None:
    assert seat.hear(Event.CHOOSE_HUMAN, ago_s=ago_s) is Mode.HUMAN
    assert seat.hear(ago_s=ago_s, command=GO) is Mode.HUMAN


@pytest.mark.parametrize("ago_s", [0.26, 1e9, -0.001, -0.5, float("nan")])
def test_a_word_expired_or_from_the_future_is_silence(seat: Seat, ago_s: float) -> None:
    assert seat.hear(Event.CHOOSE_HUMAN, ago_s=ago_s) is Mode.STOPPED
    seat.hear(Event.CHOOSE_HUMAN)
    assert seat.hear(ago_s=ago_s) is Mode.STOPPED
    assert seat.driver.why_stopped == "nothing was heard from the human"


def test_an_emergency_is_heard_however_old_it_is(seat: Seat) -> None:
    seat.hear(Event.EMERGENCY, Event.CHOOSE_HUMAN, ago_s=9.0)
    assert seat.driver.state.latched
    assert seat.driver.why_stopped == "emergency stop"


def test_the_first_reason_to_stop_is_the_one_that_is_told(
    seat: Seat, caplog: pytest.LogCaptureFixture
) -> None:
    seat.hear(ago_s=9.0)
    seat.hear(Event.STOP)
    assert seat.driver.why_stopped == "nobody has chosen a mode yet"
    assert seat.hear(Event.CHOOSE_HUMAN) is Mode.HUMAN
    assert seat.driver.why_stopped == "nobody has chosen a mode yet"
    assert not caplog.records
    seat.driver.fault("the chip restarted")
    assert seat.driver.why_stopped == "the chip restarted"
    seat.hear(Event.STOP)
    seat.hear(ago_s=9.0)
    assert seat.driver.why_stopped == "the chip restarted"
    stopped = ("car.driver", logging.WARNING, "stopped: the chip restarted")
    assert caplog.record_tuples == [stopped]
    seat.hear(Event.CHOOSE_HUMAN)
    seat.hear(Event.STOP)
    assert seat.driver.why_stopped == "the human stopped it"


def test_an_emergency_after_another_stop_is_a_reason_of_its_own(seat: Seat) -> None:
    seat.hear(Event.CHOOSE_HUMAN)
    seat.hear(Event.STOP)
    seat.hear(Event.EMERGENCY)
    assert (seat.driver.state.latched, seat.driver.why_stopped) == (True, "emergency stop")
    seat.hear(Event.REARM)
    assert not seat.driver.state.latched


@pytest.mark.parametrize("choice", [Event.CHOOSE_PILOT, Event.CHOOSE_ASSISTED])
def test_a_pilot_that_is_not_there_cannot_be_chosen(seat: Seat, choice: Event) -> None:
    assert seat.hear(choice) is Mode.STOPPED
    assert "there is no pilot to choose" in seat.driver.why_stopped
    assert seat.hear(Event.CHOOSE_HUMAN) is Mode.HUMAN
    assert seat.hear(choice, command=GO) is Mode.STOPPED
    assert "there is no pilot to choose" in seat.driver.why_stopped
    seat.hear(Event.EMERGENCY)
    assert seat.hear(choice) is Mode.STOPPED
    assert seat.driver.why_stopped == "emergency stop"


def test_a_choice_that_is_refused_says_what_to_do_first(seat: Seat) -> None:
    seat.hear(Event.CHOOSE_HUMAN, command=Command(0.0, 0.5))
    assert seat.driver.why_stopped == "let go of the throttle, then choose"
    seat.hear(Event.EMERGENCY)
    seat.hear(Event.CHOOSE_HUMAN)
    assert seat.driver.why_stopped == "the emergency stop holds: re-arm first"
    seat.hear(Event.REARM)
    assert seat.driver.why_stopped == "re-armed; choose a mode"
    assert seat.hear(Event.CHOOSE_HUMAN) is Mode.HUMAN


def test_a_pilot_that_is_refused_while_latched_leaves_the_emergency_in_words(seat: Seat) -> None:
    seat.hear(Event.EMERGENCY)
    seat.hear(Event.CHOOSE_HUMAN)
    assert seat.driver.state.latched
    assert "re-arm" in seat.driver.why_stopped
