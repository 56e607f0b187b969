"""A simulated car with the shipped pilot: the monitor lets it drive, and stops it when blinded."""

from collections.abc import Callable
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from car.config import CarConfig
from car.episode import Episode, drive_laps
from car.frame import Frame, Image
from car.human import Starter
from car.loop import Tick
from car.modes import Event, Mode
from car.pilots.network import NetworkPilot
from car.pilots.pilot import Decision
from car.pilots.shipped import SHIPPED_PILOT
from car.simulation.world import World, WorldSpec

CONFIG = CarConfig()
SECONDS, FROM_S = 8.0, 5.0
SPEC = WorldSpec("oval", surface="asphalt", seed=4, look=0.3)


class CoveredCamera:
    """Shows a pilot something else from some time on."""

    def __init__(self, cover: Callable[[Frame], Image]) -> None:
        self._pilot, self._cover = NetworkPilot(SHIPPED_PILOT, CONFIG.camera), cover

    def decide(self, frame: Frame) -> Decision:
        if frame.captured_s >= FROM_S:
            frame = replace(frame, image=self._cover(frame))
        return self._pilot.decide(frame)


def uncovered(frame: Frame) -> Image:
    return frame.image


def cloth(frame: Frame) -> Image:
    """Noise enough to pass the frame check."""
    dice = np.random.default_rng(frame.number)
    colour = np.array([120.0, 90.0, 140.0])
    return np.clip(dice.normal(colour, 6.0, frame.image.shape), 0, 255).astype(np.uint8)


def drive(action: str, cover: Callable[[Frame], Image]) -> list[Tick]:
    monitor = msgspec.structs.replace(CONFIG.monitor, action=action)
    config = msgspec.structs.replace(CONFIG, monitor=monitor)
    world = World(SPEC, config.camera)
    ticks: list[Tick] = []
    human = Starter(Event.CHOOSE_PILOT)
    episode = Episode(world, CoveredCamera(cover), human)
    drive_laps(episode, config, 99, ticks.append, SECONDS)
    return ticks


@pytest.fixture(scope="module")
def trusted() -> list[Tick]:
    return drive("off", uncovered)


@pytest.mark.parametrize("action", ["slow", "stop"])
def test_a_clear_road_is_driven_as_without_a_monitor(action: str, trusted: list[Tick]) -> None:
    watched = drive(action, uncovered)
    assert {tick.mode for tick in watched} == {Mode.PILOT}
    throttle, free = (sum(tick.sent.throttle for tick in each) for each in (watched, trusted))
    assert throttle > 0.99 * free


@pytest.mark.parametrize("action", ["slow", "stop"])
def test_a_cloth_over_the_camera_stops_the_car_and_it_stays_stopped(action: str) -> None:
    ticks = drive(action, cloth)
    stopped = [tick.mode is Mode.STOPPED for tick in ticks]
    first = stopped.index(True)
    after_s = ticks[first].frame.captured_s - FROM_S
    assert 0.0 < after_s < CONFIG.monitor.blind_after_s + 0.15
    assert all(stopped[first:])
    assert all(tick.sent.throttle == 0.0 for tick in ticks[first:])


def test_without_the_monitor_the_car_drives_on_under_the_cloth() -> None:
    assert drive("off", cloth)[-1].mode is Mode.PILOT
