"""An ablation compares like with like, keeps what is done, and says what came out."""

import math
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tests.unit.test_evaluate import EPISODE
from train.driving.episodes import Driven
from train.errors import DatasetError

pytestmark = pytest.mark.filterwarnings("ignore")


def pilot(name: str, seed: int, events: list[int], mae: list[float], back: int = 4):
    """An episode and four disturbed starts on a road for each number of events."""
    from train.ablation.compare import Pilot
    from train.ablation.measuring import Measured, Offline
    from train.ablation.training import Made

    laps = [
        Driven(f"{name}{seed}{world}", "nominal", None, msgspec.structs.replace(
            EPISODE, look_seed=world, off_road_events=count), [], (1.0, 2.0))
        for world, count in enumerate(events)
    ]  # fmt: skip
    starts = [
        Driven(f"{name}{seed}{world}s{start}", "nominal", start, msgspec.structs.replace(
            EPISODE, look_seed=world, recovered=int(start < back), excursions=1), [], (1.0, 2.0))
        for world in range(len(events)) for start in range(4)
    ]  # fmt: skip
    made = Made(name, seed, "tub", 100, 6400, 1.0, 0.03, "code")
    return Pilot(made, Measured(laps, starts, Offline(mae, 0.8)))


def measured(*names: str):
    """The default has an event on one road; variants have more, and come back less often."""
    pilots = {}
    for seed in (1, 2):
        pilots["default", seed] = pilot("default", seed, [0, 0, 1, 0], [0.1, 0.12, 0.11])
        for name in names:
            pilots[name, seed] = pilot(name, seed, [2, 1, 3, 2 + seed], [0.2, 0.2, 0.22], 3)
    return pilots


def compared(*names: str):
    from train.ablation.compare import compare
    from train.ablation.variants import find_variants

    return compare(find_variants(",".join(names)), measured(*names))


def test_each_variant_leaves_out_one_thing_and_keeps_the_amount() -> None:
    from train.ablation.variants import VARIANTS, Drives
    from train.learning.pilot import Plan

    usual, drives = Plan(seed=7), Drives(120, 8.33)
    for variant in VARIANTS[1:]:
        plan, recorded = variant.changed(usual), variant.recorded(drives)
        assert (plan == usual) != (recorded == drives), variant.name
        assert (plan.seed, plan.budget, plan.schedule) == (7, usual.budget, usual.schedule)
        if variant.name != "few-frames":
            assert recorded.worlds * recorded.seconds == pytest.approx(1000, rel=0.001)
    few = next(each for each in VARIANTS if each.name == "few-frames").recorded(drives)
    assert few.worlds * few.seconds == pytest.approx(250, rel=0.001)


def test_the_plain_way_is_plain() -> None:
    from train.ablation.training import variant_named
    from train.learning.pilot import Plan

    plan = variant_named("plain").changed(Plan())
    assert plan.objective.steering.units == 1
    assert plan.objective.weights.class_map == 0.0
    assert (plan.variation.shifted, plan.variation.mirrored, plan.variation.light) == (0, 0, 0)
    assert (plan.variation.balanced, plan.delay_s, plan.held_out.block_s) == (0.0, 0.0, 0.0)


def test_the_default_is_always_among_them_and_unknown_names_are_answered_with_the_known() -> None:
    from train.ablation.variants import find_variants, parse_seeds

    assert [each.name for each in find_variants("plain,no-map")] == ["default", "no-map", "plain"]
    assert len(find_variants(None)) == 9
    with pytest.raises(DatasetError, match="no-shift"):
        find_variants("no-luck")
    assert parse_seeds("3, 1,3") == [3, 1]
    with pytest.raises(DatasetError, match="1,2,3"):
        parse_seeds("one")


def test_a_pilot_is_kept_under_all_that_its_training_was_told(tmp_path: Path) -> None:
    from train.ablation.training import Training

    usual = Training("default", 1, tmp_path / "tub", 20, None, 2000, tmp_path)
    others = [
        replace(usual, variant="plain"),
        replace(usual, seed=2),
        replace(usual, tub=tmp_path / "other"),
        replace(usual, epochs=21),
        replace(usual, minutes=1.0),
        replace(usual, epoch_records=2001),
    ]
    assert len({each.folder for each in [usual, *others]}) == 7
    assert replace(usual).folder == usual.folder


def test_a_whole_pilot_is_taken_as_it_is_and_one_without_its_last_file_is_not(
    tmp_path: Path,
) -> None:
    from car.errors import CarError
    from train.ablation.training import MADE, Made, Training, trained
    from tubs.errors import EverlapError

    training = Training("default", 1, tmp_path / "no tub", 20, None, 2000, tmp_path)
    training.folder.mkdir(parents=True)
    made = Made("default", 1, "no tub", 100, 6400, 1.0, 0.03, "code")
    (training.folder / MADE).write_bytes(msgspec.json.encode(made))
    said: list[str] = []
    assert trained(training, said.append) == made
    assert not said
    (training.folder / MADE).unlink()
    with pytest.raises((EverlapError, CarError), match="no tub"):
        trained(training, said.append)
    assert said == ["training default, seed 1"]


def test_what_a_kill_left_of_a_recording_is_recorded_anew(tmp_path: Path) -> None:
    from train.ablation.recordings import learned_from
    from train.ablation.variants import Drives

    half = tmp_path / "tubs" / ".disturbed-1x1s"
    half.mkdir(parents=True)
    (half / "tub.json").write_text("{}")
    said: list[str] = []
    tub = learned_from(Drives(1, 1.0), tmp_path, 1, said.append)
    before = sorted(path.stat().st_mtime_ns for path in tub.iterdir())
    assert learned_from(Drives(1, 1.0), tmp_path, 1, said.append) == tub
    assert said == ["recording disturbed-1x1s"]
    assert not half.exists()
    assert sorted(path.stat().st_mtime_ns for path in tub.iterdir()) == before


def test_two_ablations_do_not_work_in_one_folder(tmp_path: Path) -> None:
    from train.ablation.run import _alone
    from train.driving.ledger import BusyError

    again = _alone(tmp_path)
    with _alone(tmp_path), pytest.raises(BusyError, match="another --work"), again:
        pass


def test_differences_are_taken_in_the_same_worlds_by_the_same_seeds() -> None:
    usual, variant = compared("no-map")
    assert usual.total.off_road_per_100_laps.value == pytest.approx(2.5)
    events = variant.difference["off_road_per_100_laps"]
    assert events.value == pytest.approx(21.25)
    assert events.low > 0
    assert variant.event_differences_by_seed == pytest.approx([20.0, 22.5])
    assert variant.recovery_difference is not None
    assert variant.recovery_difference.value == pytest.approx(-0.25)
    assert variant.steering_mae_difference.value == pytest.approx(0.0967, abs=1e-3)


def test_a_seed_that_only_one_of_them_has_is_in_the_total_and_not_in_the_difference() -> None:
    from train.ablation.compare import compare
    from train.ablation.variants import find_variants

    pilots = measured("no-map")
    del pilots["default", 2]
    variant = compare(find_variants("no-map"), pilots)[1]
    assert variant.seeds == [1, 2]
    assert variant.difference["off_road_per_100_laps"].value == pytest.approx(20.0)
    assert variant.event_differences_by_seed == pytest.approx([20.0])


def test_the_page_has_a_forest_the_plain_way_and_every_variant_in_words() -> None:
    from train.ablation.report import ablation_page, finding, headline

    found = compared("no-map", "plain")
    text = ablation_page(found, "python -m train.ablation --work '<x>'")
    assert text.count("<svg") == 3
    assert "The plain way beside it" in text
    assert "<x>" not in text
    assert "21.2 off-road events more in 100 laps" in finding(found[1])
    assert "2 of 2 changes" in headline(found)


def test_where_nothing_differs_nothing_is_claimed() -> None:
    from train.ablation.compare import compare
    from train.ablation.report import ablation_page, finding, headline
    from train.ablation.variants import find_variants

    same = {(name, 1): pilot(name, 1, [0, 0], [0.1, 0.1]) for name in ("default", "no-map")}
    found = compare(find_variants("no-map"), same)
    assert finding(found[1]) == "no class map: no difference seen."
    assert "No part was shown" in headline(found)
    assert "a first look" in ablation_page(found, "")
    assert math.isnan(found[1].difference["off_road_per_100_laps"].low)


def test_pilots_of_different_code_are_not_compared_in_silence() -> None:
    from train.ablation.compare import compare, made_by_several
    from train.ablation.report import ablation_page
    from train.ablation.variants import find_variants

    pilots = measured("no-map")
    assert not made_by_several(compare(find_variants("no-map"), pilots))
    other = pilots["no-map", 2]
    pilots["no-map", 2] = msgspec.structs.replace(
        other, made=msgspec.structs.replace(other.made, software="other")
    )
    found = compare(find_variants("no-map"), pilots)
    assert made_by_several(found)
    assert "different versions of the code" in ablation_page(found, "")


def test_budgets_that_were_not_equal_are_told() -> None:
    from train.ablation.compare import compare, uneven_budgets
    from train.ablation.report import ablation_page
    from train.ablation.variants import find_variants

    pilots = measured("no-map")
    assert not uneven_budgets(compare(find_variants("no-map"), pilots))
    other = pilots["no-map", 1]
    pilots["no-map", 1] = msgspec.structs.replace(
        other, made=msgspec.structs.replace(other.made, examples=6000)
    )
    assert "as many examples" in ablation_page(compare(find_variants("no-map"), pilots), "")


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_an_ablation_that_was_killed_goes_on_and_trains_nothing_twice(tmp_path: Path) -> None:
    command = [
        *(sys.executable, "-m", "train.ablation", "--work", "work", "--only", "plain"),
        *("--epochs", "1", "--seeds", "1", "--frames", "400", "--worlds", "8", "--laps", "1"),
        *("--tracks", "oval,stadium", "--starts", "1", "--scored", "8", "--workers", "1"),
        *("--html", "a.html", "--json", "a.json"),
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    first = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL)
    while not list(tmp_path.glob("work/pilots/default-*/made.json")):
        assert first.poll() is None
        time.sleep(0.2)
    first.send_signal(signal.SIGKILL)
    first.wait()
    (made,) = tmp_path.glob("work/pilots/default-*/made.json")
    before = made.stat().st_mtime_ns
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert made.stat().st_mtime_ns == before
    assert "training default" not in done.stderr
    figures = msgspec.json.decode((tmp_path / "a.json").read_bytes())
    usual, plain = figures["variants"]
    assert usual["made"][0]["examples"] == plain["made"][0]["examples"] == 384
    assert plain["total"]["laps_asked"] == 2
    assert plain["starts"]["starts"] == 2
    assert "The plain way beside it" in (tmp_path / "a.html").read_text("utf-8")
