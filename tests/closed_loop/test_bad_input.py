"""What commands say to wrong input: one clear line, the right exit code, nothing half-written."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from car.cli import main
from car.pilots.shipped import SHIPPED_PILOT
from tubs.record import Record
from tubs.writer import TubWriter

Run = Callable[..., str]


@pytest.fixture
def refused(capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a command that must exit with 2 and say one line; gives the line."""

    def run(*words: str | Path) -> str:
        assert main([str(word) for word in words]) == 2
        error = capfd.readouterr().err.strip()
        assert error.startswith("everlap: ")
        assert "\n" not in error
        return error

    return run


@pytest.fixture
def tub(tmp_path: Path) -> Path:
    image = np.zeros((120, 160, 3), np.uint8)
    with TubWriter(tmp_path / "tub") as writer:
        for number in range(5):
            writer.append(Record(image, number * 0.05, number * 0.05, 0.0, 0.1, "human"))
    return tmp_path / "tub"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["drive", "--sim", "moebius"], "moebius"),
        (["drive", "--sim", "random:x"], "random:x"),
        (["drive", "--sim", "nowhere.csv"], "nowhere.csv"),
        (["drive", "--sim", "oval", "--surface", "lava"], "lava"),
        (["drive", "--sim", "oval", "--look", "3"], "3.0"),
        (["drive", "--sim", "oval", "--delay", "9"], "9.0"),
        (["drive", "--sim", "oval", "--laps", "0"], "laps"),
        (["drive", "--sim", "oval", "--pilot", "missing.tflite"], "missing.tflite"),
        (["drive", "--sim", "--replay", "tub"], "choose one"),
        (["drive", "--laps", "2"], "--laps does nothing on a real car"),
        (["drive", "--pilot", "missing.tflite"], "missing.tflite"),
        (["drive", "--config", "missing.toml"], "missing.toml"),
        (["drive", "--sim", "oval", "--seed", "-1"], "seed"),
        (["drive", "--sim", "oval", "--pulses", "p.csv"], "--pulses"),
        (["drive", "--sim", "oval", "--real-time", "--video", "f.mp4"], "--real-time"),
        (["drive", "--sim", "oval", "--video", "f.avi"], "f.avi"),
        (["drive", "--replay", "tub", "--record", "r"], "--record"),
        (["record", "--sim", "--seconds", "0"], "seconds"),
        (["demo", "--minutes", "0"], "minutes"),
        (["train", "tub", "--out", "pilot.json"], "pilot.json"),
        (["evaluate", "expert", "--tracks", "random:9-3"], "random:9-3"),
        (["evaluate", "missing.tflite"], "missing.tflite"),
        (["record"], None),
        (["record", "--sim", "--tracks", "moebius", "--out", "never"], "moebius"),
        (["drive", "--replay", "no-such-tub"], "no-such-tub"),
        (["tub", "info", "no-such-tub"], "no-such-tub"),
        (["tub", "import", "no-such-tub", "never"], "no-such-tub"),
        (["fly"], "fly"),
    ],
)
def test_what_does_not_exist_is_named(
    refused: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    said: str | None,
) -> None:
    monkeypatch.chdir(tmp_path)
    line = refused(*words)
    if said is not None:
        assert said in line
    assert not list(tmp_path.iterdir()), "nothing may be left behind"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[camera]\nwidht_px = 160\n", "width_px"),
        ("[limits]\nthrottle_max = 'fast'\n", "throttle_max"),
        ("[limits]\nthrottle_max = 1.5\n", "1.5"),
        ("[steering]\nchannel = 0\n", "channel"),
        ("[camera]\nframes_per_s = 4.0\n", "deadline_s"),
        ("not toml at all", "TOML"),
    ],
)
def test_a_wrong_car_toml_is_named_with_key_and_range(
    refused: Run, tmp_path: Path, text: str, said: str
) -> None:
    config = tmp_path / "car.toml"
    config.write_text(text)
    for command in (["drive", "--sim", "oval"], ["record", "--sim"], ["evaluate", "expert"]):
        assert said in refused(*command, "--config", config)


def test_a_file_that_is_no_pilot_is_refused(refused: Run, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger.tflite"
    stranger.write_bytes(b"TFL3" * 400)
    assert "no pilot card" in refused("drive", "--sim", "oval", "--pilot", stranger)


def test_a_pilot_cut_off_or_changed_is_refused(refused: Run, tmp_path: Path) -> None:
    whole = SHIPPED_PILOT.read_bytes()
    short, changed = tmp_path / "short.tflite", tmp_path / "changed.tflite"
    short.write_bytes(whole[: len(whole) // 2])
    changed.write_bytes(whole[:5000] + b"\x55" + whole[5001:])
    assert "cut off" in refused("drive", "--sim", "oval", "--pilot", short)
    assert "damaged" in refused("drive", "--sim", "oval", "--pilot", changed)


def test_a_pilot_for_another_camera_is_refused(refused: Run, tmp_path: Path) -> None:
    config = tmp_path / "car.toml"
    config.write_text("[camera]\nwidth_px = 320\nheight_px = 240\n")
    line = refused("drive", "--sim", "oval", "--config", config)
    assert "160x120" in line
    assert "320x240" in line


def test_a_foreign_tub_is_told_how_to_come_in(refused: Run, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("[]\n")
    (tmp_path / "images").mkdir()
    assert "tub import" in refused("tub", "info", tmp_path)
    assert "tub import" in refused("drive", "--replay", tmp_path)


def test_an_empty_folder_is_no_tub(refused: Run, tmp_path: Path) -> None:
    for words in (["tub", "info", tmp_path], ["drive", "--replay", tmp_path]):
        assert str(tmp_path) in refused(*words)


@pytest.mark.parametrize("option", ["--json", "--video", "--record"])
def test_an_output_that_cannot_be_written_is_refused_before_the_work(
    refused: Run, tmp_path: Path, option: str
) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("in the way")
    target = blocker / ("film.mp4" if option == "--video" else "out")
    assert str(blocker) in refused("drive", "--sim", "oval", "--laps", "1", option, target)
    assert blocker.read_text() == "in the way"


def test_a_recording_never_lands_in_a_folder_that_exists(refused: Run, tub: Path) -> None:
    before = sorted(tub.iterdir())
    assert "exists" in refused("record", "--sim", "--tracks", "oval", "--out", tub)
    assert sorted(tub.iterdir()) == before


def test_the_demo_leaves_a_folder_of_others_alone(refused: Run, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    (tmp_path / "tub").mkdir()
    assert str(tmp_path) in refused("demo", "--out", tmp_path)
    assert (tmp_path / "tub").is_dir()
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize("command", ["train", "score"])
def test_learning_from_what_is_no_tub_is_refused(
    refused: Run, tmp_path: Path, command: str
) -> None:
    words = [str(SHIPPED_PILOT)] if command == "score" else ["--out", str(tmp_path / "p.tflite")]
    assert "nowhere" in refused(command, *words, tmp_path / "nowhere")
    assert not (tmp_path / "p.tflite").exists()


def test_the_shipped_pilot_is_small_and_says_what_it_is() -> None:
    assert SHIPPED_PILOT.stat().st_size <= 200 * 1024
    with zipfile.ZipFile(SHIPPED_PILOT) as archive:
        card = json.loads(archive.read("card.json"))
    assert (card["width_px"], card["height_px"]) == (160, 120)
    assert card["scores_int8"]["steering_mae"] <= 1.01 * card["scores_float"]["steering_mae"]
