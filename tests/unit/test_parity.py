"""The int8 pilot beside its float network: same worlds, ratio with interval, verdict."""

import math
from pathlib import Path

import msgspec
import numpy as np
import pytest

from car.config import CameraConfig
from car.errors import PilotError
from car.frame import Frame
from car.pilots.card import read_card
from car.pilots.network import NetworkPilot
from tests.unit.test_evaluate import EPISODE
from tests.unit.test_export import HEIGHT_PX, WIDTH_PX, exported, fitted, lesson  # noqa: F401
from train.driving.episodes import Driven
from train.parity.compare import compare
from train.parity.text import lines

CAMERA = CameraConfig(width_px=WIDTH_PX, height_px=HEIGHT_PX)


def driven(errors_m: list[float], laps_done: int = 10) -> list[Driven]:
    """An episode on a road of its own for each error."""
    return [
        Driven(str(world), "nominal", None, msgspec.structs.replace(
            EPISODE, look_seed=world, cross_track_rmse_m=error_m, laps_done=laps_done),
            [], (1.0, 2.0))
        for world, error_m in enumerate(errors_m)
    ]  # fmt: skip


def test_errors_that_are_alike_with_the_same_laps_are_no_fault() -> None:
    found = compare(driven([0.101, 0.1, 0.051]), driven([0.1, 0.101, 0.05]))
    assert found.faults == []
    ratio = found.cross_track_rmse_ratio
    assert ratio.value == pytest.approx(0.252 / 0.251)
    assert ratio.low < 1.0 < ratio.high
    assert any("int8 / float: 1.004 (95 %" in line for line in lines(found))


def test_an_error_beyond_two_per_cent_and_laps_that_differ_are_faults() -> None:
    worse = compare(driven([0.11, 0.1]), driven([0.1, 0.1]))
    assert len(worse.faults) == 1
    assert "1.050 times" in worse.faults[0]
    better = compare(driven([0.1, 0.1]), driven([0.11, 0.1]))
    assert "0.952 times" in better.faults[0]
    fewer = compare(driven([0.1, 0.1], 9), driven([0.1, 0.1]))
    assert fewer.faults == ["int8 did 18 laps, float 20, of 20, or not on the same roads"]


def test_one_road_has_no_interval() -> None:
    found = compare(driven([0.1]), driven([0.1]))
    assert math.isnan(found.cross_track_rmse_ratio.low)
    assert lines(found)[-1] == "cross-track error, int8 / float: 1.000"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.timeout(600)
def test_the_float_pilot_says_what_the_float_network_says_and_is_made_once(
    exported,  # noqa: F811
    fitted,  # noqa: F811
    tmp_path: Path,
) -> None:
    from train.learning.float_pilot import float_pilot
    from train.learning.float_twin import FloatTwin, keep_float

    network = keep_float(fitted, tmp_path / "bars.keras")
    path = float_pilot(exported.path, network, tmp_path / "float.tflite")
    before = path.stat().st_mtime_ns
    assert float_pilot(exported.path, network, path) == path
    assert path.stat().st_mtime_ns == before
    assert read_card(path).scores_int8 is None
    drive, rows = lesson(), np.arange(20)
    says = FloatTwin(network).ask(drive, rows)
    floating, int8 = NetworkPilot(path, CAMERA), NetworkPilot(exported.path, CAMERA)
    frames = [Frame(np.ascontiguousarray(drive.recording.images[row]), 0.0, row) for row in rows]
    commands = np.array([floating.decide(frame).command for frame in frames])
    quantized = np.array([int8.decide(frame).command for frame in frames])
    assert commands[:, 0] == pytest.approx(np.clip(says.steering, -1, 1), abs=2e-4)
    assert commands[:, 1] == pytest.approx(says.throttle, abs=2e-4)
    assert not np.array_equal(commands, quantized)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_float_network_that_is_not_there_or_is_another_file_is_named(
    exported,  # noqa: F811
    tmp_path: Path,
) -> None:
    from train.learning.float_pilot import float_pilot

    with pytest.raises(PilotError, match="--network"):
        float_pilot(exported.path, tmp_path / "no.keras", tmp_path / "out.tflite")
    (tmp_path / "odd.keras").write_bytes(b"odd")
    with pytest.raises(PilotError, match=r"odd\.keras is not the float network"):
        float_pilot(exported.path, tmp_path / "odd.keras", tmp_path / "out.tflite")
    assert not (tmp_path / "out.tflite").exists()
