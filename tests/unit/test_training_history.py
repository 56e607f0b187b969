"""The history of trainings: append-only, readable after a power cut, best first."""

import msgspec
import pytest

from car.pilots.card import Scores, TubUsed
from train.errors import DatasetError
from train.learning.history import NAME, Training, append, as_table, read
from train.learning.tub_watch import watch_tubs
from tubs.errors import OutputError, TubError


def training(pilot: str = "a.tflite", mae: float = 0.1, **values) -> Training:
    scores = Scores(100, mae, 0.02, 0.8, 0.5, 0.9)
    given = {
        "pilot": pilot,
        "ended": "2026-11-22T10:00:00+00:00",
        "duration_s": 90.0,
        "recipe": {"seed": 1},
        "tubs": [TubUsed("garage", "ab" * 32, 1000)],
        "label_delay_s": 0.06,
        "train_records": 800,
        "held_out_records": 150,
        "epochs": 10,
        "best_epoch": 8,
        "images_per_s": 300.0,
        "parameters": 94_000,
        "scores_float": scores,
        "scores_int8": scores,
        "sha256": "cd" * 32,
        "interrupted": False,
        "tubs_changed": [],
        "machine": "here",
        "software": {"python": "3.11"},
    }
    return Training(**(given | values))


def test_trainings_are_read_back_in_their_order(tmp_path) -> None:
    first, second = training("a.tflite"), training("b.tflite")
    append(tmp_path / NAME, first)
    append(tmp_path / NAME, second)
    assert read(tmp_path / NAME) == ([first, second], 0)


def test_a_torn_last_line_costs_itself_only(tmp_path) -> None:
    path = tmp_path / NAME
    append(path, training("a.tflite"))
    append(path, training("b.tflite"))
    path.write_bytes(path.read_bytes()[:-40])
    append(path, training("c.tflite"))
    found, unreadable = read(path)
    assert [each.pilot for each in found] == ["a.tflite", "c.tflite"]
    assert unreadable == 1
    assert "1 lines" in as_table(tmp_path)


def test_what_is_there_is_never_written_again(tmp_path) -> None:
    path = tmp_path / NAME
    append(path, training())
    before = path.read_bytes()
    append(path, training())
    assert path.read_bytes().startswith(before)


def test_the_best_comes_first_and_no_line_is_wider_than_a_terminal(tmp_path) -> None:
    tubs = [TubUsed("a-tub-with-a-very-long-name", "0" * 64, 5)] * 3
    append(tmp_path / NAME, training("worse.tflite", 0.2, tubs=tubs, interrupted=True))
    append(tmp_path / NAME, training("best.tflite", 0.05))
    lines = as_table(tmp_path).splitlines()
    assert lines[1].startswith("best.tflite")
    assert "(stopped early)" in lines[2]
    assert "compare only" in lines[3]
    assert max(map(len, lines)) <= 100


def test_a_training_without_scores_comes_last(tmp_path) -> None:
    append(tmp_path / NAME, training("none.tflite", scores_int8=None))
    append(tmp_path / NAME, training("some.tflite", 0.9))
    assert as_table(tmp_path).splitlines()[1].startswith("some.tflite")


def test_lines_of_a_later_version_with_more_in_them_can_be_read(tmp_path) -> None:
    line = msgspec.to_builtins(training()) | {"something_new": 1}
    (tmp_path / NAME).write_bytes(msgspec.json.encode(line) + b"\n")
    assert len(read(tmp_path / NAME)[0]) == 1


def test_no_history_is_said_with_advice(tmp_path) -> None:
    with pytest.raises(DatasetError, match="everlap train writes it"):
        as_table(tmp_path)


def test_a_history_that_cannot_be_written_says_that_the_pilot_is_safe(tmp_path) -> None:
    with pytest.raises(OutputError, match="the pilot is written"):
        append(tmp_path / "missing" / NAME, training())


def test_a_tub_that_nobody_touches_is_unchanged(tmp_path) -> None:
    (tmp_path / "session-1.mcap").write_bytes(b"one")
    assert watch_tubs([tmp_path]).changes() == []


def test_every_kind_of_change_of_a_tub_is_named(tmp_path) -> None:
    for name in ("session-1.mcap", "session-2.mcap", "marks.jsonl"):
        (tmp_path / name).write_bytes(b"one")
    watch = watch_tubs([tmp_path])
    (tmp_path / "session-1.mcap").write_bytes(b"three")
    (tmp_path / "session-2.mcap").unlink()
    (tmp_path / "session-3.mcap").write_bytes(b"new")
    (said,) = watch.changes()
    assert "session-1.mcap had 3 bytes and has 5" in said
    assert "session-2.mcap is gone" in said
    assert "session-3.mcap is new" in said
    assert "marks" not in said


def test_a_tub_that_is_not_there_cannot_be_watched(tmp_path) -> None:
    with pytest.raises(TubError, match="no such folder"):
        watch_tubs([tmp_path / "missing"])
