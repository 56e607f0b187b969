"""Deleting and restoring records without touching what was recorded."""

import resource
import time
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from tubs.cleaning.marks import Marks, TimeRange
from tubs.errors import OutputError
from tubs.reader import Tub
from tubs.record import Record
from tubs.writer import TubWriter


@pytest.fixture
def tub(tmp_path: Path) -> Path:
    for session in ("a", "b"):
        with TubWriter(tmp_path / "tub", session=session) as writer:
            for number in range(5):
                image = np.zeros((24, 32, 3), np.uint8)
                writer.append(Record(image, number * 0.05, number * 0.05, 0.0, 0.5, "human"))
    return tmp_path / "tub"


def delete(folder: Path, numbers: list[int], why: str = "") -> None:
    tub = Tub(folder)
    chosen = np.zeros(len(tub), bool)
    chosen[numbers] = True
    tub.marks.delete(tub.ranges_of(chosen), why)


def deleted(folder: Path) -> list[int]:
    return np.flatnonzero(Tub(folder).deleted()).tolist()


def test_what_was_deleted_is_the_same_when_the_tub_is_opened_again(tub):
    delete(tub, [1, 2, 4, 5, 9])
    assert deleted(tub) == [1, 2, 4, 5, 9]


def test_restoring_takes_back_a_part(tub):
    delete(tub, [0, 1, 2, 3])
    marks = Marks(tub)
    marks.restore([TimeRange("a", 50_000_000, 100_000_000)])
    assert deleted(tub) == [0, 3]


def test_undo_and_redo_go_edit_by_edit(tub):
    delete(tub, [0, 7], "first")
    delete(tub, [1], "second")
    marks = Marks(tub)
    assert marks.undo().why == "second"
    assert deleted(tub) == [0, 7]
    assert Marks(tub).undo().why == "first"
    assert deleted(tub) == []
    assert Marks(tub).undo() is None
    assert Marks(tub).redo().why == "first"
    assert deleted(tub) == [0, 7]


def test_a_new_edit_after_an_undo_leaves_nothing_to_redo(tub):
    delete(tub, [0])
    Marks(tub).undo()
    delete(tub, [3])
    assert Marks(tub).redo() is None
    assert deleted(tub) == [3]


@pytest.mark.parametrize("cut", [1, 10, 40])
def test_a_torn_last_line_costs_that_edit_alone_and_the_next_one_is_readable(tub, cut):
    delete(tub, [0])
    delete(tub, [1])
    path = tub / "marks.jsonl"
    path.write_bytes(path.read_bytes()[:-cut])
    delete(tub, [2])
    assert deleted(tub) == ([0, 2] if cut > 1 else [0, 1, 2])
    assert Marks(tub).unreadable == (cut > 1)


def test_edits_of_a_later_version_are_passed_over(tub):
    delete(tub, [0])
    with (tub / "marks.jsonl").open("a") as file:
        file.write('{"edit": "label", "ranges": [], "value": 3}\n')
    assert deleted(tub) == [0]
    assert Marks(tub).undo().edit == "delete"


def test_marks_that_cannot_be_written_say_so_and_change_nothing(tmp_path):
    marks = Marks(tmp_path / "missing")
    with pytest.raises(OutputError, match=r"cannot write .*marks\.jsonl: No such file"):
        marks.delete([TimeRange("a", 0, 1)])
    assert marks.edits == ()


def test_undo_takes_back_what_another_process_did_last(tub):
    mine, others = Marks(tub), Marks(tub)
    mine.delete([TimeRange("a", 0, 0)], "mine")
    others.delete([TimeRange("a", 50_000_000, 50_000_000)], "theirs")
    assert mine.undo().why == "theirs"
    assert deleted(tub) == [0]
    assert others.redo().why == "theirs"
    assert deleted(tub) == [0, 1]


def _delete_one_by_one(folder: str, session: str) -> None:
    marks = Marks(Path(folder))
    for number in range(40):
        marks.delete([TimeRange(session, number, number)], f"{session} {number}")


def test_no_edit_of_two_processes_at_once_is_lost(tub):
    new = get_context("spawn").Process
    processes = [new(target=_delete_one_by_one, args=(str(tub), name)) for name in ("a", "b")]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    marks = Marks(tub)
    assert marks.unreadable == 0
    assert sorted(edit.why for edit in marks.edits) == sorted(
        f"{name} {number}" for name in ("a", "b") for number in range(40)
    )


def test_looking_for_something_to_undo_leaves_no_file(tub):
    assert Marks(tub).undo() is None
    assert Marks(tub).redo() is None
    assert not (tub / "marks.jsonl").exists()


@pytest.mark.parametrize("room", [0, 30])
def test_a_full_disk_leaves_the_marks_as_they_were(tub, room):
    delete(tub, [0])
    before = (tub / "marks.jsonl").read_bytes()
    marks = Marks(tub)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + room, hard))
    try:
        with pytest.raises(OutputError, match=r"cannot write .*marks\.jsonl: File too large"):
            marks.delete([TimeRange("a", 0, 10**9)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (tub / "marks.jsonl").read_bytes() == before
    assert len(marks.edits) == 1


@pytest.mark.parametrize(
    "line",
    [
        '{"edit": "delete", "ranges": [["a", 0, 99999999999999999999999]]}',
        '{"edit": "delete", "ranges": [["a", 0]]}',
        '{"edit": "delete", "ranges": 7}',
        '{"edit": 7}',
        "[]",
        "\xff",
    ],
)
def test_a_line_that_makes_no_sense_is_counted_and_skipped(tub, line):
    delete(tub, [3])
    with (tub / "marks.jsonl").open("ab") as file:
        file.write(line.encode("latin-1") + b"\n")
    assert deleted(tub) == [3]
    assert Marks(tub).unreadable == 1


def test_a_range_that_ends_before_it_begins_deletes_nothing(tub):
    Marks(tub).delete([TimeRange("a", 100_000_000, 0), TimeRange("a", 50_000_000, 50_000_000)])
    assert deleted(tub) == [1]


def test_thousands_of_ranges_over_a_million_records_take_less_than_a_second(tmp_path):
    marks = Marks(tmp_path)
    marks.delete([TimeRange("a", number * 100, number * 100 + 49) for number in range(10_000)])
    times_ns = np.arange(1_000_000)
    started = time.monotonic()
    found = marks.deleted("a", times_ns)
    assert time.monotonic() - started < 1.0
    assert np.array_equal(found, times_ns % 100 < 50)
