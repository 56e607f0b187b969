"""`everlap doctor` as a user meets it: text, JSON and exit code, on this very machine."""

import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from click import unstyle
from doctor_machines import laptop, raspberry_pi, subject

from car.cli import main
from car.config import CameraConfig
from car.doctor.check import Check, Group
from car.doctor.examination import examine
from car.doctor.findings import CameraFinding
from car.doctor.machine import TIMED_OUT, Machine, installed_version, run_tool, this_machine
from car.doctor.pilot_probe import try_pilot
from car.doctor.probe import run_probe
from car.doctor.report import shown_group, shown_remedies
from car.doctor.subject import read_subject

SIMULATED_LIBCAMERA = Path(__file__).parents[1] / "simulated_libcamera"
SHIPPED = Path(__file__).parents[2] / "car" / "pilots" / "everlap.tflite"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def too_long(text: str) -> list[str]:
    """Lines beyond 80 columns, but for those that are one word, such as a path."""
    return [line for line in text.splitlines() if len(line) > 80 and " " in line.strip()]


def config(text: str, name: str = "mine.toml") -> Path:
    path = Path(name)
    path.write_text(text)
    return path


def test_a_machine_without_a_car_is_examined_and_the_figures_are_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    exit_code = main(["doctor", "--json", "out/doctor.json"])
    printed = capsys.readouterr()
    figures = json.loads(Path("out/doctor.json").read_text())
    assert figures.keys() == {"checks", "ok"}
    assert all(check.keys() == {"name", "ok", "detail", "remedy"} for check in figures["checks"])
    by_name = {check["name"]: check for check in figures["checks"]}
    assert by_name["python"]["ok"] is True
    assert by_name["pilot"]["ok"] is True, by_name["pilot"]
    assert "a decision (median of 50" in by_name["pilot speed"]["detail"]
    assert figures["ok"] is (exit_code == 0)
    assert any(check["ok"] is False for check in figures["checks"]) is not figures["ok"]
    assert too_long(printed.out) == []
    assert "\x1b" not in printed.out
    assert not Path("recordings").exists()


def test_a_car_toml_that_asks_for_what_is_not_there_exits_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = config('[camera]\ndevice = "usb:/dev/no-such-camera"\n')
    assert main(["doctor", "--config", str(path)]) == 1
    printed = capsys.readouterr()
    assert "!!  camera of car.toml" in printed.out
    assert "What to do" in printed.out
    assert printed.err.count("\n") == 1
    assert "camera of car.toml" in printed.err


def test_a_car_toml_that_is_wrong_is_a_finding_and_the_rest_is_examined(
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = config("[throttle]\nneutral_us = 15000\n", "car.toml")
    for words in (["doctor"], ["doctor", "--config", str(path)]):
        assert main([*words, "--json", "d.json"]) == 1
        checks = {
            check["name"]: check for check in json.loads(Path("d.json").read_text())["checks"]
        }
        assert checks["car.toml"]["ok"] is False
        assert "throttle.neutral_us = 15000" in checks["car.toml"]["detail"]
        assert checks["pilot"]["ok"] is True


def test_it_runs_without_the_packages_that_it_misses() -> None:
    code = (
        "import sys; sys.modules.update(dict.fromkeys(['numpy', 'cv2', 'adafruit_pca9685']));"
        "from car.cli import main; sys.exit(main(['doctor', '--json', 'd.json']))"
    )
    done = run_tool([sys.executable, "-P", "-c", code], 60.0)
    assert done is not None
    assert done.exit_code == 1, done.err
    checks = {check["name"]: check for check in json.loads(Path("d.json").read_text())["checks"]}
    assert checks["packages for driving"]["ok"] is False
    assert checks["packages for driving"]["detail"] == (
        "missing: numpy, opencv-python-headless, adafruit-circuitpython-pca9685"
    )


@pytest.mark.parametrize(
    "words",
    [
        ["--config", "none.toml"],
        ["--config", "."],
        ["--pilot", "none.tflite"],
        ["--json", "."],
        ["--pulse"],
    ],
)
def test_bad_input_exits_2_with_one_line(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", *words]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1


def test_a_pilot_that_is_cut_off_or_for_another_camera_is_told() -> None:
    Path("cut.tflite").write_bytes(SHIPPED.read_bytes()[:5000])
    assert "no pilot card" in try_pilot(Path("cut.tflite"), CameraConfig()).fault
    assert "160x120" in try_pilot(SHIPPED, CameraConfig(width_px=320, height_px=240)).fault


def test_the_shipped_pilot_is_timed_and_its_lens_compared() -> None:
    camera = CameraConfig()
    found = try_pilot(SHIPPED, camera)
    assert (found.fault, found.lens_differences) == ("", [])
    assert 0 < found.median_ms <= found.slowest_ms
    assert found.runtime in ("ai_edge_litert", "tflite_runtime")


# picamera2 as a module that lies on the path


PICAMERA2 = """
class Picamera2:
    def __init__(self, number):
        if {busy}:
            raise RuntimeError("Failed to acquire camera: Device or resource busy")
        print("a library talks")
    def __enter__(self):
        return self
    def __exit__(self, *error):
        pass
    sensor_modes = [{{"size": (1536, 864), "fps": 120.13, "bit_depth": 10}}]
    @staticmethod
    def global_camera_info():
        return [{{"Model": "imx708", "Num": 0}}]
"""


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (PICAMERA2.format(busy=False), "imx708 [(1536, 864, 120.1)]"),
        (PICAMERA2.format(busy=True), "imx708 []"),
        ("raise ValueError('numpy.dtype size changed')", "ValueError: numpy.dtype size changed"),
        ("import libcamera_is_not_here", "ModuleNotFoundError"),
        ("import os; os.abort()", "it crashed (Aborted)"),
        ("raise KeyError('odd')", "KeyError: 'odd'"),
    ],
)
def test_picamera2_is_asked_in_a_process_of_its_own(
    source: str, shown: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "picamera2.py").write_text(source)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    found = run_probe(this_machine(), "picamera2_probe", CameraFinding)
    if isinstance(found, str):
        told = found
    else:
        models = [
            f"{camera.model} "
            f"{[(mode.width_px, mode.height_px, mode.frames_per_s) for mode in camera.modes]}"
            for camera in found.cameras
        ]
        told = "; ".join([found.fault, *models])
    assert shown in told


@pytest.mark.skipif(find_spec("picamera2") is None, reason="picamera2 is not installed")
def test_the_real_picamera2_tells_its_modes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(SIMULATED_LIBCAMERA))
    found = run_probe(this_machine(), "picamera2_probe", CameraFinding)
    assert isinstance(found, CameraFinding), found
    assert found.fault == ""
    (camera,) = found.cameras
    assert camera.model == "imx219"
    assert (1640, 1232) in [(mode.width_px, mode.height_px) for mode in camera.modes]
    assert all(10 < mode.frames_per_s < 250 for mode in camera.modes)


# The machine itself


def test_a_tool_that_is_missing_hangs_or_fails_is_an_answer() -> None:
    assert run_tool(["no-such-tool-anywhere"]) is None
    hung = run_tool([sys.executable, "-c", "import time; time.sleep(60)"], 0.2)
    assert hung is not None
    assert hung.exit_code == TIMED_OUT
    failed = run_tool([sys.executable, "-c", "import sys; sys.exit('no')"])
    assert failed == (1, "", "no\n")
    killed = run_tool([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"])
    assert killed is not None
    assert killed.exit_code == -9
    assert run_tool([str(Path.cwd())]) is not None
    odd = run_tool([sys.executable, "-c", "import os; os.write(1, b'\\xff')"])
    assert odd is not None
    assert odd.out == "\N{REPLACEMENT CHARACTER}"


def test_versions_are_found_without_importing() -> None:
    assert installed_version("msgspec", "msgspec")
    assert installed_version("json", "no-such-distribution") == ""
    assert installed_version("no_such_module", "no-such-distribution") is None
    assert installed_version("no_such_parent.module", "no-such-distribution") is None


def test_this_machine_knows_its_user_and_files() -> None:
    machine = this_machine()
    assert machine.user
    assert machine.groups
    assert machine.is_root is (os.geteuid() == 0)
    assert machine.text("/proc/self/limits")
    assert machine.text("/no/such/file") is None
    assert machine.names("/no/such/folder") == []


# The subject


def test_the_car_toml_of_this_folder_is_taken_unless_one_is_named(tmp_path: Path) -> None:
    assert read_subject(None, SHIPPED, tmp_path).config_path is None
    config("[steering]\ncentre_us = 1480\n", "car.toml")
    found = read_subject(None, SHIPPED, tmp_path)
    assert (found.config_path, found.config.steering.centre_us) == (Path("car.toml"), 1480)
    assert not found.config_named
    named = read_subject(config("[steering]\ncentre_us = 1490\n"), SHIPPED, tmp_path)
    assert named.config.steering.centre_us == 1490
    assert named.config_named


# The report


@pytest.mark.parametrize("make", [laptop, raspberry_pi])
def test_every_line_fits_80_columns_also_for_a_pi(make: object, tmp_path: Path) -> None:
    machine: Machine = make(tmp_path)  # type: ignore[operator]
    groups = list(examine(machine, subject(tmp_path)))
    checks = [check for group in groups for check in group.checks]
    text = "\n".join([*map(shown_group, groups), shown_remedies(checks)])
    assert too_long(unstyle(text)) == []


def test_marks_tell_without_colour_what_is_well() -> None:
    group = Group(
        "Things",
        [
            Check("a", True, "fine"),
            Check("b", False, "bad", "mend it"),
            Check("c", None, "who knows"),
        ],
    )
    assert unstyle(shown_group(group)).splitlines() == [
        "Things",
        "  ok  a                        fine",
        "  !!  b                        bad",
        "  -   c                        who knows",
    ]
    told = unstyle(shown_remedies(group.checks))
    assert "What to do\n  b: mend it\n" in told
    assert "Advice" not in told
    assert told.endswith("1 ok, 1 failed, 1 that do not apply here or could not be told")


def test_advice_on_what_did_not_fail_stands_apart() -> None:
    told = unstyle(
        shown_remedies([Check("a", True, "slow", "faster"), Check("b", None, "?", "look")])
    )
    assert told.startswith("Advice\n  a: faster\n  b: look\n")
    assert "What to do" not in told


def test_commands_are_never_broken_and_one_remedy_is_told_once() -> None:
    command = "`sudo usermod -aG i2c,video,input,gpio,render somebody`"
    remedy = f"a few words to fill a line {command}, then log in"
    told = unstyle(shown_remedies([Check("a", False, "", remedy), Check("b", False, "", remedy)]))
    assert told.count(command) == 1
    assert "  a, b: a few words" in told
    assert too_long(told) == []
