"""The monitor's word counts while the pilot steers ahead, and only then."""

import numpy as np
import pytest

from car.command import STOP, Command
from car.config import CameraConfig, CarConfig, HumanConfig
from car.driver import Driver
from car.frame import Frame
from car.frame_check import FrameCheck
from car.human import Wish
from car.limits import CommandLimits
from car.modes import Event, Mode
from car.monitor import Judgement
from car.pilots.pilot import Decision

CONFIG = CarConfig(camera=CameraConfig(width_px=32, height_px=32), human=HumanConfig(expiry_s=0.25))


class Doubter:
    """A monitor that says what the test tells it to."""

    def __init__(self) -> None:
        self.says = Judgement()

    def judge(self, decision: Decision, captured_s: float) -> Judgement:
        return self.says


class Ride:
    """A human, a pilot that wants 0.4 of throttle, and a monitor, in one driver."""

    def __init__(self) -> None:
        self.monitor = Doubter()
        self._said = Wish(STOP, 0.0)
        eyes, limits = FrameCheck(CONFIG.camera), CommandLimits(CONFIG.limits)
        self.driver = Driver(self, self, eyes, limits, CONFIG.human, monitor=self.monitor)
        self._number = 0

    def wish(self, now_s: float) -> Wish:
        return self._said

    def decide(self, frame: Frame) -> Decision:
        return Decision(Command(0.2, 0.4))

    def tick(self, *events: Event, throttle: float = 0.0) -> Command:
        self._number += 1
        now_s = 0.1 * self._number
        self._said = Wish(Command(0.0, throttle), now_s, events)
        image = np.random.default_rng(self._number).integers(0, 256, (32, 32, 3), np.uint8)
        return self.driver.decide(Frame(image, now_s, self._number), now_s)[2]

    def begin(self, choice: Event) -> None:
        self.tick(choice)
        for _ in range(5):
            self.tick(throttle=0.4)


@pytest.mark.parametrize("choice", [Event.CHOOSE_PILOT, Event.CHOOSE_ASSISTED])
def test_doubt_takes_throttle_back_and_leaves_the_steering(choice: Event) -> None:
    ride = Ride()
    ride.begin(choice)
    ride.monitor.says = Judgement(factor=0.5)
    assert ride.tick(throttle=0.4) == Command(0.2, pytest.approx(0.2))


@pytest.mark.parametrize("choice", [Event.CHOOSE_PILOT, Event.CHOOSE_ASSISTED])
def test_a_stop_is_in_words_and_holds_until_someone_chooses_again(choice: Event) -> None:
    ride = Ride()
    ride.begin(choice)
    ride.monitor.says = Judgement(stop="no road ahead")
    assert ride.tick(throttle=0.4).throttle == 0.0
    assert ride.driver.state.mode is Mode.STOPPED
    assert ride.driver.why_stopped == "no road ahead"
    ride.monitor.says = Judgement()
    assert ride.tick(throttle=0.4).throttle == 0.0
    ride.tick(choice)
    assert ride.driver.state.mode is not Mode.STOPPED


def test_whoever_chooses_a_pilot_that_is_in_doubt_is_told_so_at_once() -> None:
    ride = Ride()
    ride.monitor.says = Judgement(stop="no road ahead")
    assert ride.tick(Event.CHOOSE_PILOT) == STOP
    assert ride.driver.why_stopped == "no road ahead"


def test_a_human_drives_where_no_pilot_would() -> None:
    ride = Ride()
    ride.begin(Event.CHOOSE_HUMAN)
    ride.monitor.says = Judgement(factor=0.1, stop="no road ahead")
    assert ride.tick(throttle=0.4).throttle == pytest.approx(0.4)
    assert ride.driver.state.mode is Mode.HUMAN


@pytest.mark.parametrize("throttle", [0.0, -0.3])
def test_a_human_who_waits_or_backs_out_is_not_stopped(throttle: float) -> None:
    ride = Ride()
    ride.tick(Event.CHOOSE_ASSISTED)
    ride.monitor.says = Judgement(factor=0.1, stop="no road ahead")
    for _ in range(3):
        assert ride.tick(throttle=throttle).throttle == pytest.approx(throttle)
    assert ride.driver.state.mode is Mode.ASSISTED
