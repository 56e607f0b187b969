"""The recorder never holds up a drive, and says what it could not keep."""

import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from car.recorder import NoRecorder, Recorder
from tubs.errors import OutputError
from tubs.reader import Tub
from tubs.record import Record
from tubs.writer import TubWriter


def record(number: int) -> Record:
    image = np.zeros((24, 32, 3), np.uint8)
    return Record(image, number * 0.05, number * 0.05, 0.0, 0.0, "human")


class SlowWriter(TubWriter):
    """A disk that takes nothing before it is let go."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.let_go = threading.Event()

    def append(self, record: Record) -> None:
        self.let_go.wait(10.0)
        super().append(record)


def test_every_record_of_a_drive_is_in_the_tub(tmp_path):
    with Recorder(TubWriter(tmp_path / "tub")) as recorder:
        for number in range(50):
            recorder.append(record(number))
    assert (recorder.recorded, recorder.dropped, recorder.fault) == (50, 0, None)
    captured_s = Tub(tmp_path / "tub").controls()["captured_s"]
    assert captured_s.tolist() == [number * 0.05 for number in range(50)]


def test_a_slow_disk_costs_records_and_no_time(tmp_path):
    writer = SlowWriter(tmp_path / "tub")
    with Recorder(writer, queue_length=4) as recorder:
        began_s = time.monotonic()
        for number in range(1000):
            recorder.append(record(number))
        assert time.monotonic() - began_s < 1.0
        writer.let_go.set()
    assert recorder.fault is None
    assert recorder.recorded in (4, 5)
    assert recorder.recorded + recorder.dropped == 1000


def test_a_patient_recorder_waits_for_the_disk_and_loses_nothing(tmp_path):
    writer = SlowWriter(tmp_path / "tub")
    threading.Timer(0.1, writer.let_go.set).start()
    with Recorder(writer, queue_length=2, wait_s=10.0) as recorder:
        for number in range(100):
            recorder.append(record(number))
    assert (recorder.recorded, recorder.dropped) == (100, 0)


def test_a_vanished_folder_ends_the_recording_and_not_the_drive(tmp_path, caplog):
    with Recorder(TubWriter(tmp_path / "tub"), wait_s=1.0) as recorder:
        recorder.append(record(0))
        while recorder.recorded < 1:
            time.sleep(0.001)
        shutil.rmtree(tmp_path / "tub")
        for number in range(1, 30):
            recorder.append(record(number))
    assert "it was deleted" in recorder.fault
    assert (recorder.recorded, recorder.dropped) == (1, 29)
    assert len(caplog.records) == 1


class BrokenWriter(TubWriter):
    """Fails in a way that nobody foresaw."""

    def append(self, record: Record) -> None:
        raise ArithmeticError("no such picture")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_recorder_that_fails_as_nobody_expected_says_so(tmp_path, caplog):
    with Recorder(BrokenWriter(tmp_path / "tub")) as recorder:
        recorder.append(record(0))
        while recorder.fault is None:
            time.sleep(0.001)
        recorder.append(record(1))
    assert "nobody expected" in recorder.fault
    assert (recorder.recorded, recorder.dropped) == (0, 2)
    assert len(caplog.records) == 1


def test_a_disk_that_hangs_does_not_hang_the_end_of_the_drive(tmp_path):
    writer = SlowWriter(tmp_path / "tub")
    began_s = time.monotonic()
    with Recorder(writer, queue_length=8, drain_s=0.1) as recorder:
        for number in range(20):
            recorder.append(record(number))
    assert time.monotonic() - began_s < 2.0
    assert "did not take" in recorder.fault
    writer.let_go.set()


def test_an_unwritable_place_is_refused_before_the_drive(tmp_path):
    (tmp_path / "tub").write_text("")
    with pytest.raises(OutputError), Recorder(TubWriter(tmp_path / "tub")):
        pass


def test_no_recorder_takes_records_and_keeps_none():
    with NoRecorder() as recorder:
        recorder.append(record(0))
    assert (recorder.recorded, recorder.dropped, recorder.fault) == (0, 0, None)
