"""The Gymnasium face of the simulator."""

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from car.errors import SimulationError
from car.simulation.env import EverlapEnv
from car.simulation.expert import Expert


@pytest.mark.filterwarnings("ignore:.*spec.*:UserWarning")
@pytest.mark.filterwarnings("ignore:.*render.*:UserWarning")
def test_gymnasiums_own_checker_is_content() -> None:
    check_env(EverlapEnv(worlds=1, look=0.2), skip_render_check=False)


def test_a_seed_and_options_fix_an_episode() -> None:
    env = EverlapEnv(worlds=2, look=0.2)
    options = {"track": "oval", "surface": "dirt", "world": 4}
    first, info = env.reset(seed=3, options=options)
    again, _ = env.reset(seed=3, options=options)
    assert np.array_equal(first["image"], again["image"])
    assert info["label"].shape == (120, 160)


def test_the_expert_earns_a_lap_and_a_parked_car_earns_nothing() -> None:
    env = EverlapEnv("oval", worlds=1, look=0.0, max_steps=400)
    env.reset(seed=1)
    expert, earned, done = Expert(env.world), 0.0, False
    while not done:
        _, reward, off, done, info = env.step(np.array(expert.command(), np.float32))
        assert not off
        earned += reward
    assert info["lap"] >= 1
    assert earned == pytest.approx(info["progress"] * env.world.track.length_m, rel=0.01)
    env.reset(seed=1)
    assert sum(env.step(np.zeros(2, np.float32))[1] for _ in range(40)) == 0.0


def test_leaving_the_road_ends_the_episode() -> None:
    env = EverlapEnv("oval", worlds=1, look=0.0)
    env.reset(seed=1)
    for _ in range(200):
        _, reward, off, _, info = env.step(np.array([1.0, 0.4], np.float32))
        if off:
            break
    assert off
    assert reward < 0
    assert info["off_track_count"] == 1


@pytest.mark.parametrize(
    "options", [{"track": "nowhere"}, {"surface": "lava"}, {"look": 2.0}, {"car": -1.0}]
)
def test_an_unknown_world_is_refused_by_name(options: dict[str, object]) -> None:
    env = EverlapEnv(worlds=1)
    with pytest.raises(SimulationError, match=str(next(iter(options.values())))):
        env.reset(seed=1, options=options)
