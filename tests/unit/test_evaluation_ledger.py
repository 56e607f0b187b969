"""Finished episodes are kept, found again, and never mistaken for others."""

from pathlib import Path

import msgspec
import pytest

from car.config import CarConfig
from car.simulation.conditions import Conditions
from car.simulation.world import WorldSpec
from tests.unit.test_evaluate import EPISODE
from train.driving.campaign import Campaign, gather, is_kept, plan
from train.driving.episodes import Driven, Job
from train.driving.evaluate import Trial
from train.driving.failures import OFF_ROAD, Failure
from train.driving.ledger import EPISODES, BusyError, Header, header_for, key_of, open_ledger
from train.driving.scenarios import find_scenarios

HEADER = Header("a" * 64, "network", "one")
TRIAL = Trial("a.tflite", WorldSpec("oval", "dirt", 1), 3, CarConfig())


def driven(key: str, scenario: str = "nominal", failures: list[Failure] | None = None) -> Driven:
    return Driven(key, scenario, None, EPISODE, failures or [], (1.0, 2.0))


def test_what_was_finished_is_there_the_next_time(tmp_path: Path) -> None:
    with open_ledger(tmp_path, HEADER) as ledger:
        ledger.add(driven("x"))
    with open_ledger(tmp_path, HEADER) as ledger:
        assert ledger.note == ""
        found = ledger.finished["x"]
    assert found.result.lap_times_s == EPISODE.lap_times_s
    assert found.result.time_to_recover_s != found.result.time_to_recover_s


def test_a_line_that_a_kill_cut_off_is_dropped_and_the_next_one_is_whole(tmp_path: Path) -> None:
    with open_ledger(tmp_path, HEADER) as ledger:
        ledger.add(driven("x"))
        ledger.add(driven("y"))
    path = tmp_path / EPISODES
    path.write_bytes(path.read_bytes()[:-40])
    with open_ledger(tmp_path, HEADER) as ledger:
        assert set(ledger.finished) == {"x"}
        ledger.add(driven("z"))
    with open_ledger(tmp_path, HEADER) as ledger:
        assert set(ledger.finished) == {"x", "z"}


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        (Header("b" * 64, "network", "one"), "pilot"),
        (Header("a" * 64, "planner", "one"), "pilot"),
        (Header("a" * 64, "network", "two"), "software"),
    ],
)
def test_a_changed_pilot_or_software_starts_anew_and_says_so(
    tmp_path: Path, changed: Header, word: str
) -> None:
    with open_ledger(tmp_path, HEADER) as ledger:
        ledger.add(driven("x"))
    with open_ledger(tmp_path, changed) as ledger:
        assert f"the {word} has changed" in ledger.note
        assert not ledger.finished
    assert len(list(tmp_path.glob("episodes*.jsonl"))) == 2


def test_two_evaluations_do_not_write_in_one_folder(tmp_path: Path) -> None:
    again = open_ledger(tmp_path, HEADER)
    with open_ledger(tmp_path, HEADER), pytest.raises(BusyError, match="another --out"), again:
        pass


def test_the_key_depends_on_all_that_the_figures_depend_on() -> None:
    world, config = TRIAL.world, msgspec.structs.replace(CarConfig(), camera=CarConfig().camera)
    others = [
        Trial("a.tflite", WorldSpec("oval", "dirt", 2), 3, config),
        Trial(
            "a.tflite", WorldSpec("oval", "dirt", 1, conditions=Conditions(drops=1.0)), 3, config
        ),
        Trial("a.tflite", world, 4, config),
    ]
    keys = {key_of(trial, None, HEADER) for trial in [TRIAL, *others]}
    keys |= {key_of(TRIAL, 0, HEADER), key_of(TRIAL, 1, HEADER)}
    keys.add(key_of(TRIAL, None, Header("b" * 64, "network", "one")))
    assert len(keys) == 7
    assert key_of(TRIAL, None, HEADER) == key_of(TRIAL, None, HEADER)


def test_the_header_follows_the_bytes_of_the_pilot(tmp_path: Path) -> None:
    path = tmp_path / "a.tflite"
    path.write_bytes(b"one")
    before = header_for(str(path))
    path.write_bytes(b"two")
    assert header_for(str(path)) != before
    assert header_for(f"planner:{path}")[:2] == (header_for(str(path)).pilot_sha256, "planner")
    assert header_for("expert").pilot_sha256 == "expert"


def test_results_are_in_the_order_of_the_jobs_whoever_came_first(tmp_path: Path) -> None:
    worlds = [WorldSpec("oval", "dirt", seed) for seed in range(3)]
    scenarios = find_scenarios("glare,drops")
    jobs = plan(Campaign("expert", worlds, 1, CarConfig(), scenarios), HEADER)
    assert len(jobs) == 9
    with open_ledger(tmp_path, HEADER) as ledger:
        for job in reversed(jobs):
            ledger.add(driven(job.key, job.scenario))
        outcome = gather(jobs, ledger, {jobs[4].key: "ValueError: no"})
    assert [each.key for each in outcome.driven["glare"]] == [jobs[1].key, jobs[7].key]
    assert outcome.failed == [(jobs[4].name, "ValueError: no")]


def test_a_failure_without_its_picture_is_driven_again_when_pictures_are_wanted(
    tmp_path: Path,
) -> None:
    failure = Failure(OFF_ROAD, 1.0, 1, 0.0, 0.0, 1.0, "x.jpg")
    plain, pictured = Job("x", TRIAL), Job("x", TRIAL, pictures=tmp_path)
    with open_ledger(None, HEADER) as ledger:
        assert not is_kept(plain, ledger)
        ledger.add(driven("x", failures=[failure]))
        assert is_kept(plain, ledger)
        assert not is_kept(pictured, ledger)
        (tmp_path / "x.jpg").write_bytes(b"picture")
        assert is_kept(pictured, ledger)
