"""The real stack - loop, guard, chip driver - on simulated chip, camera and world."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from car.assembly import SimulatedCar, in_virtual_time
from car.command import Command
from car.config import CarConfig
from car.driver import driver_of
from car.episode import Episode, drive_laps, expert_lap_time_s
from car.errors import DeviceError
from car.frame import Frame
from car.human import Starter
from car.loop import Tick, drive
from car.modes import Event
from car.pilots.pilot import Decision
from car.recorder import NoRecorder, Recorder
from car.simulation.expert import DisturbedActuators, Expert, ExpertAtTheWheel
from car.simulation.vehicle import SPEED
from car.simulation.world import World, WorldSpec
from car.timing import Timing
from tubs.reader import Tub
from tubs.writer import TubWriter

CONFIG = CarConfig()


def make_world(track: str, surface: str = "asphalt", seed: int = 1, car: float = 0.0) -> World:
    return World(WorldSpec(track, surface, seed, look=0.2, car=car), CONFIG.camera)


@pytest.mark.parametrize(
    ("track", "surface", "car"),
    [
        ("oval", "asphalt", 0.0),
        ("figure-eight", "two-lanes", 0.0),
        ("hairpins", "tape-tile", 1.0),
        ("random:3", "dirt", 1.0),
    ],
)
def test_the_expert_laps_without_leaving_the_road(track: str, surface: str, car: float) -> None:
    world = make_world(track, surface, car=car)
    result, timing = drive_laps(Episode(world, Expert(world)), CONFIG, 2)
    assert result.laps_done == 2
    assert result.off_road_events == 0
    assert result.cross_track_rmse_m < 0.1
    assert result.autonomy == 1.0
    assert timing.ticks == pytest.approx(20 * result.driven_s, abs=3)


def test_a_drive_is_the_same_to_the_last_bit_for_a_seed() -> None:
    def pictures() -> list[np.ndarray]:
        seen: list[np.ndarray] = []
        world = make_world("random:5", "tape-wood", seed=9, car=1.0)
        drive_laps(
            Episode(world, Expert(world)),
            CONFIG,
            1,
            lambda tick: seen.append(tick.frame.image),
            seconds=2.0,
        )
        return seen

    first, second = pictures(), pictures()
    assert len(first) == len(second) > 30
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_another_seed_is_another_drive() -> None:
    worlds = [make_world("oval", seed=seed, car=1.0) for seed in (1, 2)]
    assert not np.array_equal(worlds[0].look()[0], worlds[1].look()[0])
    assert worlds[0].vehicle.parameters != worlds[1].vehicle.parameters


class Steady:
    """A pilot that holds one command."""

    def __init__(self, command: Command) -> None:
        self.command = command

    def decide(self, frame: Frame) -> Decision:
        return Decision(self.command)


def test_a_car_that_leaves_the_road_is_counted_and_put_back() -> None:
    world = make_world("stadium")
    result, _ = drive_laps(Episode(world, Steady(Command(0.0, 0.4))), CONFIG, 1, seconds=25.0)
    assert result.off_road_events >= 1
    assert result.interventions >= 1
    assert result.autonomy < 0.9


def run(
    world: World, seconds: float, sabotage: Callable[[SimulatedCar, Tick], None]
) -> tuple[list[float], Exception | None]:
    """Drive with the expert, and do something to the car at every tick; speeds and error."""
    speeds: list[float] = []
    timing = Timing(0.05)
    with in_virtual_time(world, CONFIG, lambda standing: standing.driven_s >= seconds) as car:
        driver = driver_of(CONFIG, Starter(Event.CHOOSE_PILOT), Expert(world))

        def watch(tick: Tick) -> None:
            speeds.append(world.speed_m_s)
            sabotage(car, tick)

        try:
            drive(car.camera, driver, car.actuators, NoRecorder(), car.clock, timing, watch)
        except DeviceError as error:
            return speeds, error
    return speeds, None


def test_nothing_but_the_chip_moves_the_car() -> None:
    """A chip without pulses stops the car, whatever the loop believes."""

    def silence(car: SimulatedCar, tick: Tick) -> None:
        if tick.frame.number == 40:
            car.chip.power_on()

    world = make_world("oval")
    speeds, error = run(world, 4.0, silence)
    assert error is None
    assert speeds[39] > 1.0
    assert min(speeds[41:50]) < speeds[39] - 0.02, "without pulses the ESC must let go"
    assert speeds[-1] < 0.5, "the chip is set up again, but the car must not go on by itself"


def test_a_chip_that_stops_answering_ends_the_drive() -> None:
    def cut(car: SimulatedCar, tick: Tick) -> None:
        if tick.frame.number == 40:
            car.chip.refuse(255)

    speeds, error = run(make_world("oval"), 6.0, cut)
    assert isinstance(error, DeviceError)
    assert len(speeds) == 41


def test_after_the_drive_the_throttle_wire_carries_neutral() -> None:
    world = make_world("oval")
    with in_virtual_time(world, CONFIG, lambda standing: standing.driven_s >= 2.0) as car:
        driver = driver_of(CONFIG, Starter(Event.CHOOSE_PILOT), Expert(world))
        drive(
            car.camera,
            driver,
            car.actuators,
            NoRecorder(),
            car.clock,
            Timing(0.05),
            lambda tick: None,
        )
        pulse = car.chip.pulse_us(CONFIG.throttle.channel)
        assert pulse == pytest.approx(CONFIG.throttle.neutral_us, abs=3)
        assert world.vehicle.state[SPEED] > 0.5


def test_recoveries_are_recorded_with_the_experts_wish(tmp_path: Path) -> None:
    world = make_world("random:4")
    recorder = Recorder(TubWriter(tmp_path / "tub"), wait_s=30.0, drain_s=30.0)
    episode = Episode(
        world,
        None,
        ExpertAtTheWheel(Expert(world)),
        recorder,
        lambda actuators: DisturbedActuators(actuators, 3, 0.05),
    )
    result, _ = drive_laps(episode, CONFIG, 100, seconds=10.0)
    rows = Tub(tmp_path / "tub").controls()
    assert recorder.recorded == len(rows) == pytest.approx(200, abs=3)
    assert recorder.dropped == 0
    wished, applied = rows["human_steering"], rows["steering"]
    assert np.abs(wished - applied).max() > 0.2
    assert result.cross_track_rmse_m > 0.06
    first = Tub(tmp_path / "tub")[5]
    assert first.mode == "human"
    assert first.class_map is not None
    assert first.class_map.shape == first.image.shape[:2]


def test_an_experts_lap_is_about_as_long_as_the_road() -> None:
    world = make_world("oval")
    assert 1.2 < world.track.length_m / expert_lap_time_s(world) < 2.1
