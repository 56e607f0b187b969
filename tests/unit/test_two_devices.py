"""Two devices learn what one would: a CPU split in two, in processes of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CHECKOUT = Path(__file__).resolve().parents[2]
SPLIT = """
import json, sys
from pathlib import Path
import numpy as np, tensorflow as tf, keras
from train.learning.devices import Devices
cpu = tf.config.list_physical_devices("CPU")[0]
halves = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(cpu, halves)
ONE, TWO = (), ("CPU:0", "CPU:1")
"""
STEPS = """
from tests.unit.test_export import lesson
from train.learning.batches import Variation
from train.learning.fit import Fitter
from train.learning.network import build_network

draw = np.random.default_rng(0)
maps = draw.integers(0, 5, (16, 24, 32)).astype(np.uint8)
maps[:5] = 255  # nearly all that is unknown falls to one of the two
examples = (
    draw.integers(0, 256, (16, 48, 64, 3)).astype(np.uint8),
    draw.uniform(-1, 1, 16).astype(np.float32),
    draw.normal(0, 1, 16).astype(np.float32),
    maps,
)

examples[1][2:7] = np.nan  # nobody drove there
losses = Fitter([lesson()], 0, Variation(0, 0, 0), devices=Devices(ONE, "float32", ""))._losses

def after_a_step(places, precision):
    "Weights before and after one step, and what the loss was made of; many gradients are clipped."
    keras.utils.set_random_seed(5)
    learner = Devices(places, precision, "").learner(
        lambda: build_network(48, 64), lambda: keras.optimizers.SGD(1.0, clipnorm=0.1), losses
    )
    before = learner.network.get_weights()
    made_of = learner.step(0.5, examples).numpy()
    return before, learner.network.get_weights(), made_of, learner

def apart(some, others):
    return max(float(np.abs(a - b).max()) for a, b in zip(some, others, strict=True))

def learned(weights):
    "Those that gradients move: no statistics of normalisation."
    variables = learner.network.variables
    return [w for w, v in zip(weights, variables, strict=True) if v.trainable]

start, one, loss, _ = after_a_step(ONE, "float32")
start_two, two, loss_two, _ = after_a_step(TWO, "float32")
_, mixed, loss_mixed, learner = after_a_step(TWO, "mixed_float16")
print(json.dumps({
    "starts_apart": apart(start, start_two),
    "moved": apart(learned(start), learned(one)),
    "apart": apart(one, two),
    "losses_apart": apart(loss, loss_two),
    "mixed_apart": apart(learned(one), learned(mixed)),
    "mixed_losses_apart": apart(loss, loss_mixed),
    "computes_in": sorted({layer.compute_dtype for layer in learner.network.layers}),
    "outputs": sorted({x.dtype.name for x in learner.network(tf.zeros((1, 48, 64, 3))).values()}),
    "weights": sorted({str(weights.dtype) for weights in mixed}),
}))
"""
WHOLE = """
from dataclasses import replace
from tests.unit.test_training_whole import plan, write_tub
from train.learning.checkpoints import Checkpoints
from train.learning.pilot import train_pilot
folder = Path(sys.argv[1])
tub, said = write_tub(folder / "garage"), []
devices = Devices(TWO, sys.argv[2], "two halves")
steps = Checkpoints(folder / "steps", 2)
trained = train_pilot(
    [tub], folder / "bars.tflite", plan(folder, 6, devices=devices, checkpoints=steps),
    lambda progress: said.append(progress.said) if progress.said else None,
)
twin = keras.models.load_model(trained.float_file, compile=False)
print(json.dumps({
    "said": said,
    "recipe": trained.card.recipe["trained_on"],
    "untaught": float(np.mean(np.abs(trained.exported.results.steering))),
    "float": trained.card.scores_float.steering_mae,
    "int8": trained.card.scores_int8.steering_mae,
    "twin_policies": sorted({layer.dtype_policy.name for layer in twin.layers}),
    "checkpoints": len(list((folder / "steps").glob("*.tflite"))),
}))
"""


def run(script: str, *arguments: str) -> dict:
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SPLIT + script, *arguments],
        capture_output=True, text=True, env=environment, check=False, timeout=550,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def steps() -> dict:
    return run(STEPS)


def test_two_devices_make_the_step_that_one_would_make_of_the_same_batch(steps: dict) -> None:
    assert steps["starts_apart"] == 0.0
    assert steps["moved"] > 1e-3
    assert steps["losses_apart"] < 1e-5
    assert steps["apart"] < 1e-4


def test_in_mixed_precision_losses_are_exact_and_weights_float32(steps: dict) -> None:
    assert steps["computes_in"] == ["float16", "float32"]
    assert steps["outputs"] == ["float32"]
    assert steps["weights"] == ["float32"]
    assert steps["mixed_losses_apart"] < 0.01
    assert steps["mixed_apart"] < 0.1 * steps["moved"]


def test_what_two_devices_learned_in_mixed_precision_becomes_an_ordinary_pilot(
    tmp_path: Path,
) -> None:
    found = run(WHOLE, str(tmp_path), "mixed_bfloat16")  # float16 takes a CPU minutes
    assert found["said"] == ["training on two halves"]
    assert found["recipe"] == "two halves"
    assert found["twin_policies"] == ["float32"]
    assert found["float"] < 0.5 * found["untaught"]
    assert found["int8"] == pytest.approx(found["float"], abs=0.02)
    assert found["checkpoints"] == 2
