"""The monitor's study counts what it says it counts, and sees what the monitor sees."""

from pathlib import Path

import numpy as np
import pytest

from car.command import Command
from car.config import CarConfig
from car.monitor import RoadMonitor
from car.monitor_signs import Signs, load_weights
from car.pilots.pilot import Decision
from tests.monitor_study.alarms import alarms_of, doubts
from tests.monitor_study.drives import Plan
from tests.monitor_study.keeping import keep
from tests.monitor_study.learning import by_road, evidence_of, fit
from tests.monitor_study.signs import Kept, kept_drive, signs_of_maps

CONFIG = CarConfig()
COUNT, PERIOD_S = 400, 0.05


def drive(
    off_from: int | None = None, trouble_from: int | None = None, track: str = "oval"
) -> Kept:
    """A drive of 20 s that leaves the road for 5 frames, its trouble being a `biased` one."""
    rows = np.zeros((COUNT, 9))
    rows[:, 0] = np.arange(COUNT) * PERIOD_S
    rows[:, 7] = 1.5
    if off_from is not None:
        rows[off_from : off_from + 5, 4] = 1.0
    if trouble_from is not None:
        rows[trouble_from : trouble_from + 20, 8] = 2.0
    dice = np.random.default_rng(COUNT if off_from is None else off_from)
    signs = dice.uniform(0.0, 0.05, (COUNT, len(Signs._fields)))
    if off_from is not None:
        signs[off_from - 25 : off_from, 6] = 0.5
    return kept_drive(Plan("clean", track, 1, 0.5, 0.0, 0.0), rows, signs)


def doubt_at(*frames: int) -> np.ndarray:
    doubt = np.zeros(COUNT)
    for frame in frames:
        doubt[frame : frame + 3] = 1.2
    return doubt


def test_an_alarm_before_an_event_is_a_warning_with_a_lead() -> None:
    found = alarms_of(drive(off_from=200), doubt_at(176))
    assert found.leads_s == pytest.approx([1.2])
    assert found.false == 0
    assert found.recall(1.0) == 1.0
    assert found.recall(1.3) == 0.0


def test_an_alarm_that_nothing_follows_is_false_and_a_missed_event_has_no_lead() -> None:
    found = alarms_of(drive(off_from=200), doubt_at(60))
    assert found.leads_s == pytest.approx([0.0])
    assert found.false == 1
    assert found.false_per_hour == pytest.approx(1 / found.hours)


def test_an_alarm_that_flickers_counts_once() -> None:
    doubt = doubt_at(60, 65)
    doubt[63:65] = 0.8
    assert alarms_of(drive(), doubt).false == 1
    assert alarms_of(drive(), doubt_at(60, 65)).false == 2


def test_in_trouble_an_alarm_is_never_false() -> None:
    assert alarms_of(drive(trouble_from=50), doubt_at(60)).false == 0
    assert alarms_of(drive(trouble_from=50), doubt_at(300)).false == 1


def test_an_event_that_could_not_be_foreseen_is_told_apart() -> None:
    found = alarms_of(drive(off_from=200, trouble_from=188), doubt_at(190))
    assert found.since_s == pytest.approx([0.6])
    assert found.recall(0.4) == 1.0
    assert np.isnan(found.recall(1.0, least_since_s=1.3))


def test_the_study_sums_up_evidence_as_the_monitor_does() -> None:
    dice, learned = np.random.default_rng(5), load_weights()
    maps = dice.integers(0, 2, (80, 30, 40), np.uint8) * 2
    steering, std = dice.uniform(-1, 1, 80), dice.uniform(0, 0.4, 80)
    monitor = RoadMonitor(CONFIG.monitor, CONFIG.camera, CONFIG.chassis, learned)
    decisions = [
        Decision(Command(float(s), 0.3), float(u), each)
        for s, u, each in zip(steering, std, maps, strict=True)
    ]
    live = [monitor.judge(each, PERIOD_S * n).doubt for n, each in enumerate(decisions)]
    evidence = evidence_of(learned, signs_of_maps(maps, steering, std, CONFIG))
    kept = doubts(evidence, PERIOD_S * np.arange(80), learned.threshold)
    np.testing.assert_allclose(kept, live, atol=1e-5)


def test_the_sign_that_foretells_gets_the_weight() -> None:
    weights, _, calm = fit([drive(off_from=start) for start in (150, 200, 300)])
    assert np.argmax(weights) == Signs._fields.index("unsure")
    assert (weights >= 0.0).all()
    assert calm == pytest.approx(np.full(8, 0.025), abs=0.01)


def test_no_road_is_learned_from_and_tried_on_at_once() -> None:
    drives = [drive(track=f"random:{n % 7}") for n in range(14)]
    for learn_from, try_on in by_road(drives):
        assert not {d.plan.track for d in learn_from} & {d.plan.track for d in try_on}
    assert sum(len(try_on) for _, try_on in by_road(drives)) == 14


def test_what_is_kept_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "weights.toml"
    keep(load_weights(), path)
    assert load_weights(path) == load_weights()
