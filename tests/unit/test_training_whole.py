"""A whole training on a small tub: pilot, float twin, report, history, checkpoints, Ctrl-C."""

import math
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from tubs.record import Record
from tubs.writer import TubWriter

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.timeout(600),
]

HEIGHT, WIDTH, RECORDS = 48, 64, 480


def write_tub(folder: Path, steering=lambda number: math.sin(number / 17.0)) -> Path:
    """A bar stands where the driver steers to."""
    with TubWriter(folder, session="session-0000") as writer:
        for number in range(RECORDS):
            value = steering(number)
            image = np.full((HEIGHT, WIDTH, 3), 60, np.uint8)
            column = int((value + 1) / 2 * 56)
            cv2.rectangle(image, (column, 0), (column + 8, HEIGHT), (255, 255, 255), -1)
            at_s = 10.0 + number * 0.05
            writer.append(
                Record(image, at_s, at_s + 0.03, value, 0.3 + 0.1 * abs(value), mode="human",
                       human_steering=value, human_throttle=0.3 + 0.1 * abs(value))
            )  # fmt: skip
    return folder


def plan(folder: Path, epochs: int = 2, **values):
    from train.learning.batches import Variation
    from train.learning.fit import Budget, Schedule
    from train.learning.pilot import Plan

    return Plan(
        budget=Budget(epochs=epochs),
        schedule=Schedule(batch=16),
        variation=Variation(shifted=0.0, mirrored=0.0, light=0.0),
        cache=folder / "cache",
        **values,
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory):
    """A training with two checkpoints; the tub grows marks while it is learned from."""
    from train.learning.checkpoints import Checkpoints
    from train.learning.pilot import train_pilot

    folder = tmp_path_factory.mktemp("trained")
    tub = write_tub(folder / "garage")

    def meddle(progress) -> None:
        if progress.stage == "fit":
            (tub / "marks.jsonl").touch()

    steps = Checkpoints(folder / "steps", 2)
    return train_pilot([tub], folder / "bars.tflite", plan(folder, 8, checkpoints=steps), meddle)


def test_a_training_leaves_pilot_float_network_epochs_and_history(trained) -> None:
    from train.learning.history import NAME, read

    (line,), unreadable = read(trained.pilot.with_name(NAME))
    assert unreadable == 0
    assert line.pilot == "bars.tflite"
    assert line.tubs == trained.card.tubs
    assert line.sha256 == trained.card.sha256 != ""
    assert line.epochs == 8
    assert line.scores_int8 == trained.card.scores_int8
    assert trained.float_file.is_file()
    assert trained.history_file.is_file()


def test_a_tub_that_changed_meanwhile_is_named_on_card_and_in_history(trained) -> None:
    assert "marks.jsonl is new" in trained.tubs_changed[0]
    assert "marks.jsonl is new" in str(trained.card.recipe["tubs_changed"])


def test_the_float_twin_says_what_the_network_said_in_units_of_throttle(trained) -> None:
    from train.learning.float_twin import FloatTwin

    lesson = trained.curriculum.lessons[0]
    says = FloatTwin(trained.float_file).ask(lesson, lesson.held_out)
    before = trained.exported.float_results
    assert says.steering == pytest.approx(before.steering_guess, abs=1e-4)
    assert says.throttle == pytest.approx(before.throttle_guess, abs=1e-4)
    assert says.bin_entropy is not None


def test_a_damaged_float_twin_is_refused(tmp_path: Path) -> None:
    from car.errors import PilotError
    from train.learning.float_twin import FloatTwin

    path = tmp_path / "a.keras"
    path.write_bytes(b"not a network")
    with pytest.raises(PilotError, match="not a float network"):
        FloatTwin(path)


def test_checkpoints_are_pilots_from_along_the_way(trained) -> None:
    from car.pilots.card import read_card

    folder = trained.pilot.with_name("steps")
    files = sorted(folder.glob("*.tflite"))
    shares = [read_card(path).recipe["trained_share"] for path in files]
    assert len(files) == len(list(folder.glob("*.keras"))) == 2
    assert shares[0] == pytest.approx(0.5, abs=0.05)
    assert shares[1] == pytest.approx(1.0, abs=0.05)
    assert len({read_card(path).sha256 for path in files}) == 2


def test_the_score_knows_the_tub_and_measures_the_float_network_beside(trained) -> None:
    from train.scoring.scoring import score_tubs

    tub = trained.pilot.with_name("garage")
    (score,) = score_tubs(str(trained.pilot), [tub], trained.pilot.with_name("cache"))
    assert score.pilot_trained_on_it
    assert score.float_network.source == "bars.keras"
    assert score.split.held_out_records == len(trained.curriculum.lessons[0].held_out)
    assert score.mae == pytest.approx(trained.card.scores_int8.steering_mae, abs=1e-4)


def test_the_report_is_one_page_that_loads_nothing(trained) -> None:
    from train.report.pilot_report import write_pilot_report

    path = trained.pilot.with_suffix(".html")
    said = write_pilot_report(path, trained, "everlap train '<garage>'")
    page = path.read_text("utf-8")
    assert said in page
    assert "<garage>" not in page
    assert "nan" not in re.sub(r"data:[^\"]*", "", page).split()
    assert "What a random split would have claimed" in page
    assert "A tub changed while it was learned from." in page
    assert not re.search(r"<script|<link|@import|https?://(?!www\.w3\.org)", page)


def test_one_steering_value_is_refused_with_advice_and_leaves_nothing(tmp_path: Path) -> None:
    from train.errors import DatasetError
    from train.learning.pilot import train_pilot

    tub = write_tub(tmp_path / "straight", lambda number: 0.0)
    with pytest.raises(DatasetError, match=r"steer \+0\.00.*record a drive with turns"):
        train_pilot([tub], tmp_path / "still.tflite", plan(tmp_path))
    assert not list(tmp_path.glob("still*"))


def test_ctrl_c_keeps_the_best_epoch_until_then(tmp_path: Path) -> None:
    from train.learning.history import NAME, read
    from train.learning.pilot import train_pilot

    seen = []

    def interrupt(progress) -> None:
        if progress.epoch is not None:
            seen.append(progress.epoch)
        if len(seen) == 2 and progress.epoch is None and progress.stage == "fit":
            seen.append(None)
            raise KeyboardInterrupt

    tub = write_tub(tmp_path / "garage")
    trained = train_pilot([tub], tmp_path / "bars.tflite", plan(tmp_path, 50), interrupt)
    assert trained.interrupted
    assert len(trained.history) == 2
    assert trained.pilot.is_file()
    assert trained.card.recipe["interrupted_in_epoch"] == 3
    assert read(tmp_path / NAME)[0][0].interrupted


class Cramped:
    """Devices whose memory holds so many examples, after some steps with room for all."""

    name, line = "a small GPU", "training on a small GPU"

    def __init__(self, room: int, after: int = 0) -> None:
        self.room, self.after, self.parts = room, after, 1

    def learner(self, *parts):
        from train.learning.devices import Devices

        self.real = Devices((), "float32", "").learner(*parts)
        self.network = self.real.network
        return self

    def step(self, rate, examples):
        import tensorflow as tf

        if self.after <= 0 and len(examples[0]) > self.room:
            raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")
        self.after -= 1
        return self.real.step(rate, examples)


def test_a_gpu_that_runs_out_of_memory_goes_on_with_smaller_steps(tmp_path: Path) -> None:
    from train.learning.pilot import train_pilot

    said = []
    tub = write_tub(tmp_path / "garage")
    trained = train_pilot(
        [tub], tmp_path / "bars.tflite", plan(tmp_path, 3, devices=Cramped(8, after=5)),
        lambda progress: said.append(progress.said) if progress.said else None,
    )  # fmt: skip
    assert said == [
        "training on a small GPU",
        "out of memory with 16 examples a step: going on with 8",
    ]
    assert trained.card.recipe["batch_after_memory_ran_out"] == 8
    assert (trained.failure, trained.interrupted, len(trained.history)) == ("", False, 3)


def test_when_no_memory_is_left_the_best_epoch_until_then_is_kept(tmp_path: Path) -> None:
    from train.commands.train import complain
    from train.errors import TrainError
    from train.learning.history import NAME, read
    from train.learning.pilot import train_pilot

    tub = write_tub(tmp_path / "garage")
    wanted = plan(tmp_path, 8, devices=Cramped(0, after=60))
    trained = train_pilot([tub], tmp_path / "bars.tflite", wanted)
    assert 0 < len(trained.history) < 8
    assert trained.pilot.is_file()
    assert "out of memory even with" in str(trained.card.recipe["failure"])
    assert read(tmp_path / NAME)[0][0].interrupted
    with pytest.raises(TrainError, match=r"out of memory even.*is kept in .*bars\.tflite") as found:
        complain(trained)
    assert found.value.exit_code == 1


def test_when_memory_runs_out_before_anything_was_learned_nothing_is_left(tmp_path: Path) -> None:
    from train.errors import TrainError
    from train.learning.pilot import train_pilot

    tub = write_tub(tmp_path / "garage")
    with pytest.raises(TrainError, match="out of memory even with 8 examples a step"):
        train_pilot([tub], tmp_path / "bars.tflite", plan(tmp_path, devices=Cramped(0)))
    assert not list(tmp_path.glob("*bars*"))


def test_ctrl_c_before_anything_was_learned_leaves_nothing(tmp_path: Path) -> None:
    from train.learning.pilot import train_pilot

    def interrupt(progress) -> None:
        if progress.stage == "fit":
            raise KeyboardInterrupt

    tub = write_tub(tmp_path / "garage")
    with pytest.raises(KeyboardInterrupt):
        train_pilot([tub], tmp_path / "bars.tflite", plan(tmp_path), interrupt)
    assert not list(tmp_path.glob("bars*"))


KILLED = """
import sys
from pathlib import Path
from tests.unit.test_training_whole import plan
from train.learning.pilot import train_pilot
folder = Path(sys.argv[1])
train_pilot([folder / "garage"], folder / "bars.tflite", plan(folder, 1))
"""


def somebody_is_left(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("killed_by", [signal.SIGKILL, signal.SIGTERM])
def test_a_training_that_is_killed_leaves_nothing_half_written(
    tmp_path: Path, killed_by: signal.Signals
) -> None:
    write_tub(tmp_path / "garage")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    search = {"PYTHONPATH": str(Path(__file__).resolve().parents[2]), "TMPDIR": str(elsewhere)}
    command = [sys.executable, "-W", "ignore", "-c", KILLED, str(tmp_path)]
    process = subprocess.Popen(
        command, env={**os.environ, **search}, stderr=subprocess.DEVNULL, start_new_session=True
    )
    until_s = time.monotonic() + 500
    while not any(elsewhere.glob("everlap-*/frames.npy")):
        assert process.poll() is None
        assert time.monotonic() < until_s
        time.sleep(0.02)
    process.send_signal(killed_by)
    assert process.wait(60) == -killed_by
    while somebody_is_left(process.pid):  # the converter may outlive it
        assert time.monotonic() < until_s
        time.sleep(0.1)
    assert sorted(path.name for path in tmp_path.glob("*bars*")) == ["bars.keras"]


def test_a_folder_with_checkpoints_of_another_training_is_refused_at_once(tmp_path: Path) -> None:
    from train.learning.checkpoints import Checkpoints
    from train.learning.pilot import train_pilot
    from tubs.errors import OutputError

    steps = tmp_path / "steps"
    steps.mkdir()
    (steps / "checkpoint-001.tflite").write_bytes(b"")
    wanted = plan(tmp_path, checkpoints=Checkpoints(steps, 2))
    with pytest.raises(OutputError, match="not empty"):
        train_pilot([tmp_path / "none"], tmp_path / "a.tflite", wanted)
