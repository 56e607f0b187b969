"""The monitor doubts a pilot that steers off the road that it sees, sees none, or is unsure."""

import math
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from car.command import Command
from car.config import CarConfig
from car.errors import ConfigError
from car.frame import Image, RoadClass
from car.monitor import (
    CLUELESS,
    NO_ROAD,
    OFF_THE_ROAD,
    UNSURE,
    Judgement,
    NoMonitor,
    RoadMonitor,
    monitor_of,
)
from car.monitor_settings import MonitorConfig
from car.monitor_signs import Evidence, MonitorWeights, Signs, SignValues, load_weights
from car.pilots.pilot import Decision

CONFIG = CarConfig()
PERIOD_S = 0.05
ROAD = np.full((30, 40), RoadClass.ROAD, np.uint8)
GRASS = np.full((30, 40), RoadClass.GROUND, np.uint8)
ZERO = dict.fromkeys(Signs._fields, 0.0)
LEARNED = MonitorWeights(
    threshold=0.5,
    bias=-4.0,
    least=-1.0,
    most=3.0,
    weights=SignValues(**{**ZERO, "elsewhere": 10.0, "beside": 4.0, "unsure": 12.0}),
    calm=SignValues(**{**ZERO, "unsure": 0.1}),
)


def road_left() -> Image:
    seen = ROAD.copy()
    seen[:, 20:] = RoadClass.GROUND
    return seen


def watch(
    decisions: list[Decision], action: str = "stop", monitor: RoadMonitor | None = None
) -> list[Judgement]:
    config = MonitorConfig(action=action)  # type: ignore[arg-type]
    watching = monitor or RoadMonitor(config, CONFIG.camera, CONFIG.chassis, LEARNED)
    return [watching.judge(each, PERIOD_S * n) for n, each in enumerate(decisions)]


def wanting(
    steering: float, class_map: Image | None, std: float = 0.1, count: int = 40
) -> list[Decision]:
    return [Decision(Command(steering, 0.4), std, class_map)] * count


def test_a_pilot_that_is_sure_of_the_road_drives_as_fast_as_it_likes() -> None:
    for judged in watch(wanting(0.1, ROAD)):
        assert judged.factor == 1.0
        assert judged.stop is None


def test_steering_off_the_road_slows_smoothly_and_then_stops() -> None:
    judged = watch(wanting(0.6, road_left()))
    factors = [each.factor for each in judged]
    assert factors[0] == 1.0
    assert all(later <= sooner for sooner, later in pairwise(factors))
    assert max(-np.diff(factors)) < 0.5
    assert factors[-1] == pytest.approx(CONFIG.monitor.slowest)
    first_stop = next(n for n, each in enumerate(judged) if each.stop)
    assert judged[first_stop].stop == OFF_THE_ROAD
    assert factors[first_stop - 1] < 1.0


def test_steering_along_the_same_road_is_trusted() -> None:
    judged = watch(wanting(-0.6, road_left()))[-1]
    assert judged.signs.off_path < 0.05
    assert judged.factor > watch(wanting(0.6, road_left()))[-1].factor


def test_doubt_is_gone_soon_after_its_cause() -> None:
    judged = watch(wanting(0.6, road_left()) + wanting(0.0, ROAD, count=30))
    assert judged[39].doubt > 1.0
    assert judged[-1].doubt == 0.0
    assert judged[-1].stop is None


@pytest.mark.parametrize("action", ["slow", "stop"])
def test_a_pilot_that_sees_no_road_anywhere_is_stopped_in_time(action: str) -> None:
    judged = watch(wanting(0.0, GRASS), action)
    stopped = next(n for n, each in enumerate(judged) if each.stop == NO_ROAD)
    assert stopped * PERIOD_S <= CONFIG.monitor.blind_after_s + 2 * PERIOD_S


@pytest.mark.parametrize("action", ["slow", "stop"])
def test_a_pilot_without_a_class_map_is_judged_by_what_it_says_of_itself(action: str) -> None:
    assert watch(wanting(0.0, None, 0.57), action)[-1].stop == CLUELESS
    assert watch(wanting(0.0, None, 0.1), action)[-1].factor == 1.0


def test_an_unsure_pilot_is_only_slowed_unless_the_owner_wants_it_stopped() -> None:
    slowed, stopped = (watch(wanting(0.0, ROAD, 0.45), action)[-1] for action in ("slow", "stop"))
    assert slowed.stop is None
    assert slowed.factor == pytest.approx(CONFIG.monitor.slowest)
    assert stopped.stop == UNSURE


def test_a_pilot_that_tells_nothing_is_trusted() -> None:
    judged = watch(wanting(0.9, None, math.nan))
    assert {each.factor for each in judged} == {1.0}
    assert {each.stop for each in judged} == {None}


def test_a_single_odd_frame_changes_next_to_nothing() -> None:
    odd = [*wanting(0.0, ROAD, count=20), *wanting(0.0, GRASS, 0.5, 1), *wanting(0.0, ROAD)]
    assert min(each.factor for each in watch(odd)) == 1.0


def test_the_same_drive_is_judged_the_same_every_time() -> None:
    dice = np.random.default_rng(3)
    decisions = [
        Decision(Command(float(s), 0.3), 0.2, dice.integers(0, 5, (30, 40), np.uint8))
        for s in dice.uniform(-1, 1, 60)
    ]
    assert watch(decisions) == watch(decisions)


def test_time_that_stands_still_or_jumps_adds_no_doubt_beyond_one_step() -> None:
    monitor = RoadMonitor(CONFIG.monitor, CONFIG.camera, CONFIG.chassis, LEARNED)
    decision = wanting(0.6, road_left())[0]
    assert monitor.judge(decision, 5.0).doubt == 0.0
    assert monitor.judge(decision, 5.0).doubt == 0.0
    assert monitor.judge(decision, 900.0).doubt <= 1.5
    assert monitor.judge(decision, 3.0).doubt <= 1.5


def test_a_class_map_of_another_shape_is_looked_at_anew() -> None:
    fine = np.full((60, 80), RoadClass.GROUND, np.uint8)
    monitor = RoadMonitor(CONFIG.monitor, CONFIG.camera, CONFIG.chassis, LEARNED)
    assert watch(wanting(0.0, ROAD, count=3), monitor=monitor)[-1].signs.nowhere < 0.01
    assert monitor.judge(wanting(0.0, fine)[0], 1.0).signs.nowhere > 0.99


def test_no_sign_of_trouble_can_calm() -> None:
    evidence, calm = Evidence(load_weights()), Signs(*([0.0] * len(Signs._fields)))
    for name in Signs._fields:
        assert evidence.of(calm._replace(**{name: 1.0})) >= evidence.of(calm), name


def test_the_shipped_weights_are_calm_on_a_clear_road_and_alarmed_off_it() -> None:
    evidence = Evidence(load_weights())
    well = Signs(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.1, 0.02)
    assert evidence.of(well) < 0.0
    assert evidence.of(Signs(0.8, 0.7, 0.3, 0.0, 0.8, 0.5, 0.4, 0.1)) > 0.0


@pytest.mark.parametrize("text", ["", "threshold = -1.0", "not toml", "[weights]\njump = -2.0"])
def test_weights_that_cannot_be_are_refused_by_name(text: str, tmp_path: Path) -> None:
    path = tmp_path / "weights.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"weights\.toml"):
        load_weights(path)
    with pytest.raises(ConfigError, match="nowhere"):
        load_weights(tmp_path / "nowhere")


def test_off_judges_nothing() -> None:
    monitor = monitor_of(MonitorConfig(action="off"), CONFIG.camera, CONFIG.chassis)
    assert isinstance(monitor, NoMonitor)
    assert monitor.judge(wanting(0.0, GRASS, 0.57)[0], 0.0) == Judgement()


def test_a_judgement_costs_less_than_150_us() -> None:
    monitor = RoadMonitor(CONFIG.monitor, CONFIG.camera, CONFIG.chassis, LEARNED)
    decision = wanting(0.4, road_left())[0]
    monitor.judge(decision, 0.0)
    costs = []
    for n in range(300):
        began = time.thread_time()
        monitor.judge(decision, n * PERIOD_S)
        costs.append(time.thread_time() - began)
    assert np.median(costs) < 150e-6
