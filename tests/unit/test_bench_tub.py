"""`everlap bench tub`: what it counts, and what it says when it cannot."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from car.bench import tub_reading, tub_writing
from car.bench.donkeycar_beside import DonkeycarTub, PeerError
from car.bench.file_calls import calls_per_record, counted_calls
from car.bench.spread import Spread, ratio_of, spread_of
from car.bench.tub import Measurement, Scale
from car.bench.tub_samples import drive_records, keep_pictures, take_pictures
from car.cli import main
from tubs.reader import Tub

SUMMARY = """\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ------------------
 60.00    0.000120           1       120           write
 40.00    0.000080           2        40         3 openat
------ ----------- ----------- --------- --------- ------------------
100.00    0.000200           1       160         3 total
"""


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return take_pictures(8)


def test_a_spread_is_the_median_and_both_ends() -> None:
    assert spread_of([3.0, 1.0, 9.0]) == Spread(3.0, 1.0, 9.0)


def test_a_ratio_compares_neighbours_and_not_medians() -> None:
    assert ratio_of([2.0, 30.0, 4.0], [1.0, 10.0, 1.0]) == Spread(3.0, 2.0, 4.0)


def test_the_calls_of_a_summary_are_added_up_without_their_total() -> None:
    assert counted_calls(SUMMARY) == 160


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace counts the calls")
def test_what_a_writer_does_once_is_not_counted_as_calls_of_a_record(tmp_path: Path) -> None:
    def writing(folder: Path, records: int) -> list[str]:
        code = "import os, sys\nfd = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY)\n"
        code += "for _ in range(int(sys.argv[2])): os.write(fd, b'x'); os.fsync(fd)"
        return [sys.executable, "-c", code, str(folder), str(records)]

    assert calls_per_record(writing, tmp_path, 50) == pytest.approx(2.0, abs=0.1)


def test_the_records_of_a_drive_are_in_order_and_a_frame_apart(images: np.ndarray) -> None:
    times_s = [record.captured_s for record in drive_records(images, 30)]
    assert np.diff(times_s) == pytest.approx([0.05] * 29)


def test_the_encoded_drive_reads_back_with_its_own_times(
    tmp_path: Path, images: np.ndarray
) -> None:
    jpegs = [b"\xff\xd8 first", b"\xff\xd8 second"]
    tub = Tub(tub_reading.with_jpegs(tmp_path / "tub", jpegs, images))
    assert [tub.encoded(number).jpeg for number in range(len(tub))] == jpegs
    assert [tub.control(number).captured_s for number in range(2)] == [0.0, 0.05]


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace counts the calls")
def test_a_record_is_one_call_and_its_share_of_a_sync_a_second(
    tmp_path: Path, images: np.ndarray
) -> None:
    pictures = keep_pictures(tmp_path / "pictures.npy", images)

    def writing(folder: Path, records: int) -> list[str]:
        words = [str(folder), str(pictures), str(records)]
        return [sys.executable, "-m", "car.bench.tub_writing", *words]

    assert 1.04 <= calls_per_record(writing, tmp_path, 200) < 3.0


def test_the_busy_loop_keeps_the_recorder_busy_and_loses_nothing(
    tmp_path: Path, images: np.ndarray
) -> None:
    share = tub_writing.busy_loop(tmp_path / "busy", images, 10)
    assert share.append_p50_us <= share.append_p99_us
    tub = Tub(tmp_path / "busy")
    assert len(tub) >= 10 + tub_writing.BUSY_WAITING
    assert (np.diff(tub.times_ns) > 0).all()


def test_an_open_tub_takes_some_bytes_a_record_and_not_its_pictures(
    tmp_path: Path, images: np.ndarray
) -> None:
    for name, count in (("long", 4000), ("short", 2)):
        jpegs = [b"\xff\xd8" + bytes(2000)] * count
        tub_reading.with_jpegs(tmp_path / name, jpegs, images)
    assert tub_reading.memory_per_record(tmp_path / "long", tmp_path / "short") < 1000


def test_a_python_without_donkeycar_is_named(tmp_path: Path, images: np.ndarray) -> None:
    with pytest.raises(PeerError, match=r"cannot be run: No such file"):
        DonkeycarTub(str(tmp_path / "python")).read(tmp_path)
    with pytest.raises(PeerError, match=r"with .*: .*donkeycar"):
        DonkeycarTub(sys.executable).read(tmp_path)


def test_one_repetition_measures_everything(tmp_path: Path) -> None:
    measurement = Measurement(tmp_path, Scale(1, 300, written=40, ticks=20), None)
    measurement.repeat(lambda done, total: None)
    reading = measurement.reading()
    assert reading.long_records == len(Tub(tmp_path / "long")) == 300
    for name in ("decoded_per_s", "open_ms", "in_order_per_s", "at_random_per_s", "cached_per_s"):
        assert getattr(reading, name).lowest > 0
    assert measurement.spread("record_us").median > measurement.spread("jpeg_us").median


@pytest.mark.slow
def test_the_command_prints_a_table_and_writes_the_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "figures.json"
    words = ["bench", "tub", "--repetitions", "1", "--records", "1000", "--json", str(out)]
    assert main([*words, "--disk", str(tmp_path)]) == 0
    figures = json.loads(out.read_text())
    assert figures["repetitions"] == 1
    assert figures["writing"]["disk_bytes"] > figures["writing"]["jpeg_bytes"] > 1000
    assert figures["donkeycar"] is None
    shown = capsys.readouterr().out
    assert "beside its JPEG" in shown
    assert [path.name for path in tmp_path.iterdir()] == ["figures.json"]


def test_a_wrong_python_is_one_line_and_leaves_nothing_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["bench", "tub", "--records", "1000", "--repetitions", "1", "--disk", str(tmp_path)]
    assert main([*words, "--donkeycar", str(tmp_path / "python")]) == 2
    assert "cannot be run" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
