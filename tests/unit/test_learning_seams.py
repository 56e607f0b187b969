"""What a training can be told to do otherwise: steering head, objective, choice, split, draws."""

import math
from pathlib import Path

import msgspec
import numpy as np
import pytest

from car.config import CameraConfig, Lens
from car.frame import Frame
from car.pilots.card import HeldOut, PilotCard
from car.pilots.network import NetworkPilot
from tests.unit.test_export import HEIGHT_PX, WIDTH_PX, lesson
from train.learning.split import split_records


def epoch(**values: float):
    from train.learning.choice import Epoch

    usual = dict.fromkeys(Epoch.__struct_fields__, 0.1)
    return msgspec.convert({**usual, "epoch": 1, **values}, Epoch)


def test_bins_and_the_bare_value_read_back_the_steering_that_they_were_taught() -> None:
    from train.learning.steering_head import BinnedSteering, LinearSteering, two_hot

    steering = np.array([-1.0, -0.33, 0.0, 0.71, 1.0], np.float32)
    logits = np.log(np.maximum(two_hot(steering).numpy(), 1e-9))
    assert BinnedSteering().read(logits).numpy() == pytest.approx(steering, abs=1e-5)
    assert LinearSteering().read(steering[:, None]) == pytest.approx(steering)
    assert np.isnan(LinearSteering().spread(steering[:, None]).numpy()).all()
    assert (BinnedSteering().spread(logits).numpy() < 0.06).all()


def test_each_head_has_its_least_loss_where_it_says_the_truth() -> None:
    from train.learning.steering_head import BinnedSteering, LinearSteering, two_hot

    steering = np.array([-0.4, 0.25], np.float32)
    right = np.log(np.maximum(two_hot(steering).numpy(), 1e-9)), steering[:, None]
    wrong = right[0][::-1], right[1][::-1]
    for head, good, bad in zip((BinnedSteering(), LinearSteering()), right, wrong, strict=True):
        assert head.loss(good, steering).numpy() < head.loss(bad, steering).numpy()
    assert LinearSteering().loss(right[1] + 0.1, steering).numpy() == pytest.approx(0.01, rel=1e-3)


def test_a_network_tells_by_its_output_which_head_it_has() -> None:
    from train.learning.network import build_for_car, build_network, output_names
    from train.learning.steering_head import LinearSteering, head_of

    usual, bare = build_network(48, 64), build_network(48, 64, LinearSteering())
    assert head_of(usual).units == 21
    assert head_of(bare) == LinearSteering()
    assert sorted(build_for_car(usual, 48, 64, 0.0, 1.0).output) == output_names(usual)
    assert sorted(build_for_car(bare, 48, 64, 0.0, 1.0).output) == output_names(bare)
    assert "steering_std" not in output_names(bare)


def test_the_weights_kept_are_those_of_the_least_squared_error_when_that_is_asked_for() -> None:
    from train.learning.choice import Best, Choice, by_all_heads, by_squared_error

    class Network:
        def get_weights(self) -> list[str]:
            return ["new"]

    first = epoch(held_out_steering_rmse=0.2)
    second = epoch(held_out_steering_rmse=0.21, held_out_steering_mae=0.05)
    assert by_all_heads(second) < by_all_heads(first)
    best = Best(["old"], Choice(by_squared_error, settled=1.0))
    assert best.takes(first, Network())
    best.weights = ["first"]
    assert not best.takes(second, Network())
    assert best.weights == ["first"]


def test_blocks_of_no_length_hold_out_single_frames_for_ever_the_same() -> None:
    session, captured_s = np.repeat(np.arange(20), 50), np.tile(np.arange(50) / 20, 20)
    split = split_records(session, captured_s, HeldOut(block_s=0.0))
    assert split.kind == "frames"
    assert len(split.held_out) == 150
    assert len(set(split.train) | set(split.held_out)) == 1000
    assert len(np.unique(session[split.held_out])) > 15
    again = split_records(session, captured_s, HeldOut(block_s=0.0))
    assert np.array_equal(split.held_out, again.held_out)


def test_without_balance_all_records_are_drawn_alike() -> None:
    from train.learning.batches import ExampleMaker, Variation

    drive = lesson()
    drive.steering[:180] = 0.0
    share = []
    for balanced in (1.0, 0.0):
        variation = Variation(0.0, 0.0, 0.0, 0.0, balanced=balanced)
        batch = ExampleMaker([drive], variation, np.random.default_rng(0)).batch(2000)
        share.append(np.mean(batch.steering == 0.0))
    assert share[1] == pytest.approx(0.9, abs=0.02)
    assert share[0] < 0.8


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.timeout(600)
def test_the_bare_value_without_a_class_map_becomes_a_pilot_that_drives(tmp_path: Path) -> None:
    from train.learning.batches import Variation
    from train.learning.choice import Choice, by_squared_error
    from train.learning.export import Tolerance, export
    from train.learning.fit import Budget, Fitter, Schedule
    from train.learning.float_twin import FloatTwin, keep_float
    from train.learning.objective import Objective, Weights, squared
    from train.learning.steering_head import LinearSteering

    objective = Objective(LinearSteering(), squared, Weights(class_map=0.0))
    plain = Variation(0.0, 0.0, 0.0, 0.0, balanced=0.0)
    fitter = Fitter([lesson()], 0, plain, Schedule(batch=16), objective, Choice(by_squared_error))
    fitted = fitter.fit(Budget(epochs=14), lambda epoch, share, speed: None)
    card = PilotCard(WIDTH_PX, HEIGHT_PX, Lens(), outputs=[])
    anything = Tolerance(math.inf, math.inf, math.inf)
    exported = export(fitted, [lesson()], card, tmp_path / "bare.tflite", anything)
    assert exported.card.scores_int8.steering_mae < 0.15
    assert exported.card.outputs == ["class_map", "steering", "throttle"]
    pilot = NetworkPilot(exported.path, CameraConfig(width_px=WIDTH_PX, height_px=HEIGHT_PX))
    bright = np.full((HEIGHT_PX, WIDTH_PX, 3), 200, np.uint8)
    assert math.isnan(pilot.decide(Frame(bright, 0.0, 0)).steering_std)
    twin = FloatTwin(keep_float(fitted, tmp_path / "bare.keras"))
    says = twin.ask(lesson(), np.arange(10))
    assert says.bin_entropy is None
    assert np.isnan(says.steering_std).all()
