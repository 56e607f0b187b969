"""The recorder never holds up a drive, and says what it could not keep."""

import errno
import logging
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from mcap.reader import make_reader

from car.backlog import Backlog
from car.card_space import RESERVE_BYTES, CardSpace
from car.recorder import NoRecorder, Recorder
from car.while_driving import WhileDriving
from tests.unit.faulty_disk import FaultyDisk
from tubs.errors import OutputError
from tubs.event import DROPPED, MODE, Event
from tubs.reader import Tub
from tubs.record import Record
from tubs.writer import TubWriter

PICTURE_BYTES = 24 * 32 * 3 + 1024


def record(number: int, mode: str = "human", steering: float = 0.0) -> Record:
    image = np.zeros((24, 32, 3), np.uint8)
    return Record(image, number * 0.05, number * 0.05, steering, 0.0, mode)


def until(is_true: Callable[[], object]) -> None:
    give_up_s = time.monotonic() + 20.0
    while not is_true():
        assert time.monotonic() < give_up_s
        time.sleep(0.001)


@pytest.fixture
def disk() -> Iterator[FaultyDisk]:
    disk = FaultyDisk()
    yield disk
    disk.gate.set()


def sequences(folder: Path) -> list[int]:
    numbers = []
    for path in sorted(folder.glob("*.mcap")):
        with path.open("rb") as file:
            messages = make_reader(file).iter_messages("/control")
            numbers += [message.sequence for _, _, message in messages]
    return numbers


def test_every_record_of_a_drive_is_in_the_tub(tmp_path):
    with Recorder(TubWriter(tmp_path / "tub")) as recorder:
        for number in range(50):
            recorder.append(record(number))
    assert (recorder.recorded, recorder.dropped, recorder.fault) == (50, 0, None)
    captured_s = Tub(tmp_path / "tub").controls()["captured_s"]
    assert captured_s.tolist() == [number * 0.05 for number in range(50)]
    assert recorder.last_words() == f"recorded 50 records (2 s) in {tmp_path / 'tub'}"


def test_a_stall_costs_no_time_and_the_gap_is_counted_numbered_and_told(tmp_path, disk, caplog):
    backlog = Backlog(4 * PICTURE_BYTES)
    recorder = Recorder(TubWriter(tmp_path / "tub", disk=disk), backlog)
    with recorder:
        recorder.append(record(0))
        until(lambda: recorder.recorded == 1)
        disk.gate.clear()
        began_s = time.monotonic()
        for number in range(1, 1000):
            recorder.append(record(number))
        assert time.monotonic() - began_s < 1.0
        assert "being dropped" in recorder.warning
        disk.gate.set()
        until(lambda: not backlog.waiting_bytes)
        recorder.append(record(1000))
        until(lambda: recorder.recorded + recorder.dropped == 1001)
        assert recorder.warning is None
    assert recorder.fault is None
    assert recorder.dropped > 900
    kept = sequences(tmp_path / "tub")
    assert kept == [*range(len(kept) - 1), 1000]
    events = [each.event for each in Tub(tmp_path / "tub").events()]
    text = f"{recorder.dropped} records were dropped: the disk is too slow"
    assert events == [Event(50.0, DROPPED, text)]
    assert text in caplog.text
    assert f"; {recorder.dropped} were not recorded" in recorder.last_words()


def test_a_drive_that_ends_while_records_are_dropped_says_so_in_the_tub(tmp_path, disk):
    recorder = Recorder(TubWriter(tmp_path / "tub", disk=disk), Backlog(PICTURE_BYTES))
    with recorder:
        recorder.append(record(0))
        until(lambda: recorder.recorded == 1)
        disk.gate.clear()
        for number in range(1, 20):
            recorder.append(record(number))
        threading.Timer(0.1, disk.gate.set).start()
    (event,) = [each.event for each in Tub(tmp_path / "tub").events()]
    assert (event.kind, event.text.split()[0]) == (DROPPED, str(recorder.dropped))


@pytest.mark.slow
def test_a_card_that_stalls_for_five_seconds_costs_nothing_at_640x480(tmp_path, disk):
    """Compressed pictures wait: as they are, 5 s of them would be 92 MB."""
    picture = np.random.default_rng(1).integers(0, 256, (30, 40, 3), np.uint8)
    picture = np.kron(picture, np.ones((16, 16, 1), np.uint8))
    backlog, most = Backlog(), 0
    with Recorder(TubWriter(tmp_path / "tub", disk=disk), backlog) as recorder:
        for number in range(140):
            if number in (20, 120):
                (disk.gate.clear if number == 20 else disk.gate.set)()
            captured_s = 0.05 * number
            recorder.append(Record(picture, captured_s, captured_s, 0.0, 0.0, "human"))
            most = max(most, backlog.waiting_bytes)
            if number == 110:
                assert "takes nothing" in recorder.warning
            time.sleep(0.05)
    assert (recorder.recorded, recorder.dropped, recorder.fault) == (140, 0, None)
    assert most < backlog.most_bytes


def test_memory_is_bounded_in_bytes_whatever_the_size_of_a_picture(tmp_path, disk):
    disk.gate.clear()
    backlog = Backlog(1 << 20)
    writer = TubWriter(tmp_path / "tub", disk=disk)
    threading.Timer(0.5, disk.gate.set).start()
    with Recorder(writer, backlog) as recorder:
        disk.gate.clear()
        for number in range(60):
            image = np.zeros((480, 640, 3), np.uint8)
            recorder.append(Record(image, 0.05 * number, 0.05 * number, 0.0, 0.0, "human"))
            assert backlog.waiting_bytes <= 1 << 20
        disk.gate.set()
    assert recorder.dropped > 0
    assert not backlog.waiting_bytes


def test_a_patient_recorder_waits_for_the_disk_and_loses_nothing(tmp_path, disk):
    backlog = Backlog(2 * PICTURE_BYTES)
    with Recorder(TubWriter(tmp_path / "tub", disk=disk), backlog, wait_s=10.0) as recorder:
        disk.gate.clear()
        threading.Timer(0.1, disk.gate.set).start()
        for number in range(100):
            recorder.append(record(number))
    assert (recorder.recorded, recorder.dropped) == (100, 0)


def test_a_vanished_folder_ends_the_recording_and_not_the_drive(tmp_path, caplog):
    with Recorder(TubWriter(tmp_path / "tub")) as recorder:
        recorder.append(record(0))
        until(lambda: recorder.recorded == 1)
        shutil.rmtree(tmp_path / "tub")
        until(lambda: recorder.fault)
        for number in range(1, 30):
            recorder.append(record(number))
    assert "it was deleted" in recorder.fault
    assert (recorder.recorded, recorder.dropped) == (1, 29)
    assert len(caplog.records) == 1


def test_a_renamed_folder_is_followed(tmp_path):
    with Recorder(TubWriter(tmp_path / "tub")) as recorder:
        recorder.append(record(0))
        until(lambda: recorder.recorded == 1)
        (tmp_path / "tub").rename(tmp_path / "kept")
        recorder.append(record(1))
    assert recorder.fault is None
    assert len(Tub(tmp_path / "kept")) == 2


@pytest.mark.parametrize(
    "number", [errno.EIO, errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.ESTALE, errno.ENODEV]
)
@pytest.mark.parametrize("what", ["write_error", "sync_error"])
def test_a_disk_that_refuses_ends_the_recording_at_once_and_counts_the_rest(
    tmp_path, disk, caplog, what, number
):
    with Recorder(TubWriter(tmp_path / "tub", disk=disk, sync_interval_s=0.01)) as recorder:
        for each in range(10):
            recorder.append(record(each))
        until(lambda: recorder.recorded == 10)
        setattr(disk, what, number)
        for each in range(10, 30):
            recorder.append(record(each))
        until(lambda: recorder.fault)
        recorder.append(record(30))
    assert str(tmp_path) in recorder.fault
    assert os.strerror(number) in recorder.fault
    assert recorder.recorded + recorder.dropped == 31
    assert len(Tub(tmp_path / "tub")) >= recorder.recorded >= 10
    assert len([each for each in caplog.records if each.levelno == logging.ERROR]) == 1


def test_a_disk_that_is_really_full_ends_the_recording_with_a_readable_file(small_disk, caplog):
    with Recorder(TubWriter(small_disk / "tub")) as recorder:
        recorder.append(record(0))
        until(lambda: recorder.recorded == 1)
        full = pytest.raises(OSError, match="No space left")
        with (small_disk / "rubbish").open("wb", buffering=0) as rubbish, full:
            while True:
                rubbish.write(bytes(4096))
        for number in range(1, 400):
            recorder.append(record(number))
        until(lambda: recorder.fault)
    assert "No space left on device" in recorder.fault
    assert recorder.recorded + recorder.dropped == 400
    assert len(Tub(small_disk / "tub")) == recorder.recorded


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    yield from mounted(tmp_path / "small", "size=1m")


def mounted(folder: Path, options: str) -> Iterator[Path]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, check=False).returncode:
        pytest.skip("a small disk needs root: a tmpfs is mounted")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_read_only_disk_is_refused_before_the_drive(small_disk):
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(OutputError, match="Read-only"), Recorder(TubWriter(small_disk / "tub")):
        pass


def test_a_recording_that_would_not_fit_a_minute_is_not_begun(tmp_path, disk):
    disk.free_bytes = RESERVE_BYTES + 5_000_000
    space = CardSpace(disk, tmp_path / "new" / "tub", 100_000.0)
    with (
        pytest.raises(OutputError, match=r"72 MB are free, enough for 50 s.*delete them here"),
        Recorder(TubWriter(tmp_path / "new" / "tub", disk=disk), space=space),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_card_that_fills_up_is_told_minutes_before_and_the_file_is_finished(
    tmp_path, disk, caplog
):
    now = [0.0]
    disk.free_bytes = RESERVE_BYTES + 100_000 * 60 * 20
    space = CardSpace(disk, tmp_path, 100_000.0)
    writer = TubWriter(tmp_path / "tub", disk=disk)
    with Recorder(writer, space=space, clock=lambda: now[0]) as recorder:
        recorder.append(record(0))
        until(lambda: recorder.recorded == 1)
        assert recorder.warning is None
        disk.free_bytes = RESERVE_BYTES + 100_000 * 60 * 4 - 1
        now[0] += 3.0
        until(lambda: recorder.warning)
        assert recorder.warning == "the card takes about 4 more minutes of recording"
        disk.free_bytes = RESERVE_BYTES
        now[0] += 3.0
        until(lambda: recorder.fault)
        recorder.append(record(1))
        until(lambda: Tub(tmp_path / "tub").sessions[0].finished)
    assert "nearly full (67 MB left)" in recorder.fault
    assert (recorder.recorded, recorder.dropped) == (1, 1)


class BrokenWriter(TubWriter):
    """Fails in a way that nobody foresaw."""

    def append_encoded(self, record, sequence=None) -> None:
        raise ArithmeticError("no such picture")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_recorder_that_fails_as_nobody_expected_says_so(tmp_path, caplog):
    with Recorder(BrokenWriter(tmp_path / "tub")) as recorder:
        recorder.append(record(0))
        until(lambda: recorder.fault)
        recorder.append(record(1))
    assert "nobody expected" in recorder.fault
    assert (recorder.recorded, recorder.dropped) == (0, 2)
    assert len(caplog.records) == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_picture_that_breaks_the_compressor_ends_the_recording_in_good_order(tmp_path):
    class Picture:
        nbytes = 100

    with Recorder(TubWriter(tmp_path / "tub")) as recorder:
        recorder.append(record(0))
        until(lambda: recorder.recorded == 1)
        recorder.append(Record(Picture(), 0.1, 0.1, 0.0, 0.0, "human"))
        until(lambda: recorder.fault)
    assert "nobody expected" in recorder.fault
    assert (recorder.recorded, recorder.dropped) == (1, 1)
    assert Tub(tmp_path / "tub").sessions[0].finished


def test_a_record_that_is_nonsense_is_left_out_and_the_recording_goes_on(tmp_path, caplog):
    with Recorder(TubWriter(tmp_path / "tub")) as recorder:
        for number in range(3):
            recorder.append(record(number, steering=7.0 if number == 1 else 0.0))
    assert (recorder.recorded, recorder.dropped, recorder.fault) == (2, 1, None)
    assert "steering = 7.0" in caplog.text
    assert sequences(tmp_path / "tub") == [0, 2]


def test_a_disk_that_hangs_does_not_hang_the_end_of_the_drive(tmp_path, disk):
    recorder = Recorder(TubWriter(tmp_path / "tub", disk=disk), drain_s=0.1)
    with recorder:
        disk.gate.clear()
        began_s = time.monotonic()
        for number in range(20):
            recorder.append(record(number))
    assert time.monotonic() - began_s < 2.0
    assert "did not take" in recorder.fault
    assert recorder.recorded + recorder.dropped in (19, 20)


def test_what_was_written_is_synced_within_the_interval_though_nothing_follows(tmp_path, disk):
    with Recorder(TubWriter(tmp_path / "tub", disk=disk, sync_interval_s=0.1)) as recorder:
        recorder.append(record(0))
        recorder.append(record(1))
        until(lambda: recorder.recorded == 2)
        written = len(disk.calls)
        until(lambda: "sync" in disk.calls[written:] or disk.calls[-1] == "sync")
        assert disk.calls.count("write") == 3


def test_events_are_in_the_tub_beside_their_records(tmp_path):
    with Recorder(TubWriter(tmp_path / "tub")) as recorder:
        recorder.append(record(0))
        recorder.note(Event(0.05, MODE, "stopped to human"))
        recorder.append(record(1))
    (found,) = Tub(tmp_path / "tub").events()
    assert (found.record, found.event.text) == (1, "stopped to human")


def test_a_car_that_stands_is_recorded_for_a_second_and_then_no_more(tmp_path):
    modes = ["stopped"] * 20 + ["human"] * 20 + ["stopped"] * 40 + ["pilot"] * 20
    with Recorder(TubWriter(tmp_path / "tub"), keep=WhileDriving()) as recorder:
        for number, mode in enumerate(modes):
            recorder.append(record(number, mode))
    numbers = np.round(Tub(tmp_path / "tub").controls()["captured_s"] / 0.05).astype(int)
    assert numbers.tolist() == [*range(20, 60), *range(80, 100)]
    assert sequences(tmp_path / "tub") == list(range(60))
    assert recorder.dropped == 0


def test_an_unwritable_place_is_refused_before_the_drive(tmp_path):
    (tmp_path / "tub").write_text("")
    with pytest.raises(OutputError), Recorder(TubWriter(tmp_path / "tub")):
        pass


def test_no_recorder_takes_records_and_keeps_none():
    with NoRecorder() as recorder:
        recorder.append(record(0))
        recorder.note(Event(0.0, MODE, "stopped to human"))
    assert (recorder.recorded, recorder.dropped, recorder.fault) == (0, 0, None)
    assert (recorder.warning, recorder.last_words()) == (None, "")
