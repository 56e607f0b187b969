"""Line follower and planner in the whole stack: they lap, and they stop when nothing leads on."""

import math
from collections.abc import Callable

import cv2
import msgspec
import numpy as np
import pytest

from car.assembly import in_virtual_time
from car.command import STOP
from car.config import CarConfig
from car.driver import driver_of
from car.episode import Episode, drive_laps
from car.frame import Frame, Image, RoadClass
from car.human import Starter
from car.loop import Tick, drive
from car.modes import Event, Mode
from car.pilots.line_follower import LineFollower
from car.pilots.line_picture import colour_at
from car.pilots.pilot import Decision, Pilot
from car.pilots.planner import Planner
from car.pilots.road_view import GroundGrid, RoadView
from car.pilots.settings import LineConfig
from car.recorder import NoRecorder
from car.simulation.world import World, WorldSpec
from car.timing import Timing

USUAL = CarConfig()


def make_world(track: str, surface: str, seed: int = 1, car: float = 0.0) -> World:
    return World(WorldSpec(track, surface, seed, look=0.1, car=car), USUAL.camera)


def line_of(world: World, side: str) -> CarConfig:
    """The settings of one who picked the line's colour in the first picture."""
    world.restart(index=0)
    image, class_map = world.look()
    edges = [stripe for stripe in world.scene.look.stripes if stripe.is_edge]
    away = edges[0].offset_m
    lines = np.argwhere(cv2.erode((class_map == RoadClass.LINE).astype("u1"), np.ones((3, 3))))
    view = RoadView(world.lens, 0.257, GroundGrid())
    place = view.pixels(np.array([1.0, away if side != "right" else -away]), 120, 160)
    row, column = min(lines.tolist(), key=lambda p: math.dist(p[::-1], place.tolist()))
    line = LineConfig(
        colour=colour_at(image, column, row),
        side=side,
        width_m=edges[0].width_m,
        distance_m=round(away, 2),
    )
    return msgspec.structs.replace(USUAL, line=line)


class Truth:
    """A network that sees everything right, as coarse as a real one, and drives nowhere."""

    def decide(self, frame: Frame) -> Decision:
        assert frame.class_map is not None
        return Decision(STOP, class_map=frame.class_map[2::4, 2::4])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("track", "surface", "side"),
    [
        ("oval", "tape-wood", "both"),
        ("oval", "two-lanes", "right"),
        ("random:3", "tape-concrete", "left"),
    ],
)
def test_the_line_follower_laps_on_the_road(track: str, surface: str, side: str) -> None:
    world = make_world(track, surface)
    config = line_of(world, side)
    result, _ = drive_laps(Episode(world, LineFollower(config)), config, 1)
    assert (result.laps_done, result.off_road_events, result.interventions) == (1, 0, 0)
    assert result.cross_track_rmse_m < 0.15


@pytest.mark.slow
@pytest.mark.parametrize(
    ("track", "surface", "car"),
    [("oval", "asphalt", 0.0), ("hairpins", "tape-tile", 1.0), ("random:3", "dirt", 1.0)],
)
def test_the_planner_laps_on_the_road(track: str, surface: str, car: float) -> None:
    world = make_world(track, surface, car=car)
    result, _ = drive_laps(Episode(world, Planner(Truth(), USUAL)), USUAL, 1)
    assert (result.laps_done, result.off_road_events, result.interventions) == (1, 0, 0)


class Covered:
    """Shows a pilot other pictures from a frame on."""

    def __init__(self, pilot: Pilot, first: int, cover: Callable[[Frame], Frame]) -> None:
        self._pilot, self._first, self._cover = pilot, first, cover

    def decide(self, frame: Frame) -> Decision:
        return self._pilot.decide(self._cover(frame) if frame.number >= self._first else frame)


def with_line_covered(frame: Frame) -> Frame:
    """A blanket over the road: all of the ground has its mean colour and some grain."""
    image: Image = frame.image.copy()
    ground = image[45:]
    grain = np.random.default_rng(frame.number).normal(0.0, 4.0, ground.shape)
    image[45:] = np.clip(ground.mean(axis=(0, 1)) + grain, 0, 255).astype(np.uint8)
    return Frame(image, frame.captured_s, frame.number)


def with_all_ground(frame: Frame) -> Frame:
    assert frame.class_map is not None
    return Frame(
        frame.image,
        frame.captured_s,
        frame.number,
        np.full_like(frame.class_map, RoadClass.GROUND),
    )


def stop_of(world: World, pilot: Pilot, config: CarConfig) -> tuple[list[Mode], list[float], str]:
    """Drive for 6 s; modes and throttles sent by frame, and why the car stands at the end."""
    modes: list[Mode] = []
    throttles: list[float] = []

    def watch(tick: Tick) -> None:
        modes.append(tick.mode)
        throttles.append(tick.sent.throttle)

    with in_virtual_time(world, config, lambda standing: standing.driven_s >= 6.0) as car:
        driver = driver_of(config, Starter(Event.CHOOSE_PILOT), pilot)
        drive(car.camera, driver, car.actuators, NoRecorder(), car.clock, Timing(0.05), watch)
    return modes, throttles, driver.why_stopped


def test_the_car_stops_when_the_line_is_covered_and_says_so() -> None:
    world = make_world("oval", "tape-wood")
    config = line_of(world, "both")
    pilot = Covered(LineFollower(config), 60, with_line_covered)
    modes, throttles, why = stop_of(world, pilot, config)
    assert modes[59] is Mode.PILOT
    assert throttles[59] > 0.2
    assert throttles[64] > 0.1, "a short gap is driven through"
    assert set(modes[60 + config.line.lost_after_frames :]) == {Mode.STOPPED}
    assert set(throttles[60 + config.line.lost_after_frames :]) == {0.0}
    assert why == "the line is lost"


def test_a_line_follower_without_a_line_never_drives() -> None:
    world = make_world("oval", "dirt")
    config = line_of(make_world("oval", "tape-wood"), "both")
    modes, throttles, why = stop_of(world, LineFollower(config), config)
    assert set(throttles) == {0.0}
    assert modes[-1] is Mode.STOPPED
    assert why == "the line is lost"


def test_the_car_stops_when_all_is_ground_and_says_so() -> None:
    pilot = Covered(Planner(Truth(), USUAL), 60, with_all_ground)
    modes, throttles, why = stop_of(make_world("oval", "asphalt"), pilot, USUAL)
    assert throttles[59] > 0.2
    assert set(throttles[61:]) == {0.0}, "without a road it does not go on blindly"
    assert set(modes[60 + USUAL.planner.lost_after_frames :]) == {Mode.STOPPED}
    assert why == "there is no road ahead"


def test_a_human_by_hand_is_not_stopped_by_a_pilot_that_is_lost() -> None:
    world = make_world("oval", "dirt")
    config = USUAL
    modes: list[Mode] = []
    with in_virtual_time(world, config, lambda standing: standing.driven_s >= 2.0) as car:
        driver = driver_of(config, Starter(Event.CHOOSE_HUMAN), LineFollower(config))
        drive(
            car.camera, driver, car.actuators, NoRecorder(), car.clock, Timing(0.05),
            lambda tick: modes.append(tick.mode),
        )  # fmt: skip
    assert set(modes) == {Mode.HUMAN}
