"""`everlap tub mark` at the command line."""

import json
import resource
from pathlib import Path

import numpy as np
import pytest

from car.cli import main
from tubs.event import Event
from tubs.reader import Tub
from tubs.record import Record
from tubs.writer import TubWriter


@pytest.fixture
def tub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """20 records at 10 Hz, an emergency at 1 s, from then on throttle 0; the folder is `tub`."""
    monkeypatch.chdir(tmp_path)
    with TubWriter(Path("tub"), session="session-0") as writer:
        for number in range(20):
            image = np.full((24, 32, 3), number, np.uint8)
            throttle = 0.5 if number < 10 else 0.0
            writer.append(Record(image, number * 0.1, number * 0.1, 0.1, throttle, "human"))
            if number == 10:
                writer.note(Event(1.0, "emergency", "SPACE"))
    return Path("tub")


def deleted(folder: Path) -> list[int]:
    return np.flatnonzero(Tub(folder).deleted()).tolist()


def mark(*words: str) -> int:
    return main(["tub", "mark", "tub", *words])


def test_delete_restore_undo_redo(tub, capsys):
    assert mark("--delete", "2-5,18-") == 0
    assert deleted(tub) == [2, 3, 4, 5, 18, 19]
    assert mark("--restore", "4-18") == 0
    assert deleted(tub) == [2, 3, 19]
    assert mark("--undo") == 0
    assert deleted(tub) == [2, 3, 4, 5, 18, 19]
    assert mark("--undo") == 0
    assert deleted(tub) == []
    assert mark("--redo") == 0
    assert deleted(tub) == [2, 3, 4, 5, 18, 19]
    out = capsys.readouterr().out
    assert "6 records deleted: records 2-5,18-\nrecords 2-5, 18-19\n" in out
    assert "3 records restored (12 more were not deleted): records 4-18" in out
    assert "undone: restore records 4-18 (3 records)" in out
    assert "done again: delete records 2-5,18- (6 records)" in out


def test_rules_combine(tub):
    assert mark("--delete", "--where", "throttle=0", "--where", "brightness<13") == 0
    assert deleted(tub) == [10, 11, 12]


def test_the_last_second_before_each_emergency(tub):
    assert mark("--delete", "--before", "emergency", "--seconds", "0.3") == 0
    assert deleted(tub) == [7, 8, 9, 10]
    assert mark("--restore", "--after", "emergency,fault", "--seconds", "1") == 0
    assert deleted(tub) == [7, 8, 9]


def test_three_seconds_unless_told_otherwise(tub):
    assert mark("--delete", "--before", "emergency") == 0
    assert deleted(tub) == list(range(11))


def test_a_dry_run_counts_and_changes_nothing(tub, tmp_path, capsys):
    mark("--delete", "0-1")
    before = (tub / "marks.jsonl").read_bytes()
    out = tmp_path / "figures.json"
    assert mark("--delete", "0-4", "--dry-run", "--json", str(out)) == 0
    assert "3 records would be deleted (2 more were deleted already)" in capsys.readouterr().out
    assert (tub / "marks.jsonl").read_bytes() == before
    assert json.loads(out.read_text()) == {
        "tub": "tub",
        "action": "delete",
        "why": "records 0-4",
        "dry_run": True,
        "records": 20,
        "chosen": 5,
        "already": 2,
        "deleted": 2,
        "chosen_records": [[0, 4]],
    }


def test_what_changes_nothing_is_no_edit(tub, capsys):
    mark("--delete", "3")
    before = (tub / "marks.jsonl").read_bytes()
    assert mark("--delete", "3") == 0
    assert mark("--delete", "--where", "throttle>0.9") == 0
    assert (tub / "marks.jsonl").read_bytes() == before
    assert "no record of tub matches: throttle>0.9" in capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["--list"], ["--log"]])
def test_the_list_shows_edits_and_deleted_records(tub, capsys, words):
    mark("--delete", "3")
    mark("--delete", "--where", "throttle=0")
    mark("--undo")
    capsys.readouterr()
    assert mark(*words) == 0
    out = capsys.readouterr().out
    assert "tub: 1 of 20 records are deleted\nrecords 3\nedits (UTC):\n" in out
    assert "delete        1  records 3" in out
    assert out.index("undone:") < out.index("delete       10  throttle=0")


def test_nothing_to_undo_is_said_and_fails(tub, capsys):
    assert mark("--undo") == 1
    assert mark("--redo") == 1
    assert "tub has nothing to undo" in capsys.readouterr().out
    assert not (tub / "marks.jsonl").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--delete", "5-20"], "records 5-20 are not in tub: it has records 0-19; nothing was"),
        (["--delete", "5-3"], "write 3-5"),
        (["--delete", "five"], "'five' says no records"),
        (["--delete"], "say which records to delete"),
        (["--restore"], "say which records to restore"),
        (["--where", "dark"], "say what to do with these records: --delete or --restore"),
        (["--undo", "--dry-run"], "say what to do with these records"),
        (["--delete", "1", "--undo"], "do one thing at a time: --delete or --undo"),
        (["--delete", "--seconds", "3"], "--seconds goes with --before or --after"),
        (["--delete", "--before", "stop", "--seconds", "-1"], "--seconds"),
        (["--delete", "--before", "crash"], "'crash' is no kind of event"),
        (["--delete", "--where", "speed=0"], "knows speed_m_s: use another rule"),
        (["--delete", "1", "--json", "tub/tub.json/x"], "cannot make the folder"),
        (["--keep", "1"], "No such option"),
    ],
)
def test_bad_input_is_one_clear_line_and_changes_nothing(tub, capsys, words, message):
    assert mark(*words) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert not (tub / "marks.jsonl").exists()


@pytest.mark.parametrize("words", [["--delete", "0"], ["--undo"], ["--list"]])
@pytest.mark.parametrize(
    ("folder", "message"),
    [("nowhere", "there is no tub"), ("file", "is a file"), ("old", "everlap tub import old")],
)
def test_what_is_no_tub(tmp_path, monkeypatch, capsys, words, folder, message):
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    Path("old").mkdir()
    Path("old/manifest.json").touch()
    before = sorted(tmp_path.rglob("*"))
    assert main(["tub", "mark", folder, *words]) == 2
    assert message in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_full_disk_is_told_and_nothing_is_half_written(tub, capsys):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        assert mark("--delete", "0-3") == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "cannot write tub/marks.jsonl: File too large" in capsys.readouterr().err
    assert not (tub / "marks.jsonl").exists()


def test_the_help_fits_on_a_screen(capsys):
    main(["tub", "mark", "--help"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 90
