"""What stands in a tub and is no file, what nobody meant to write over, and what nests too deep."""

import os
import stat
from pathlib import Path

import pytest
from recorded_drives import damage, write_tub

from car.cli import main

PIPED = ["tub.json", "marks.jsonl", "session-9.mcap"]


@pytest.fixture
def tub(tmp_path: Path) -> Path:
    return write_tub(tmp_path / "tub", (4,))


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", PIPED)
@pytest.mark.parametrize("command", ["info", "check"])
def test_a_pipe_in_the_place_of_a_file_is_named_and_not_waited_for(tub, capsys, command, name):
    (tub / name).unlink(missing_ok=True)
    os.mkfifo(tub / name)
    main(["tub", command, str(tub)])
    said = " ".join("".join(capsys.readouterr()).split())
    assert f"{tub / name}: it is a pipe or a device and no file" in said


def test_a_device_in_the_place_of_the_marks_is_not_read(tub, capsys):
    (tub / "marks.jsonl").symlink_to("/dev/zero")
    assert main(["tub", "info", str(tub)]) == 2
    assert "it is a pipe or a device and no file" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["tub.json", "marks.jsonl", "session-0000.mcap", "new.mcap"])
def test_figures_never_take_the_place_of_a_recording(tub, capsys, name):
    before = {path.name: path.read_bytes() for path in tub.iterdir()}
    assert main(["tub", "info", str(tub), "--json", str(tub / name)]) == 2
    assert "is the name of a part of a tub" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in tub.iterdir()} == before


def test_figures_never_take_the_place_of_what_is_imported(tmp_path, capsys):
    source = tmp_path / "old"
    source.mkdir()
    (source / "manifest.json").write_text("[]\n{}\n{}\n{}\n{}\n")
    words = ["tub", "import", str(source), str(tmp_path / "new")]
    assert main([*words, "--json", str(source / "manifest.json")]) == 2
    assert f"manifest.json lies in {source}" in capsys.readouterr().err
    assert (source / "manifest.json").read_text() == "[]\n{}\n{}\n{}\n{}\n"


def test_figures_never_take_the_place_of_a_pipe_or_a_device(tub, tmp_path, capsys):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert main(["tub", "info", str(tub), "--json", str(pipe)]) == 2
    assert "is no ordinary file" in capsys.readouterr().err
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert main(["tub", "info", str(tub), "--json", "/dev/everlap-figures"]) == 2
    assert "is no ordinary file" in capsys.readouterr().err


def test_json_that_nests_too_deep_is_damage(tub, capsys):
    (tub / "tub.json").write_text('{"everlap_tub": 1, "config": ' + '{"a":' * 9000 + "}" * 9001)
    (tub / "marks.jsonl").write_text('{"edit": "delete", "x": ' + "[" * 9000 + "]" * 9000 + "}\n")
    assert main(["tub", "check", str(tub)]) == 1
    said = capsys.readouterr().out
    assert "tub.json is damaged" in said
    assert "1 of its lines cannot be read" in said


def test_a_tub_without_records_is_not_called_whole(tub, tmp_path, capsys):
    (tub / "session-0000.mcap").unlink()
    assert main(["tub", "repair", str(tub), str(tmp_path / "out")]) == 2
    assert f"{tub} is an empty tub: no record is in it" in capsys.readouterr().err


def test_a_hint_can_be_typed_as_it_stands(tmp_path, capsys):
    tub = write_tub(tmp_path / "first drive", (4,))
    assert main(["tub", "mark", str(tub), "--delete", "0"]) == 0
    assert f"everlap tub mark '{tub}' --undo" in capsys.readouterr().out


def test_nobody_is_sent_to_a_repair_that_finds_nothing(tub, capsys):
    damage(tub, 0, range(4))
    assert main(["tub", "check", str(tub)]) == 1
    assert "0 of 4 records are good\n" in (said := capsys.readouterr().out)
    assert "tub repair" not in said
