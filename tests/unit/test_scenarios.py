"""What scenarios change, and that they change nothing else."""

import dataclasses
from pathlib import Path

import msgspec
import numpy as np
import pytest

from car.config import CameraConfig
from car.errors import ConfigError
from car.simulation.conditions import Conditions
from car.simulation.lost_frames import LostFrames
from car.simulation.recovery import Recoveries
from car.simulation.scene import FOREIGN, SURFACES
from car.simulation.tracks import parse_track, parse_tracks
from car.simulation.world import World, WorldSpec
from train.driving.scenarios import find_scenarios, find_suite, in_scenario
from train.driving.suite_worlds import worlds_of

CAMERA = CameraConfig()
SPEC = WorldSpec("oval", "asphalt", 5, look=0.3)


def world(**conditions: float) -> World:
    return World(dataclasses.replace(SPEC, conditions=Conditions(**conditions)), CAMERA)


def test_every_scenario_of_the_package_can_be_read_and_changes_the_world() -> None:
    scenarios = find_scenarios("all")
    assert len(scenarios) >= 25
    assert all(in_scenario(SPEC, each, 0) != SPEC and each.what for each in scenarios)


@pytest.mark.parametrize("layer", ["shadows", "drops", "dirt", "light", "warmth"])
def test_a_layer_changes_the_picture_and_never_the_class_map(layer: str) -> None:
    plain, plain_map = world().look()
    changed, changed_map = world(**{layer: 0.5}).look()
    again, _ = world(**{layer: 0.5}).look()
    assert np.array_equal(plain_map, changed_map)
    assert not np.array_equal(plain, changed)
    assert np.array_equal(changed, again)


def test_glare_blinds_towards_the_light_and_not_away_from_it() -> None:
    glaring = world(glare=1.0)
    brightness = []
    for turned in np.linspace(0, 2 * np.pi, 24, endpoint=False):
        glaring.restart(index=0, turned_rad=float(turned))
        glaring.reseed(0)
        brightness.append(float(glaring.look()[0].max(axis=2).mean()))
    assert max(brightness) > 1.2 * min(brightness)


def test_the_car_and_the_camera_are_as_the_conditions_say() -> None:
    plain, odd = world(), world(
        speed_response=1.4, friction=0.5, delay_ms=120.0, steering_trim_us=60.0,
        camera_pitch_deg=3.0, camera_height=0.85, road_width=0.8,
    )  # fmt: skip
    before, after = plain.vehicle.parameters, odd.vehicle.parameters
    assert after.top_speed_m_s == pytest.approx(1.4 * before.top_speed_m_s)
    assert after.friction == pytest.approx(0.5 * before.friction)
    assert after.steer_trim == pytest.approx(before.steer_trim + 0.15)
    assert odd.delay_s == pytest.approx(0.12)
    assert odd.lens.pitch_deg == pytest.approx(plain.lens.pitch_deg + 3.0)
    assert odd.lens.height_m == pytest.approx(0.85 * plain.lens.height_m)
    assert odd.track.width_m == pytest.approx(0.8 * plain.track.width_m)


def test_a_disturbed_start_stays_within_what_was_asked_and_differs_by_seed() -> None:
    places = []
    for seed in range(6):
        conditions = Conditions(start_offset_share=0.8, start_turned_deg=25.0)
        spec = dataclasses.replace(SPEC, seed=seed, conditions=conditions)
        standing = World(spec, CAMERA).marshal.standing
        places.append((standing.cross_track_m, standing.heading_error_rad))
    assert len(set(places)) == 6
    assert max(abs(place) for place, _ in places) <= 0.8 * 0.45 + 0.01
    assert max(abs(turn) for _, turn in places) <= np.radians(25.0) + 0.1


@pytest.mark.parametrize(("share", "run"), [(0.05, 1), (0.1, 2), (0.2, 3)])
def test_so_many_pictures_are_lost_so_many_at_a_time(share: float, run: int) -> None:
    losses = LostFrames(share, run, 7)
    lost = np.array([losses.next_is_lost() for _ in range(20_000)])
    assert lost.mean() == pytest.approx(share, rel=0.08)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], lost.astype(int), [0]])))
    assert set((edges[1::2] - edges[::2])[:-1]) == {run}


def test_conditions_of_a_suite_stay_in_a_scenario_that_does_not_speak_of_them() -> None:
    below = dataclasses.replace(SPEC, conditions=Conditions(speed_spread=0.3))
    scenario = find_scenarios("slippery")[0]
    conditions = in_scenario(below, scenario, 0).conditions
    assert (conditions.speed_spread, conditions.friction) == (0.3, 0.6)


def test_suites_judge_in_worlds_that_can_be_made() -> None:
    worlds = worlds_of(find_suite("hard"))
    assert len(worlds) == 50
    assert len({each.track for each in worlds}) == 50
    assert {each.surface for each in worlds_of(find_suite("foreign"))} == set(FOREIGN)
    assert not set(FOREIGN) & set(SURFACES)
    assert all(each.extra_delay_s == 0.06 for each in worlds)


@pytest.mark.parametrize("seed", range(4))
def test_hairpins_are_tight_and_narrow_roads_narrow(seed: int) -> None:
    tight, narrow = parse_track(f"hairpins:{seed}"), parse_track(f"narrow:{seed}")
    assert 0.66 <= 1 / np.abs(tight.curvature).max() <= 0.8
    assert 0.65 <= narrow.width_m <= 0.72
    assert parse_tracks("hairpins:3-4,narrow:7") == ["hairpins:3", "hairpins:4", "narrow:7"]


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        ("[a]\nspeed_respons = 2.0", "speed_respons"),
        ("[a]\nglare = 7.0", "glare"),
        ("[a]\ntracks = 'moon'", "tracks"),
        ("a = 1", "table"),
        ("[a", "TOML"),
    ],
)
def test_a_file_of_scenarios_that_is_wrong_is_named_with_the_reason(
    tmp_path: Path, lines: str, word: str
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(lines)
    with pytest.raises(ConfigError, match=word):
        find_scenarios(str(path))


def test_a_scenario_or_suite_that_does_not_exist_is_answered_with_those_that_do() -> None:
    with pytest.raises(ConfigError, match="glare"):
        find_scenarios("rain")
    with pytest.raises(ConfigError, match="ordinary"):
        find_suite("easy")


def test_a_car_is_back_only_after_two_seconds_in_the_middle() -> None:
    recoveries = Recoveries(away=True)
    for step, share in enumerate([0.8, 0.5, 0.2, 0.4, *[0.2] * 50]):
        recoveries.watch(0.05 * step, share, events=0)
    assert recoveries.times_s == [pytest.approx(0.2)]
    assert recoveries.excursions == 1


def test_an_excursion_that_ends_off_the_road_is_not_recovered() -> None:
    recoveries = Recoveries()
    for step, share in enumerate([0.1, 0.7, 1.1, 0.5, *[0.1] * 60, 0.65, *[0.1] * 60]):
        recoveries.watch(0.05 * step, share, events=int(step >= 2))
    assert recoveries.excursions == 2
    assert len(recoveries.times_s) == 1


def test_what_a_suite_says_is_kept_when_only_its_tracks_are_changed() -> None:
    suite = msgspec.structs.replace(find_suite("ordinary"), tracks="oval,stadium")
    assert [each.track for each in worlds_of(suite)] == ["oval", "stadium"]
    assert worlds_of(suite)[1].conditions.friction_spread == 0.3
