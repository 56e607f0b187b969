"""A repair keeps every good record as it is, names the rest, and never touches the original."""

import json
import resource
from pathlib import Path

import cv2
import numpy as np
import pytest

from car.cli import main
from tubs.about import TubAbout
from tubs.cleaning.marks import TimeRange
from tubs.control import Control
from tubs.encoded import EncodedRecord
from tubs.errors import EverlapError, OutputError, TubError
from tubs.event import Event
from tubs.health.check import check_tub
from tubs.health.repair import repair_tub
from tubs.reader import Tub
from tubs.telemetry import Imu, Telemetry
from tubs.writer import TubWriter


def jpeg_of(number: int) -> bytes:
    image = np.random.default_rng(number).integers(0, 255, (24, 32, 3), dtype=np.uint8)
    return bytes(cv2.imencode(".jpg", image)[1])


def png_of(number: int) -> bytes:
    return bytes(cv2.imencode(".png", np.full((24, 32), number % 5, np.uint8))[1])


def record(number: int) -> EncodedRecord:
    at_s = number * 0.05
    control = Control(at_s, at_s + 1 / 3, -0.1, 1 / 7, "human", human_steering=0.1)
    return EncodedRecord(control, jpeg_of(number), png_of(number), b'{"user/angle":0.10}')


@pytest.fixture
def tub(tmp_path: Path) -> Path:
    """Sessions a and b of 6 records each, with events and measurements; number 7 is deleted."""
    folder = tmp_path / "tub"
    for session, first in (("a", 0), ("b", 100)):
        with TubWriter(folder, TubAbout(car="red", lens={"height_m": 0.2}), session) as writer:
            for number in range(first, first + 6):
                at_s = number * 0.05
                writer.append_encoded(record(number), 2 * number)
                writer.measure(Imu(at_s, (0.1, 0.2, 9.8), (0.0, 0.0, 0.5)))
                writer.measure(Telemetry(at_s, {"battery_v": 7.2}))
                if number == first + 3:
                    writer.note(Event(at_s, "lap", "first"))
    opened = Tub(folder)
    opened.marks.delete(opened.ranges_of(np.arange(12) == 7), "seven")
    return folder


def flip(folder: Path, number: int) -> None:
    """Damage the picture of a record."""
    path = folder / ("a.mcap" if number < 6 else "b.mcap")
    data = bytearray(path.read_bytes())
    data[data.index(jpeg_of(number if number < 6 else 94 + number)) + 50] ^= 4
    path.write_bytes(data)


def cut(folder: Path, number: int) -> None:
    """Cut session b within the picture of a record."""
    path = folder / "b.mcap"
    data = path.read_bytes()
    path.write_bytes(data[: data.index(jpeg_of(94 + number)) + 50])


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def raw(folder: Path, session: int) -> list[tuple[object, ...]]:
    """All messages of all records of a session, as they lie there."""
    opened = Tub(folder).sessions[session]
    return [tuple(sorted(opened.messages(number).items())) for number in range(len(opened))]


def test_good_records_and_all_beside_them_come_over_byte_for_byte(tub, tmp_path):
    out = tmp_path / "out"
    whole = [raw(tub, 0), raw(tub, 1)]
    flip(tub, 2)
    before = contents(tub)
    report = repair_tub(tub, out)
    assert contents(tub) == before
    assert [(fault.record, fault.session) for fault in report.damaged] == [(2, "a")]
    assert (report.records, report.good) == (12, 11)
    assert raw(out, 0) == whole[0][:2] + whole[0][3:]
    assert raw(out, 1) == whole[1]


def test_events_and_measurements_come_over(tub, tmp_path):
    flip(tub, 2)
    report = repair_tub(tub, tmp_path / "out")
    old, new = Tub(tub), Tub(tmp_path / "out")
    assert [each.event for each in new.events()] == [each.event for each in old.events()]
    assert np.array_equal(new.imu().values, old.imu().values)
    assert [each.telemetry for each in new.telemetry()] == [
        each.telemetry for each in old.telemetry()
    ]
    assert report.sessions[0].events_and_measurements == 13


def test_marks_hit_the_same_records_in_the_new_tub(tub, tmp_path):
    flip(tub, 2)
    with (tub / "marks.jsonl").open("ab") as file:
        file.write(b'{"edit": "label", "value": 3}\n{"edit": "del')
    report = repair_tub(tub, tmp_path / "out")
    new = Tub(tmp_path / "out")
    assert np.flatnonzero(new.deleted()).tolist() == [6]
    assert new[6].captured_s == Tub(tub)[7].captured_s
    assert (report.marks, report.unreadable_marks) == (2, 1)
    assert new.marks.unreadable == 0


def test_a_torn_session_gets_its_index_and_keeps_what_is_whole(tub, tmp_path):
    cut(tub, 10)
    report = repair_tub(tub, tmp_path / "out")
    assert (report.records, report.good) == (11, 10)
    assert [(each.session, each.had_index) for each in report.sessions] == [
        ("a", True),
        ("b", False),
    ]
    assert "torn record" in report.damaged[0].reason
    assert check_tub(tmp_path / "out").whole
    assert check_tub(tmp_path / "out").unfinished_sessions == []


@pytest.mark.parametrize("text", [None, b"", b"\0" * 200, b'{"everlap_tub": 1, "car"'])
def test_a_lost_tub_json_comes_back_from_a_session(tub, tmp_path, text):
    about = (tub / "tub.json").read_bytes()
    if text is None:
        (tub / "tub.json").unlink()
    else:
        (tub / "tub.json").write_bytes(text)
    report = repair_tub(tub, tmp_path / "out")
    assert report.about == "the copy in a"
    assert (tmp_path / "out" / "tub.json").read_bytes() == about


def test_a_tub_json_of_a_later_version_is_not_repaired(tub, tmp_path):
    flip(tub, 2)
    (tub / "tub.json").write_text('{"everlap_tub": 99}')
    with pytest.raises(TubError, match="update everlap"):
        repair_tub(tub, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_one_session_file_becomes_a_tub(tub, tmp_path):
    cut(tub, 10)
    report = repair_tub(tub / "b.mcap", tmp_path / "out")
    assert (report.records, report.good) == (5, 4)
    assert np.flatnonzero(Tub(tmp_path / "out").deleted()).tolist() == [1]
    assert Tub(tmp_path / "out").about.car == "red"


def test_copies_of_a_session_heads_and_foreign_files_are_left_out_and_named(tub, tmp_path):
    data = (tub / "a.mcap").read_bytes()
    (tub / "a copy.mcap").write_bytes(data[: data.index(jpeg_of(4)) - 100])
    (tub / "head.mcap").write_bytes(data[:400])
    (tub / "x.mcap").write_text("hello, this is something else")
    report = repair_tub(tub, tmp_path / "out")
    assert {each.session: each.left_out for each in report.sessions if each.left_out} == {
        "a copy": "all of its records are in a",
        "head": "no good record is in it",
    }
    assert len(report.closed) == 1
    assert "x.mcap is not an MCAP file" in report.closed[0]
    assert sorted(path.name for path in (tmp_path / "out").glob("*.mcap")) == ["a.mcap", "b.mcap"]
    assert len(Tub(tmp_path / "out")) == 12


def test_nothing_to_repair_is_said_and_nothing_is_written(tub, tmp_path, capsys):
    assert main(["tub", "repair", str(tub), str(tmp_path / "out")]) == 0
    assert "is whole, all of its 12 records: nothing was written" in capsys.readouterr().out
    assert not (tmp_path / "out").exists()


def test_a_tub_without_a_good_record_gives_none(tub, tmp_path):
    for path in tub.glob("*.mcap"):
        path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(EverlapError, match="no good record"):
        repair_tub(tub, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_disk_that_fills_up_leaves_nothing(tub, tmp_path):
    flip(tub, 2)
    (tmp_path / "to").mkdir()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8000, hard))
    try:
        with pytest.raises(OutputError, match=r"cannot write .*File too large"):
            repair_tub(tub, tmp_path / "to" / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list((tmp_path / "to").iterdir()) == []


def test_a_disk_without_room_is_told_before_anything_is_written(tub):
    flip(tub, 2)
    with pytest.raises(OutputError, match=r"needs .* MB and 0\.0 MB are free in /proc"):
        repair_tub(tub, Path("/proc/out"))


@pytest.mark.parametrize("when", [3, 15, 20])
def test_ctrl_c_leaves_nothing(tub, tmp_path, when):
    flip(tub, 2)
    (tmp_path / "to").mkdir()

    def interrupt(done: int, total: int) -> None:
        if done >= when:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        repair_tub(tub, tmp_path / "to" / "out", interrupt)
    assert list((tmp_path / "to").iterdir()) == []


def test_the_command_tells_and_writes_figures(tub, tmp_path, capsys):
    flip(tub, 2)
    cut(tub, 10)
    out, figures = tmp_path / "out", tmp_path / "figures.json"
    assert main(["tub", "repair", str(tub), str(out), "--json", str(figures)]) == 0
    text = capsys.readouterr().out
    assert "record 2 (a): its checksum does not match" in text
    assert "b had no whole index: it has one now" in text
    assert f"9 of 11 records are now in {out}" in text
    found = json.loads(figures.read_text())
    assert (found["records"], found["good"], len(found["damaged"])) == (11, 9, 2)
    assert [each["good"] for each in found["sessions"]] == [5, 4]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere", "out"], "there is no tub nowhere"),
        (["tub/tub.json", "out"], "is not an MCAP file"),
        (["old", "out"], "everlap tub import old"),
        (["empty", "out"], "is not a tub"),
        (["tub", "tub"], "lies in tub"),
        (["tub", "tub/new"], "lies in tub"),
        (["tub/a.mcap", "tub/new"], "lies in tub"),
        (["tub", "empty/../old"], "exists already"),
        (["tub", "file"], "exists already"),
        (["tub", "file/out"], "file"),
        (["tub", "out", "--json", "file/x"], "cannot make the folder"),
        (["tub"], "Missing argument 'OUT'"),
    ],
)
def test_bad_input_is_one_clear_line_and_leaves_all_as_it_was(
    tub, tmp_path, monkeypatch, capsys, words, message
):
    monkeypatch.chdir(tmp_path)
    flip(tub, 2)
    Path("old").mkdir()
    Path("old/manifest.json").touch()
    Path("empty").mkdir()
    Path("file").touch()
    before = sorted(tmp_path.rglob("*"))
    assert main(["tub", "repair", *words]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_marks_of_other_sessions_are_no_hindrance(tub, tmp_path):
    Tub(tub).marks.delete([TimeRange("gone", 0, 10**12)])
    flip(tub, 2)
    repair_tub(tub, tmp_path / "out")
    assert np.flatnonzero(Tub(tmp_path / "out").deleted()).tolist() == [6]
