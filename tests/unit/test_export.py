"""A trained network becomes a pilot file that drives alike, or nothing at all."""

import importlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from car.config import CameraConfig, Lens
from car.errors import PilotError
from car.frame import Frame
from car.pilots import network as network_pilot
from car.pilots.card import PilotCard, Scores, open_pilot_file
from car.pilots.network import NetworkPilot
from train.errors import TrainError

pytestmark = pytest.mark.filterwarnings("ignore")

HEIGHT_PX, WIDTH_PX = 48, 64


@dataclass
class Arrays:
    images: np.ndarray
    class_maps: np.ndarray | None
    speed_m_s: np.ndarray
    session: np.ndarray


def lesson():
    """A bright bar stands where the driver steers to; brightness says how fast."""
    from train.learning.dataset import Lesson

    rng = np.random.default_rng(0)
    count = 240
    steering = rng.uniform(-1, 1, count).astype(np.float32)
    throttle = rng.uniform(0.1, 0.5, count).astype(np.float32)
    images = np.zeros((count, HEIGHT_PX, WIDTH_PX, 3), np.uint8)
    maps = np.zeros((count, 24, 32), np.uint8)
    for row in range(count):
        column = int((steering[row] + 1) / 2 * (WIDTH_PX - 8))
        images[row] = int(60 + 200 * throttle[row])
        images[row, :, column : column + 8] = 255
        maps[row, :, column // 2 : column // 2 + 4] = 1
    arrays = Arrays(images, maps, np.full(count, np.nan), np.zeros(count, int))
    rows = np.arange(count)
    return Lesson("bars", arrays, None, steering, throttle, rows[:200], rows[200:])


@pytest.fixture(scope="module")
def fitted():
    from train.learning.batches import Variation
    from train.learning.fit import Budget, Fitter, Schedule

    plain = Variation(shifted=0.0, mirrored=0.0, light=0.0, delay_s=0.0)
    fitter = Fitter([lesson()], 0, plain, Schedule(batch=16))
    return fitter.fit(Budget(epochs=12), lambda epoch, share, speed: None)


@pytest.fixture(scope="module")
def exported(fitted, tmp_path_factory: pytest.TempPathFactory):
    from train.learning.export import Tolerance, export

    rough = Tolerance(steering_mae_share=0.05, steering_mae=0.005, class_map_miou=0.05)
    card = PilotCard(WIDTH_PX, HEIGHT_PX, Lens(), outputs=[])
    path = tmp_path_factory.mktemp("out") / "bars.tflite"
    return export(fitted, [lesson()], card, path, rough)


@pytest.fixture
def camera() -> CameraConfig:
    return CameraConfig(width_px=WIDTH_PX, height_px=HEIGHT_PX)


@pytest.fixture
def pilot(exported, camera: CameraConfig) -> NetworkPilot:
    return NetworkPilot(exported.path, camera)


@pytest.fixture
def without_runtimes() -> Iterator[None]:
    usual = network_pilot.RUNTIMES
    network_pilot.RUNTIMES = ("no_such_runtime.interpreter", "json.tool")
    yield
    network_pilot.RUNTIMES = usual


@pytest.mark.slow
def test_the_network_learns_steering_and_throttle_from_a_plain_picture(fitted) -> None:
    best = fitted.history[fitted.best_epoch - 1]
    assert best.held_out_steering_mae < 0.12
    assert best.held_out_throttle_r2 > 0.5


@pytest.mark.slow
def test_the_int8_pilot_is_as_good_as_the_float_network(exported) -> None:
    before, after = exported.card.scores_float, exported.card.scores_int8
    assert after.records == before.records == 40
    assert after.steering_mae <= before.steering_mae * 1.05 + 0.005
    assert after.class_map_miou >= before.class_map_miou - 0.05


@pytest.mark.slow
def test_raw_bytes_of_the_camera_go_in_as_they_are(exported) -> None:
    interpreter = importlib.import_module("ai_edge_litert.interpreter")
    flatbuffer = open_pilot_file(exported.path)[1]
    detail = interpreter.Interpreter(model_content=flatbuffer).get_input_details()[0]
    assert detail["dtype"] is np.uint8
    assert detail["quantization"] == (1.0, 0)


@pytest.mark.slow
def test_the_pilot_decides_with_uncertainty_and_class_map(pilot: NetworkPilot) -> None:
    decision = pilot.decide(Frame(lesson().recording.images[200], 0.0, 0))
    assert decision.command.steering == pytest.approx(lesson().steering[200], abs=0.3)
    assert 0.0 <= decision.steering_std < 1.0
    assert decision.class_map is not None
    assert decision.class_map.shape == (24, 32)
    assert decision.class_map.dtype == np.uint8


@pytest.mark.slow
def test_the_pilot_refuses_an_image_of_another_size(pilot: NetworkPilot) -> None:
    with pytest.raises(PilotError, match="shape"):
        pilot.decide(Frame(np.zeros((120, 160, 3), np.uint8), 0.0, 0))


@pytest.mark.slow
def test_a_camera_of_another_size_is_refused(exported) -> None:
    with pytest.raises(PilotError, match="64x48"):
        NetworkPilot(exported.path, CameraConfig())


@pytest.mark.slow
def test_without_a_runtime_the_error_says_what_to_install(
    exported, camera: CameraConfig, without_runtimes: None
) -> None:
    with pytest.raises(PilotError, match="pip install ai-edge-litert"):
        NetworkPilot(exported.path, camera)


class NotFinite:
    """An interpreter whose every output is nan."""

    def set_tensor(self, index: int, value: np.ndarray) -> None: ...

    def invoke(self) -> None: ...

    def get_tensor(self, index: int) -> np.ndarray:
        return np.array([[math.nan]], np.float32)


@pytest.mark.slow
def test_a_value_that_is_not_finite_never_leaves_the_pilot(pilot: NetworkPilot) -> None:
    pilot.interpreter = NotFinite()
    with pytest.raises(PilotError, match="nan"):
        pilot.decide(Frame(lesson().recording.images[0], 0.0, 0))


def test_a_worse_int8_network_is_refused_by_steering_and_by_class_map() -> None:
    from train.learning.export import check_parity

    before = Scores(2000, 0.05, 0.01, 0.9, 0.9, 0.90)
    check_parity(before, Scores(2000, 0.0509, 0.01, 0.9, 0.9, 0.896))
    with pytest.raises(TrainError, match="no pilot was written"):
        check_parity(before, Scores(2000, 0.0512, 0.01, 0.9, 0.9, 0.90))
    with pytest.raises(TrainError, match="mean IoU"):
        check_parity(before, Scores(2000, 0.05, 0.01, 0.9, 0.9, 0.894))


@pytest.mark.slow
def test_when_parity_is_bad_nothing_is_left_behind(fitted, tmp_path: Path) -> None:
    from train.learning.export import Tolerance, export

    card = PilotCard(WIDTH_PX, HEIGHT_PX, Lens(), outputs=[])
    impossible = Tolerance(steering_mae_share=-1.0, steering_mae=0.0)
    with pytest.raises(TrainError):
        export(fitted, [lesson()], card, tmp_path / "bars.tflite", impossible)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_converter_that_fails_is_reported_and_leaves_nothing(fitted, tmp_path: Path) -> None:
    from train.learning.export import run_converter

    with pytest.raises(TrainError, match="ended with"):
        run_converter(tmp_path / "no model", tmp_path / "out.tflite", tmp_path / "no frames")
    assert list(tmp_path.iterdir()) == []


def test_the_weights_leave_room_within_200_kilobytes() -> None:
    from train.learning.network import build_network

    assert build_network(120, 160).count_params() <= 100_000
