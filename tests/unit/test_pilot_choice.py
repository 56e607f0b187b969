"""Any pilot by its name, and clear words for a name that is none."""

from pathlib import Path

import pytest

from car.cli import main
from car.config import CameraConfig, CarConfig
from car.errors import PilotError
from car.pilots.choice import network_of, open_pilot
from car.pilots.line_follower import LineFollower
from car.pilots.network import NetworkPilot
from car.pilots.planner import Planner
from car.pilots.shipped import SHIPPED_PILOT
from car.simulation.expert import Expert
from car.simulation.world import World, WorldSpec

CONFIG = CarConfig()


def test_each_name_opens_its_pilot() -> None:
    world = World(WorldSpec("oval"), CONFIG.camera)
    assert isinstance(open_pilot(str(SHIPPED_PILOT), CONFIG), NetworkPilot)
    assert isinstance(open_pilot("line", CONFIG), LineFollower)
    assert isinstance(open_pilot(f"planner:{SHIPPED_PILOT}", CONFIG), Planner)
    assert isinstance(open_pilot("expert", CONFIG, world), Expert)


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("lines", "there is no pilot 'lines': give NAME.tflite, line or planner:NAME.tflite"),
        ("expert", "knows only the simulated world"),
        ("planner", "planner:NAME.tflite"),
        ("planner:", "planner:NAME.tflite"),
        ("planner:line", "there is no pilot 'line'"),
        ("planner:missing.tflite", "cannot read the pilot missing.tflite"),
        ("missing.tflite", "cannot read the pilot missing.tflite"),
        ("", "there is no pilot ''"),
    ],
)
def test_a_wrong_name_says_what_there_is(word: str, words: str) -> None:
    with pytest.raises(PilotError, match=words.replace("'", ".")):
        open_pilot(word, CONFIG)


def test_a_planner_for_another_camera_is_refused_as_its_network_is() -> None:
    other = CarConfig(camera=CameraConfig(width_px=80, height_px=60))
    with pytest.raises(PilotError, match="160x120"):
        open_pilot(f"planner:{SHIPPED_PILOT}", other)


def test_the_file_of_a_pilot_is_known_by_its_name() -> None:
    assert network_of("planner:a.tflite") == network_of("a.tflite") == Path("a.tflite")
    assert network_of("line") is None


@pytest.mark.parametrize("where", [["drive", "--sim", "oval", "--pilot"], ["evaluate"]])
def test_commands_say_it_in_one_line(where: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*where, "lines"]) == 2
    told = capsys.readouterr().err.strip().splitlines()
    assert len(told) == 1
    assert "line or planner:NAME.tflite" in told[0]
