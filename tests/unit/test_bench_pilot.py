"""`everlap bench pilot`: what it counts, what it cuts, how it compares, and what it says."""

import json
import shutil
import sys
from pathlib import Path

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from car.bench.flatbuffer import Network, NetworkFacts
from car.bench.interleaved import WARMING, Timings, time_in_turns
from car.bench.pilot_figures import DecisionSpeed, DonkeycarSpeed, FormSpeed, PilotSpeed
from car.bench.pilot_table import pilot_table
from car.bench.spread import Spread
from car.cli import main
from car.errors import PilotError
from car.pilots.card import open_pilot_file
from car.pilots.network import start_runtime
from car.pilots.shipped import SHIPPED_PILOT
from train.bench.float_form import float_form
from train.errors import TrainError


class Builder:
    """Writes a small float model, operation by operation."""

    def __init__(self) -> None:
        self.model = schema.ModelT()
        self.model.version, self.model.operatorCodes, self.model.buffers = 3, [], [schema.BufferT()]
        self.graph = schema.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []

    def tensor(self, *shape: int, constant: bool = False) -> int:
        tensor = schema.TensorT()
        tensor.shape, tensor.name = list(shape), f"t{len(self.graph.tensors)}"
        if constant:
            buffer = schema.BufferT()
            buffer.data = np.zeros(int(np.prod(shape)) * 4, np.uint8)
            self.model.buffers.append(buffer)
            tensor.buffer = len(self.model.buffers) - 1
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def add(self, name: str, inputs: list[int], *shape: int) -> int:
        code, operation = schema.OperatorCodeT(), schema.OperatorT()
        code.builtinCode = getattr(schema.BuiltinOperator, name)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        self.model.operatorCodes.append(code)
        operation.opcodeIndex = len(self.model.operatorCodes) - 1
        output = self.tensor(*shape)
        operation.inputs, operation.outputs = inputs, [output]
        self.graph.operators.append(operation)
        return output

    def flatbuffer(self, inputs: list[int], outputs: dict[str, int]) -> bytes:
        signature = schema.SignatureDefT()
        signature.signatureKey, signature.inputs, signature.outputs = "serving_default", [], []
        for name, index in outputs.items():
            entry = schema.TensorMapT()
            entry.name, entry.tensorIndex = name, index
            signature.outputs.append(entry)
        self.graph.inputs, self.graph.outputs = inputs, list(outputs.values())
        self.model.subgraphs, self.model.signatureDefs = [self.graph], [signature]
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def small_network() -> bytes:
    """8x8x3, convolved to 4x4x5; from that two numbers, and a map at 8x8 by two more layers."""
    build = Builder()
    image = build.tensor(1, 8, 8, 3)
    trunk = build.add(
        "CONV_2D",
        [image, build.tensor(5, 3, 3, 3, constant=True), build.tensor(5, constant=True)],
        *(1, 4, 4, 5),
    )
    steering = build.add(
        "FULLY_CONNECTED", [trunk, build.tensor(2, 80, constant=True), -1], *(1, 2)
    )
    wide = build.add(
        "DEPTHWISE_CONV_2D", [trunk, build.tensor(1, 3, 3, 5, constant=True), -1], *(1, 4, 4, 5)
    )
    shape = build.tensor(4, constant=True)
    chart = build.add(
        "TRANSPOSE_CONV", [shape, build.tensor(7, 2, 2, 5, constant=True), wide], *(1, 8, 8, 7)
    )
    return build.flatbuffer([image], {"steering": steering, "class_map": chart})


def test_weights_and_multiply_adds_of_every_layer_are_counted() -> None:
    flatbuffer = small_network()
    facts = Network(flatbuffer).facts
    assert facts.parameters == 5 * 27 + 5 + 160 + 45 + 140
    assert facts.multiply_adds == 80 * 27 + 160 + 80 * 9 + 16 * 140
    assert facts.activation_bytes == 4 * (2 + 80 + 448)  # while the map is made
    assert (facts.operations, facts.file_bytes) == (4, len(flatbuffer))


def test_a_network_without_an_output_lacks_all_that_only_the_output_needs() -> None:
    cut = Network(Network(small_network()).without("class_map"))
    assert cut.outputs == ["steering"]
    assert cut.facts.operations == 2
    assert cut.facts.multiply_adds == 80 * 27 + 160
    assert cut.facts.parameters == 5 * 27 + 5 + 160
    assert cut.facts.file_bytes < len(small_network()) - 4 * 185


def test_the_only_output_cannot_be_spared() -> None:
    cut = Network(small_network()).without("class_map")
    with pytest.raises(PilotError, match="no output steering to spare"):
        Network(cut).without("steering")
    with pytest.raises(PilotError, match="no output horizon"):
        Network(small_network()).without("horizon")


def test_bytes_that_are_no_network_are_refused() -> None:
    with pytest.raises(PilotError, match="not a TFLite network"):
        Network(b"PK\x03\x04 something else")


def answers(flatbuffer: bytes, image: np.ndarray) -> dict[str, np.ndarray]:
    interpreter = start_runtime(SHIPPED_PILOT, flatbuffer)
    names = interpreter.get_signature_list()["serving_default"]["outputs"]
    runner = interpreter.get_signature_runner("serving_default")
    return {name: np.copy(value) for name, value in runner(image=image).items() if name in names}


def test_without_its_class_map_the_shipped_network_steers_the_same() -> None:
    _, flatbuffer = open_pilot_file(SHIPPED_PILOT)
    network = Network(flatbuffer)
    image = np.random.default_rng(1).integers(0, 256, (1, 120, 160, 3), np.uint8)
    whole, cut = answers(flatbuffer, image), answers(network.without("class_map"), image)
    assert set(whole) - set(cut) == {"class_map"}
    for name, value in cut.items():
        np.testing.assert_array_equal(value, whole[name])
    assert Network(network.without("class_map")).facts.operations < network.facts.operations


class Told:
    """A clock that moves when somebody works."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.order: list[str] = []

    def work(self, name: str, seconds: float) -> None:
        self.order.append(name)
        self.now_s += seconds


def test_things_are_timed_in_turns_back_and_forth_and_warming_up_does_not_count() -> None:
    told = Told()
    things = {
        "quick": lambda: told.work("quick", 0.001),
        "slow": lambda: told.work("slow", 0.003 if len(told.order) > WARMING else 1.0),
    }
    found = time_in_turns(things, 3, 4, clock=lambda: told.now_s)
    assert found.timings("slow").p50_ms.highest == pytest.approx(3.0)
    each = WARMING + 4
    names = [told.order[place] for place in range(0, 6 * each, each)]
    assert names == ["quick", "slow", "slow", "quick", "quick", "slow"]
    assert found.ratio("slow", "quick").median == pytest.approx(3.0)


def given_figures(with_head: bool = True) -> DecisionSpeed:
    timings = Timings(Spread(0.5, 0.4, 0.6), Spread(0.9, 0.7, 1.1))
    form = FormSpeed(timings, NetworkFacts(125_000, 93_000, 7_520_000, 115_000, 58))
    ratio = Spread(1.24, 1.2, 1.3) if with_head else None
    pilot = PilotSpeed(
        pilot="somewhere/mine.tflite",
        bare=form,
        decide=timings,
        headless=form if with_head else None,
        float_form=None,
        float_headless=None,
        decide_ratio=Spread(1.02, 1.0, 1.1),
        head_ratio=ratio,
        float_head_ratio=None,
        float_ratio=None,
        donkeycar_ratio=Spread(5.5, 5.0, 6.0),
        donkeycar_to_decide_ratio=None,
        donkeycar_float_ratio=None,
        donkeycar_int8_ratio=None,
    )
    return DecisionSpeed(20, 50, (0.5, 0.7), [pilot], DonkeycarSpeed("5.4.0", form, form))


def test_the_table_tells_what_was_asked_and_leaves_out_what_was_not_measured() -> None:
    shown = pilot_table(given_figures())
    assert "mine.tflite\n" in shown
    assert "1.24 (1.20 to 1.30)   [at most 1.25]" in shown
    assert "5.50 (5.00 to 6.00)   [at least 5]" in shown
    assert "7.52 M multiply-adds" in shown
    assert "load of the machine 0.5 before, 0.7 after" in shown
    assert "  float / int8" not in shown
    assert "class map" not in pilot_table(given_figures(with_head=False))


def test_a_pilot_without_a_float_network_beside_it_says_so(tmp_path: Path) -> None:
    pilot = Path(shutil.copy(SHIPPED_PILOT, tmp_path / "mine.tflite"))
    with pytest.raises(TrainError, match=r"mine\.keras is not there"):
        float_form(pilot, tmp_path / "float.tflite")


def test_the_shipped_pilot_is_measured_in_a_few_rounds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "figures.json"
    assert main(["bench", "pilot", "--rounds", "2", "--calls", "10", "--json", str(out)]) == 0
    figures = json.loads(out.read_text())
    (pilot,) = figures["pilots"]
    assert pilot["bare"]["timings"]["p50_ms"]["lowest"] > 0
    assert pilot["headless"]["facts"]["multiply_adds"] < pilot["bare"]["facts"]["multiply_adds"]
    assert pilot["head_ratio"]["median"] > 0
    assert (pilot["donkeycar_ratio"], figures["donkeycar"]) == (None, None)
    said = capsys.readouterr()
    assert "as the car calls it" in said.out
    assert "float form not measured" in said.err


def test_what_cannot_be_measured_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "pilot", str(tmp_path / "none.tflite")]) == 2
    assert "cannot read the pilot" in capsys.readouterr().err
    words = ["bench", "pilot", "--rounds", "1", "--calls", "10", "--donkeycar"]
    assert main([*words, str(tmp_path / "python")]) == 2
    assert "cannot be run" in capsys.readouterr().err
    assert main([*words, sys.executable]) == 2
    assert "donkeycar" in capsys.readouterr().err.splitlines()[-1]
    assert main(["bench", "pilot", "--calls", "1"]) == 2
    assert main(["bench", "what"]) == 2


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore")
def test_the_float_form_is_the_network_and_cutting_is_as_good_as_converting_anew(
    tmp_path: Path,
) -> None:
    import keras
    import tensorflow as tf

    from train.learning.network import build_for_car, build_network

    pilot = Path(shutil.copy(SHIPPED_PILOT, tmp_path / "mine.tflite"))
    network = build_network(120, 160)
    network.save(tmp_path / "mine.keras")
    found = float_form(pilot, tmp_path / "float.tflite").read_bytes()
    whole = build_for_car(network, 120, 160, 0.0, 1.0)
    image = np.random.default_rng(1).integers(0, 256, (1, 120, 160, 3)).astype(np.float32)
    np.testing.assert_allclose(
        answers(found, image)["steering"], whole(image)["steering"], atol=1e-5
    )
    outputs = {name: value for name, value in whole.output.items() if name != "class_map"}
    keras.Model(whole.input, outputs).export(str(tmp_path / "headless"), verbose=False)
    anew = tf.lite.TFLiteConverter.from_saved_model(str(tmp_path / "headless")).convert()
    cut, converted = Network(Network(found).without("class_map")).facts, Network(anew).facts
    assert cut.operations == converted.operations
    assert cut.multiply_adds == converted.multiply_adds < Network(found).facts.multiply_adds
    assert cut.parameters == converted.parameters
