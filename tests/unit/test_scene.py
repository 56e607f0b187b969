import numpy as np
import pytest

from car.errors import SimulationError
from car.frame import RoadClass
from car.simulation import atlas
from car.simulation.clutter import CLEARANCE_M
from car.simulation.dice import Dice
from car.simulation.looks import choose_look
from car.simulation.scene import FOREIGN, INVENTED, SURFACES, Scene
from car.simulation.tracks import parse_track


def class_at(scene, points_m):
    """The classes painted on the ground at points (n, 2)."""
    plot = scene.plot
    start, stride = scene.atlas.table[atlas.GROUND][:2]
    column, row = ((points_m - [plot.left_m, plot.bottom_m]) * plot.density_px_m).astype(int).T
    return scene.atlas.flat[start + row * stride + column] >> 24


@pytest.fixture(scope="module")
def oval():
    return parse_track("oval")


@pytest.mark.parametrize("surface", [*SURFACES, INVENTED, *FOREIGN])
def test_every_surface_has_a_road_and_ground_beside_it(oval, surface):
    scene = Scene(oval, surface, seed=1, level=0.5)
    between = oval.centre_m + 0.25 * oval.width_m * oval.normal
    beside = oval.centre_m + (oval.width_m / 2 + 0.35) * oval.normal
    assert (class_at(scene, between) == RoadClass.ROAD).all()
    assert (class_at(scene, beside) == RoadClass.GROUND).all()


def test_edge_lines_lie_inside_the_edges_of_a_taped_road(oval):
    scene = Scene(oval, "tape-tile", seed=3, level=0.0)
    tape = scene.look.stripes[0]
    on_tape = oval.centre_m + tape.offset_m * oval.normal
    assert tape.offset_m + tape.width_m / 2 == pytest.approx(oval.width_m / 2)
    assert (class_at(scene, on_tape) == RoadClass.LINE).all()


def test_no_line_is_painted_inside_a_crossing():
    track = parse_track("figure-eight")
    scene = Scene(track, "two-lanes", seed=5, level=0.5)
    number = np.arange(len(track))
    apart = np.abs(number[:, None] - number)
    apart = np.minimum(apart, len(track) - apart) * track.spacing_m
    distance = np.linalg.norm(track.centre_m[:, None] - track.centre_m, axis=2)
    distance[apart < 2 * track.width_m] = np.inf
    middle = track.centre_m[np.unravel_index(distance.argmin(), distance.shape)[0]]
    ring = np.linspace(0, 2 * np.pi, 60)
    for radius in (0.0, 0.1, 0.2, 0.3):
        around = middle + radius * np.column_stack([np.cos(ring), np.sin(ring)])
        assert (class_at(scene, around) == RoadClass.ROAD).all()


@pytest.mark.parametrize("surface", ["asphalt", "tape-wood", "dirt"])
def test_nothing_stands_on_the_road_or_at_its_edge(surface):
    for seed in range(3):
        track = parse_track(f"random:{seed}")
        scene = Scene(track, surface, seed, level=1.0)
        assert scene.clutter.things
        for thing in scene.clutter.things:
            away = np.hypot(*(track.centre_m - [thing.x_m, thing.y_m]).T).min()
            assert away >= track.width_m / 2 + CLEARANCE_M


def test_a_seed_fixes_the_whole_scene(oval):
    one, same, other = (Scene(oval, "asphalt", seed, 1.0) for seed in (7, 7, 8))
    assert np.array_equal(one.atlas.flat, same.atlas.flat)
    assert one.clutter.things == same.clutter.things
    assert (
        one.atlas.flat.shape != other.atlas.flat.shape or (one.atlas.flat != other.atlas.flat).any()
    )


def test_roads_differ_more_at_a_higher_level():
    def spread(level):
        dice = [Dice(np.random.default_rng(seed), level) for seed in range(8)]
        return np.std([choose_look("asphalt", 0.9, one).road_colour for one in dice], axis=0).sum()

    assert spread(0.0) == 0.0
    assert spread(0.5) > 5.0
    assert spread(1.0) > 10.0


def test_an_unknown_surface_is_refused_by_naming_the_known_ones(oval):
    with pytest.raises(SimulationError, match=r"unknown surface 'lava'.*asphalt.*dirt"):
        Scene(oval, "lava", seed=0)


@pytest.mark.parametrize(("seed", "level"), [(-1, 0.5), (0, -0.1), (0, 1.1), (0, float("nan"))])
def test_seeds_and_levels_out_of_range_are_refused(oval, seed, level):
    with pytest.raises(SimulationError, match="must be"):
        Scene(oval, "dirt", seed, level)


def test_invented_places_differ_and_have_no_road_and_ground_of_a_foreign_one(oval):
    looks = [
        choose_look(INVENTED, oval.width_m, Dice(np.random.default_rng(seed), 0.7))
        for seed in range(200)
    ]
    pairs = {(look.road, look.ground) for look in looks}
    assert len(pairs) > 40
    assert not pairs & {(kind.road, kind.ground) for kind in FOREIGN.values()}


def test_an_invented_road_without_lines_can_be_told_from_the_ground_beside_it(oval):
    for seed in range(200):
        look = choose_look(INVENTED, oval.width_m, Dice(np.random.default_rng(seed), 1.0))
        assert look.stripes or np.abs(look.road_colour - look.ground_colour).max() > 40.0


def test_a_dirt_road_can_be_told_from_the_earth_beside_it(oval):
    looks = [
        choose_look("dirt", oval.width_m, Dice(np.random.default_rng(seed), 1.0))
        for seed in range(300)
    ]
    on_earth = [look for look in looks if look.road is look.ground]
    assert len(on_earth) > 30
    for look in on_earth:
        assert np.abs(look.road_colour - look.ground_colour).max() >= 45.0
