"""What the demo does after training: drive, film and report, with the pilot that ships."""

from pathlib import Path

import av
import msgspec
import pytest

from car.config import CarConfig
from car.pilots.shipped import SHIPPED_PILOT
from car.simulation.scene import SURFACES
from car.simulation.world import WorldSpec
from train.demo.demo import film_a_lap
from train.demo.plan import DRIVEN_ON, TRAINED_ON, DemoPlan, new_worlds, training_worlds
from train.demo.report import loop_timing, versions
from train.driving.evaluate import Trial, run_trial
from train.report.report import write_report
from train.report.report_data import ReportData
from train.report.roads import driven_track


@pytest.mark.parametrize("seed", [0, 7, 500])
def test_no_road_or_look_that_is_driven_was_learned_from(seed: int) -> None:
    plan = DemoPlan(Path("unused"), seed)
    learned, driven = training_worlds(plan), new_worlds(plan)
    assert len({world.track for world in learned}) == plan.worlds
    assert not {world.track for world in learned} & {world.track for world in driven}
    assert not {world.seed for world in learned} & {world.seed for world in driven}
    assert {world.surface for world in learned} == set(SURFACES)
    assert all(world.extra_delay_s == 0.06 for world in driven)
    assert TRAINED_ON + 1000 * seed + plan.worlds < DRIVEN_ON + 1000 * seed or seed > 500


@pytest.mark.slow
def test_a_drive_becomes_a_film_and_a_report(tmp_path: Path) -> None:
    world = WorldSpec("oval", "asphalt", 3, look=0.2)
    trial = Trial(SHIPPED_PILOT, world, 1, CarConfig())
    result, path = run_trial(trial)
    assert result.laps_done == 1
    assert len(path.path_m) == len(path.cross_track_m) > 200
    timing, filmed = film_a_lap(SHIPPED_PILOT, trial, tmp_path / "lap.mp4")
    with av.open(tmp_path / "lap.mp4") as film:
        assert film.streams.video[0].frames == timing.ticks
    assert filmed.surface == "asphalt"
    data = ReportData(
        title="A drive",
        created="today",
        tracks=[driven_track(result, path)],
        video=tmp_path / "lap.mp4",
        timing=loop_timing(timing),
    )
    write_report(tmp_path / "report.html", data)
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "oval" in page
    assert "data:video/mp4" in page
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_the_versions_name_python_and_everlap() -> None:
    assert {"python", "everlap", "numpy"} <= set(versions())


def test_an_episode_is_the_same_in_whatever_process_it_runs() -> None:
    trial = Trial(None, WorldSpec("stadium", "dirt", 5, look=0.3, car=1.0), 1, CarConfig())
    once, again = (msgspec.json.encode(run_trial(trial)[0]) for _ in range(2))  # nan is nan
    assert once == again
