"""The cache of decoded sessions: made once, resumed, shared, bounded, and never stale."""

import math
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tubs.errors import EverlapError
from tubs.reader import Tub
from tubs.record import Record
from tubs.training.opening import open_training_view
from tubs.training.rows import ROW
from tubs.writer import TubWriter

SIZE = (24, 32)


def write(folder: Path, count: int, seed: int = 0) -> Path:
    rng = np.random.default_rng([seed, count])
    with TubWriter(folder, sync_interval_s=math.inf) as writer:
        for number in range(count):
            image = np.full((*SIZE, 3), rng.integers(0, 256, 3), np.uint8)
            writer.append(Record(image, number * 0.05, number * 0.05, 0.1, 0.5, "human"))
    return folder


def holds_what_was_recorded(view, *folders: Path) -> bool:
    records = [record for folder in folders for record in Tub(folder)]
    same = [(view.images[row] == record.image).all() for row, record in enumerate(records)]
    return len(view) == len(records) and all(same)


class Steps:
    """Counts how many records were decoded; raises after so many."""

    def __init__(self, fail_after: float = math.inf) -> None:
        self.first: int | None = None
        self.calls = 0
        self._fail_after = fail_after

    def __call__(self, done: int, total: int) -> None:
        self.first = done if self.first is None else self.first
        self.calls += 1
        if self.calls >= self._fail_after:
            raise KeyboardInterrupt


def test_what_is_decoded_once_is_not_decoded_again(tmp_path):
    folder, steps = write(tmp_path / "a", 200), Steps()
    open_training_view([folder], tmp_path / "cache")
    again = open_training_view([folder], tmp_path / "cache", progress=steps)
    assert steps.calls == 0
    assert holds_what_was_recorded(again, folder)


def test_another_tub_or_session_decodes_only_what_is_new(tmp_path):
    first, cache, steps = write(tmp_path / "a", 200), tmp_path / "cache", Steps()
    open_training_view([first], cache)
    write(first, 5, seed=1)
    second = write(tmp_path / "b", 30)
    view = open_training_view([second, first], cache, progress=steps)
    assert steps.calls == 2
    assert holds_what_was_recorded(view, second, first)


def test_deleting_records_decodes_nothing(tmp_path):
    folder, steps = write(tmp_path / "a", 100), Steps()
    open_training_view([folder], tmp_path / "cache")
    tub = Tub(folder)
    tub.marks.delete(tub.ranges_of(np.arange(100) < 50))
    assert len(open_training_view([folder], tmp_path / "cache", progress=steps)) == 50
    assert steps.calls == 0


def test_a_copy_of_a_tub_shares_what_is_decoded(tmp_path):
    folder, steps = write(tmp_path / "a", 100), Steps()
    shutil.copytree(folder, tmp_path / "b")
    view = open_training_view([folder, tmp_path / "b"], tmp_path / "cache", progress=steps)
    assert steps.calls == 2
    assert holds_what_was_recorded(view, folder, folder)


def test_a_file_changed_in_place_is_decoded_anew_even_with_its_old_time_and_size(tmp_path):
    folder, other = write(tmp_path / "a", 100), write(tmp_path / "b", 100, seed=1)
    (path,), (newer,) = folder.glob("*.mcap"), other.glob("*.mcap")
    old = path.stat()
    os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns - 10**10))
    open_training_view([folder], tmp_path / "cache")
    with path.open("r+b") as file:
        file.write(newer.read_bytes())
        file.truncate()
    os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns - 10**10))
    assert holds_what_was_recorded(open_training_view([folder], tmp_path / "cache"), other)


def test_a_damaged_record_that_was_mended_is_taken_in(tmp_path):
    folder = write(tmp_path / "a", 10)
    (path,) = folder.glob("*.mcap")
    whole = path.read_bytes()
    damaged = bytearray(whole)
    damaged[whole.index(b"\xff\xd8\xff") + 30] ^= 1
    path.write_bytes(damaged)
    assert len(open_training_view([folder], tmp_path / "cache")) == 9
    path.write_bytes(whole)
    assert len(open_training_view([folder], tmp_path / "cache")) == 10


def test_a_build_that_was_interrupted_goes_on_where_it_was(tmp_path):
    folder, cache, steps = write(tmp_path / "a", 1000), tmp_path / "cache", Steps()
    with pytest.raises(KeyboardInterrupt):
        open_training_view([folder], cache, progress=Steps(fail_after=6))
    view = open_training_view([folder], cache, progress=steps)
    assert steps.first >= 6 * 64
    assert holds_what_was_recorded(view, folder)


def test_rows_that_never_reached_the_disk_are_decoded_again(tmp_path):
    folder, cache, steps = write(tmp_path / "a", 200), tmp_path / "cache", Steps()
    view = open_training_view([folder], cache)
    del view
    (rows,), (images,) = cache.glob("*/rows.bin"), cache.glob("*/images.u8")
    wait_until_settled(cache)
    with rows.open("r+b") as file:
        file.seek(130 * ROW.itemsize)
        file.write(bytes(20 * ROW.itemsize))
    with images.open("r+b") as file:
        file.seek(130 * SIZE[0] * SIZE[1] * 3)
        file.write(bytes(20 * SIZE[0] * SIZE[1] * 3))
    view = open_training_view([folder], cache, progress=steps)
    assert steps.calls == 1
    assert holds_what_was_recorded(view, folder)
    assert len(np.unique(view.captured_s)) == 200


def wait_until_settled(cache: Path) -> None:
    import fcntl

    with (cache / "lock").open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)


@pytest.mark.parametrize("name", ["rows.bin", "images.u8", "everlap-cache.json"])
def test_a_part_of_the_cache_that_is_cut_or_gone_is_made_again(tmp_path, name):
    folder, cache = write(tmp_path / "a", 100), tmp_path / "cache"
    for spoil in (lambda path: os.truncate(path, 7), Path.unlink):
        open_training_view([folder], cache)
        wait_until_settled(cache)
        (path,) = cache.glob(f"*/{name}")
        spoil(path)
        assert holds_what_was_recorded(open_training_view([folder], cache), folder)


SLOWLY = """
import sys, time
from pathlib import Path
from tubs.training.opening import open_training_view
def slowly(done, total):
    print(done, flush=True)
    time.sleep(float(sys.argv[3]))
print(len(open_training_view([Path(sys.argv[1])], Path(sys.argv[2]), progress=slowly)))
"""


def slowly(folder: Path, cache: Path, pause_s: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SLOWLY, str(folder), str(cache), str(pause_s)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_build_that_was_killed_goes_on_where_it_was(tmp_path):
    folder, cache, steps = write(tmp_path / "a", 1000), tmp_path / "cache", Steps()
    process = slowly(folder, cache, 0.2)
    for _ in range(4):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    view = open_training_view([folder], cache, progress=steps)
    assert 64 < steps.first < 1000
    assert holds_what_was_recorded(view, folder)


def test_two_processes_that_want_the_same_tub_decode_it_once(tmp_path):
    folder, cache = write(tmp_path / "a", 500), tmp_path / "cache"
    both = [slowly(folder, cache, 0.1) for _ in range(2)]
    said = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    counts = sorted(len(out.splitlines()) for out, _ in said)
    assert counts == [1, 1 + math.ceil(500 / 64)]
    assert any(f"waiting for {cache}" in error for _, error in said)


def test_without_a_folder_to_write_to_pictures_are_decoded_each_time(tmp_path, caplog):
    (tmp_path / "cache").write_text("")
    folder = write(tmp_path / "a", 70)
    view = open_training_view([folder], tmp_path / "cache")
    assert holds_what_was_recorded(view, folder)
    assert f"cannot write {tmp_path / 'cache'}: File exists" in caplog.text
    assert "--cache" in caplog.text


def test_pictures_that_do_not_fit_are_said_before_and_decoded_each_time(
    tmp_path, caplog, monkeypatch
):
    folder, cache, steps = write(tmp_path / "a", 500), tmp_path / "cache", Steps()
    monkeypatch.setenv("EVERLAP_CACHE_GB", "0.003")
    view = open_training_view([folder], cache)
    assert holds_what_was_recorded(view, folder)
    assert "has room for 0.003 GB and 0.00362 GB are needed" in caplog.text
    assert not list(cache.glob("*/images.u8"))
    open_training_view([folder], cache, progress=steps)
    assert steps.calls == 0


def test_the_least_recently_used_tub_makes_room_for_another(tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    folders = [write(tmp_path / name, 200, seed=ord(name)) for name in "abc"]
    for folder in folders[:2]:
        open_training_view([folder], cache)
    wait_until_settled(cache)
    entries = sorted(cache.glob("*/everlap-cache.json"), key=lambda path: path.stat().st_mtime_ns)
    os.utime(entries[0], ns=(10**18, 10**18))
    monkeypatch.setenv("EVERLAP_CACHE_GB", "0.0036")
    open_training_view([folders[2]], cache)
    assert [path.is_file() for path in entries] == [False, True]
    assert len(list(cache.glob("*/everlap-cache.json"))) == 2


def test_what_others_keep_in_the_folder_is_never_removed(tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    (cache / "thesis").mkdir(parents=True)
    (cache / "thesis" / "only-copy.txt").write_text("years of work")
    (cache / f".{'0' * 24}.{'1' * 8}").mkdir()
    monkeypatch.setenv("EVERLAP_CACHE_GB", "0.0036")
    for number in range(3):
        open_training_view([write(tmp_path / str(number), 200, seed=number)], cache)
    assert (cache / "thesis" / "only-copy.txt").is_file()
    assert not list(cache.glob(".0*"))


@pytest.mark.parametrize("text", ["much", "-1", "nan"])
def test_a_limit_that_is_no_number_is_refused(tmp_path, monkeypatch, text):
    monkeypatch.setenv("EVERLAP_CACHE_GB", text)
    with pytest.raises(EverlapError, match=f"EVERLAP_CACHE_GB={text} is not a number"):
        open_training_view([write(tmp_path / "a", 2)], tmp_path / "cache")


FULL = """
import resource, sys
from pathlib import Path
from tubs.errors import EverlapError
from tubs.training.opening import open_training_view
def full(done, total):
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 2304 * 3, -1))
try:
    open_training_view([Path(sys.argv[1])], Path(sys.argv[2]), progress=full)
except EverlapError as error:
    print(error)
"""


def test_a_disk_that_fills_up_while_decoding_is_said_and_what_was_decoded_is_kept(tmp_path):
    folder, cache, steps = write(tmp_path / "a", 1000), tmp_path / "cache", Steps()
    command = [sys.executable, "-c", FULL, str(folder), str(cache)]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"cannot write {cache}: File too large. What was decoded is kept" in said.stdout
    assert "XDG_CACHE_HOME" in said.stdout
    view = open_training_view([folder], cache, progress=steps)
    assert steps.first > 64
    assert holds_what_was_recorded(view, folder)


def test_a_session_that_is_still_being_written_is_refused(tmp_path):
    folder = write(tmp_path / "a", 300)
    (path,) = folder.glob("*.mcap")

    def append(done: int, total: int) -> None:
        with path.open("ab") as file:
            file.write(b"more")

    with pytest.raises(EverlapError, match="has changed while it was read"):
        open_training_view([folder], tmp_path / "cache", progress=append)
