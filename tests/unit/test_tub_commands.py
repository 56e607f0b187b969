"""`everlap tub info`, `check` and `import` at the command line."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from car.cli import main
from tubs.record import Record
from tubs.writer import TubWriter


def write(folder: Path, count: int = 4) -> Path:
    with TubWriter(folder, session="session-0") as writer:
        for number in range(count):
            image = np.full((24, 32, 3), number, np.uint8)
            steering = -1.0 + 2.0 * number / (count - 1)
            writer.append(Record(image, number * 0.05, number * 0.05, steering, 0.5, "human"))
    return folder


def donkeycar(folder: Path) -> Path:
    folder.mkdir()
    for number in range(3):
        values = {"cam/image_array": f"{number}.jpg", "user/angle": 0, "user/throttle": 1}
        (folder / f"record_{number}.json").write_text(json.dumps(values))
        cv2.imwrite(str(folder / f"{number}.jpg"), np.zeros((24, 32, 3), np.uint8))
    (folder / "1.jpg").write_bytes(b"")
    return folder


def test_info_gives_the_figures_of_each_tub(tmp_path, capsys):
    first, second = write(tmp_path / "first"), write(tmp_path / "second", 11)
    out = tmp_path / "info.json"
    assert main(["tub", "info", str(first), str(second), "--json", str(out)]) == 0
    figures = json.loads(out.read_text())["tubs"]
    assert [entry["records"] for entry in figures] == [4, 11]
    assert figures[1]["steering_counts"] == [1] * 11
    assert figures[1]["rate_hz"] == pytest.approx(20.0)
    assert figures[1]["duration_s"] == pytest.approx(0.5)
    assert figures[0]["modes"] == {"human": 4}
    assert (figures[0]["image_width_px"], figures[0]["image_height_px"]) == (32, 24)
    assert "4 in 1 session" in capsys.readouterr().out


def test_check_of_a_good_tub_succeeds(tmp_path):
    out = tmp_path / "check.json"
    assert main(["tub", "check", str(write(tmp_path / "tub")), "--json", str(out)]) == 0
    report = json.loads(out.read_text())
    assert (report["records"], report["good"], report["damaged"]) == (4, 4, [])
    assert (report["faults"], report["unfinished_sessions"], report["dropped"]) == ([], [], 0)


def test_check_names_damage_and_fails(tmp_path, capsys):
    path = write(tmp_path / "tub") / "session-0.mcap"
    data = bytearray(path.read_bytes())
    data[data.index(b"\xff\xd8") + 30] ^= 1
    cut = data.index(b"\x0f\x04\0\0\0\0\0\0\0\0\0\0\0") - 100
    path.write_bytes(data[:cut])
    out = tmp_path / "check.json"
    assert main(["tub", "check", str(tmp_path / "tub"), "--json", str(out)]) == 1
    report = json.loads(out.read_text())
    assert (report["records"], report["good"]) == (4, 2)
    assert [entry["record"] for entry in report["damaged"]] == [0, 3]
    assert "torn record" in report["damaged"][1]["reason"]
    assert "2 of 4 records are good" in capsys.readouterr().out


def test_import_reports_what_was_left_out_and_succeeds(tmp_path, capsys):
    source, out = donkeycar(tmp_path / "old"), tmp_path / "import.json"
    assert main(["tub", "import", str(source), str(tmp_path / "new"), "--json", str(out)]) == 0
    report = json.loads(out.read_text())
    assert (report["records"], report["good"]) == (3, 2)
    assert report["damaged"] == [{"record": 1, "reason": "image 1.jpg is empty"}]
    assert "timed at 20 Hz" in capsys.readouterr().out
    assert main(["tub", "check", str(tmp_path / "new")]) == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["info", "nowhere"], "there is no tub nowhere"),
        (["check", "old"], "import it with: everlap tub import old DEST"),
        (["import", "nowhere", "deep/new"], "there is no tub nowhere"),
        (["import", "old", "old/new"], "name a folder outside of it"),
        (["import", "old", "tub"], "exists already"),
        (["info", "tub", "--json", "tub/tub.json/x.json"], "cannot make the folder"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_code_2(tmp_path, monkeypatch, capsys, words, message):
    monkeypatch.chdir(tmp_path)
    write(Path("tub"))
    donkeycar(Path("old"))
    before = sorted(Path().rglob("*"))
    assert main(["tub", *words]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert sorted(Path().rglob("*")) == before
