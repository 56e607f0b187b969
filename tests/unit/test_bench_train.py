"""`everlap bench train`: rates from times, memory, long tubs, and what it says."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from car.bench.spread import Spread
from car.cli import main
from train.bench.memory import Memory, MemoryWatch
from train.bench.own_process import run_module
from train.bench.step_times import EpochTimes, StepTimes
from train.bench.training import (
    DonkeycarPace,
    MemoryOfRecords,
    Pace,
    TrainingSpeed,
    beside,
)
from train.bench.training_table import training_table
from train.bench.training_tubs import REPEATED, repeat_tub
from train.errors import DatasetError, TrainError
from tubs.errors import OutputError
from tubs.reader import Tub
from tubs.record import Record
from tubs.writer import TubWriter


def training(seconds: float, steps: int = 5, batch: int = 10) -> StepTimes:
    """Two epochs, the first of which took ages; a look takes as long as three steps."""
    first = EpochTimes([100.0 * n for n in range(steps)], 1000.0)
    second = EpochTimes([1000.0 + seconds * (n + 1) for n in range(steps)], 0.0)
    second.ended_s = second.steps_s[-1] + 3 * seconds
    return StepTimes(batch, [first, second], 7_000_000)


def write_tub(folder: Path, records: int) -> Path:
    """Each picture is of one grey, its number."""
    with TubWriter(folder, session="session-0000") as writer:
        for number in range(records):
            image = np.full((48, 64, 3), number % 200, np.uint8)
            at_s, steering = 0.05 * number, float(np.sin(number / 9))
            writer.append(
                Record(image, at_s, at_s + 0.01, steering, 0.3 + 0.1 * abs(steering), mode="human")
            )
    return folder


def test_the_rate_is_that_of_steps_that_follow_each_other_after_the_first_epoch() -> None:
    assert training(0.1).images_per_s == pytest.approx(100.0)


def test_the_whole_rate_counts_the_look_at_held_out_records() -> None:
    assert training(0.1).whole_images_per_s == pytest.approx(50 / 0.8)


@pytest.mark.parametrize("epochs", [1, 2])
def test_a_training_too_short_to_be_timed_is_refused(epochs: int) -> None:
    short = StepTimes(64, [EpochTimes([1.0], 2.0)] * epochs, 0)
    with pytest.raises(DatasetError, match="too short to be timed"):
        _ = short.images_per_s


def test_trainings_are_compared_round_by_round() -> None:
    found = beside([training(0.1), training(0.4)], [training(0.3), training(2.0)])
    assert (found.ratio.lowest, found.ratio.highest) == (pytest.approx(3.0), pytest.approx(5.0))
    assert found.whole_ratio.median == pytest.approx(4.0)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_the_watch_keeps_the_most_memory_after_it_is_given_back() -> None:
    watch = MemoryWatch()
    watch.look()
    before = watch.found().anonymous_bytes
    block = np.ones(60_000_000, np.uint8)
    watch.look()
    del block
    found = watch.found()
    assert before is not None
    assert found.anonymous_bytes is not None
    assert found.anonymous_bytes - before > 40_000_000
    assert found.resident_bytes >= found.anonymous_bytes
    assert found.proportional_bytes


def test_a_long_tub_repeats_pictures_and_goes_on_in_time(tmp_path: Path) -> None:
    short = write_tub(tmp_path / "short", 30)
    tub = Tub(repeat_tub(short, tmp_path / "long", 95))
    assert len(tub) == 95
    assert np.diff(tub.times_ns / 1e9) == pytest.approx([0.05] * 94)
    assert tub.encoded(94).jpeg == Tub(short).encoded(4).jpeg
    assert REPEATED > 30


def test_a_long_tub_without_room_is_not_begun(tmp_path: Path) -> None:
    short = write_tub(tmp_path / "short", 3)
    with pytest.raises(OutputError, match="no room for"):
        repeat_tub(short, tmp_path / "long", 10**13)
    assert not (tmp_path / "long").exists()


def test_a_process_that_fails_is_told_by_its_last_words() -> None:
    with pytest.raises(TrainError, match=r"train\.bench\.nothing ended with 1: .*No module named"):
        run_module("train.bench.nothing")


def given_figures() -> TrainingSpeed:
    pace = Pace(Spread(900.0, 800.0, 950.0), Spread(700.0, 600.0, 750.0), Spread(1.2e9, 1e9, 1.3e9))
    return TrainingSpeed(
        tub=None,
        records=3200,
        rounds=3,
        load=(0.1, 2.0),
        pace=pace,
        donkeycar=DonkeycarPace(pace, Spread(3.1, 3.0, 3.3), Spread(2.9, 2.8, 3.0)),
        steps=60,
        memory=[
            MemoryOfRecords(1_000, Memory(900_000_000, 600_000_000, 700_000_000)),
            MemoryOfRecords(200_000, Memory(1_500_000_000, 630_000_000, 800_000_000)),
        ],
    )


def test_the_table_tells_ratios_and_how_memory_grows() -> None:
    shown = training_table(given_figures())
    assert "3.10 (3.00 to 3.30)   [at least 3]" in shown
    assert "200,000   630 MB" in shown
    assert "1.05 times, with 200 times the records   [flat]" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--records", "many"], "neither numbers by comma nor none"),
        (["--records", "10"], "each must be 500 to"),
        (["--epochs", "1"], "not in the range"),
        (["--donkeycar", "no-such-python"], "no-such-python cannot be run"),
    ],
)
def test_wrong_words_are_one_line(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "train", *words]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1


PEER = """#!/bin/sh
# Stands for a Python that has donkeycar: takes half a second a step of ten images.
if [ "$1" = -c ]; then exit 0; fi
test -f "$2/manifest.json" || exit 3
echo '{"batch": 10, "peak_bytes": 5, "epochs": [{"steps_s": [0, 1], "ended_s": 2},
       {"steps_s": [2.5, 3, 3.5], "ended_s": 4}]}'
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_short_training_is_measured_beside_another_and_nothing_is_left(tmp_path: Path) -> None:
    disk, out, peer = tmp_path / "disk", tmp_path / "figures.json", tmp_path / "python"
    disk.mkdir()
    peer.write_text(PEER)
    peer.chmod(0o755)
    tub = write_tub(tmp_path / "tub", 600)
    words = ["--rounds", "1", "--epochs", "2", "--records", "500", "--steps", "3"]
    words += ["--donkeycar", str(peer), "--disk", str(disk), "--json", str(out)]
    assert main(["bench", "train", "--tub", str(tub), *words]) == 0
    figures = json.loads(out.read_text())
    assert figures["donkeycar"]["pace"]["images_per_s"]["median"] == pytest.approx(20.0)
    ours = figures["pace"]["images_per_s"]["median"]
    assert figures["donkeycar"]["ratio"]["median"] == pytest.approx(ours / 20.0)
    assert figures["memory"][0]["records"] == 500
    assert list(disk.iterdir()) == []


def test_a_bench_that_is_told_to_end_leaves_no_folder(tmp_path: Path) -> None:
    code = "import sys; from car.cli import main; sys.exit(main())"
    words = ["bench", "train", "--records", "none", "--disk", str(tmp_path)]
    running = subprocess.Popen([sys.executable, "-c", code, *words], stderr=subprocess.PIPE)
    try:
        while not list(tmp_path.iterdir()):
            assert running.poll() is None
            time.sleep(0.05)
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) == 130
    finally:
        running.kill()
        running.communicate()
    assert list(tmp_path.iterdir()) == []
