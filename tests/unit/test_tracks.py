"""Roads: drawn, named and read from files."""

from pathlib import Path

import numpy as np
import pytest

from car.errors import SimulationError
from car.simulation.random_track import SMALLEST_RADIUS_M
from car.simulation.tracks import NAMED_TRACKS, parse_track, parse_tracks


@pytest.mark.parametrize("name", [*NAMED_TRACKS, *(f"random:{seed}" for seed in range(40))])
def test_a_road_is_closed_even_and_can_be_driven(name: str) -> None:
    track = parse_track(name)
    steps = np.linalg.norm(np.roll(track.centre_m, -1, 0) - track.centre_m, axis=1)
    assert np.ptp(steps) < 0.01
    assert 1 / np.abs(track.curvature).max() >= SMALLEST_RADIUS_M * 0.99
    assert abs(track.curvature.sum() * track.spacing_m) == pytest.approx(
        0.0 if name == "figure-eight" else 2 * np.pi, abs=0.01
    )


def test_a_seed_fixes_a_road() -> None:
    assert np.array_equal(parse_track("random:7").centre_m, parse_track("random:7").centre_m)
    assert not np.array_equal(parse_track("random:7").centre_m, parse_track("random:8").centre_m)


def test_random_roads_hold_straights_and_hairpins_and_turn_both_ways() -> None:
    tracks = [parse_track(f"random:{seed}") for seed in range(40)]
    straight = [np.mean(np.abs(track.curvature) < 0.15) for track in tracks]
    assert np.mean(np.array(straight) > 0.3) > 0.3
    assert sum(np.abs(track.curvature).max() > 1.2 for track in tracks) > 15
    assert (
        sum(track.curvature.max() > 0.5 and track.curvature.min() < -0.5 for track in tracks) > 15
    )
    assert {float(np.sign(track.curvature.sum())) for track in tracks} == {-1.0, 1.0}


def test_left_of_the_road_is_positive() -> None:
    track = parse_track("oval")
    x, y = track.centre_m[10] + 0.2 * track.normal[10]
    assert track.nearest(x, y) == 10
    assert track.cross_track_m(x, y, 10) == pytest.approx(0.2)


def test_a_car_on_a_crossing_stays_on_its_branch() -> None:
    track = parse_track("figure-eight")
    middle = np.argsort(np.hypot(*track.centre_m.T))
    first = int(middle[0])
    other = next(int(i) for i in middle if abs(int(i) - first) > 50)
    x, y = track.centre_m[other]
    assert abs(track.nearest(x, y, around=first) - first) < 20


def test_a_road_is_read_from_points(tmp_path: Path) -> None:
    path = tmp_path / "round.csv"
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    rows = "\n".join(f"{3 * np.cos(t):.3f},{2 * np.sin(t):.3f}" for t in turn)
    path.write_text(f"x_m,y_m\n{rows}\n")
    assert parse_track(str(path)).length_m == pytest.approx(15.9, abs=0.5)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("x,y\n1,2\n3,4\n", "at least 4 points"),
        ("1,2\n3,frog\n", "line 2"),
        ("0,0\n0.1,0\n0.1,0.1\n0,0.1\n", "around"),
        ("0,0\n4,0\n0,0.3\n4,0.3\n", "radius"),
    ],
)
def test_points_that_make_no_road_are_refused_by_name(
    tmp_path: Path, text: str, complaint: str
) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(SimulationError, match=complaint):
        parse_track(str(path))


@pytest.mark.parametrize("name", ["moebius", "random:x", "random:", "missing.csv"])
def test_an_unknown_road_is_refused_by_name(name: str) -> None:
    with pytest.raises(SimulationError, match=name.removesuffix(".csv")):
        parse_track(name)


def test_lists_of_roads_unfold() -> None:
    assert parse_tracks("oval, random:8-10") == ["oval", "random:8", "random:9", "random:10"]


@pytest.mark.parametrize("names", ["", ",", "random:9-7", "random:a-b"])
def test_a_bad_list_of_roads_is_refused(names: str) -> None:
    with pytest.raises(SimulationError):
        parse_tracks(names)
