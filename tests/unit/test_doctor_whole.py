"""The whole examination: of cars that are well, of a laptop, and of Pis that are not."""

from dataclasses import replace
from pathlib import Path

import pytest
from doctor_machines import (
    PI_4,
    PI_5,
    ZERO_2,
    answering,
    findings,
    json_answer,
    laptop,
    no_bus,
    raspberry_pi,
    subject,
)

from car.doctor.check import Check
from car.doctor.findings import CameraFinding, CameraModule, SensorMode
from car.doctor.machine import TIMED_OUT, Answer


def failed(checks: dict[str, Check]) -> list[str]:
    return [name for name, check in checks.items() if check.ok is False]


@pytest.mark.parametrize("model", [PI_4, PI_5, ZERO_2])
def test_a_raspberry_pi_that_is_well_passes(tmp_path: Path, model: str) -> None:
    checks = findings(raspberry_pi(tmp_path, model), subject(tmp_path))
    assert failed(checks) == []
    for name in ("chip", "I2C speed", "camera of car.toml", "gamepads", "power", "groups"):
        assert checks[name].ok is True, checks[name]


@pytest.mark.parametrize("model", [PI_4, PI_5, ZERO_2])
def test_without_vcgencmd_the_kernels_files_tell_of_power(tmp_path: Path, model: str) -> None:
    machine = answering(
        raspberry_pi(tmp_path, model),
        {"vcgencmd get_throttled": None, "vcgencmd measure_temp": None},
    )
    checks = findings(machine, subject(tmp_path))
    assert checks["power"].ok is True
    assert checks["temperature"].detail == "48 degrees C"


def test_a_laptop_has_nothing_that_fails(tmp_path: Path) -> None:
    checks = findings(laptop(tmp_path), subject(tmp_path))
    assert failed(checks) == []
    assert checks["I2C bus"].ok is None
    assert checks["camera of car.toml"].ok is None
    assert checks["power"].ok is None


def test_a_laptop_named_as_the_car_lacks_its_parts(tmp_path: Path) -> None:
    checks = findings(laptop(tmp_path), subject(tmp_path, named=True))
    assert failed(checks) == ["packages for driving", "camera of car.toml", "I2C bus"]


def test_a_pi_without_i2c_is_told_how_to_switch_it_on(tmp_path: Path) -> None:
    machine = replace(raspberry_pi(tmp_path), open_bus=no_bus)
    (tmp_path / "dev/i2c-1").unlink()
    (tmp_path / "dev/i2c-20").touch()
    checks = findings(machine, subject(tmp_path))
    assert failed(checks) == ["I2C bus"]
    assert checks["I2C bus"].detail == "/dev/i2c-1 is not there; there is i2c-20"
    assert "raspi-config" in checks["I2C bus"].remedy


def test_everything_that_fails_has_a_remedy(tmp_path: Path) -> None:
    machine = answering(
        raspberry_pi(tmp_path),
        {
            "vcgencmd get_throttled": Answer(0, "throttled=0x50005"),
            "iw dev wlan0 get power_save": Answer(0, "Power save: on"),
            "systemctl show": Answer(0, "LoadState=loaded\nActiveState=failed\nNRestarts=9\n"),
            "picamera2_probe": Answer(-11, ""),
            "pilot_probe": Answer(TIMED_OUT, "", "no answer within 30 s"),
        },
    )
    (tmp_path / "proc/meminfo").write_text("MemTotal: 426000 kB\nMemAvailable: 60000 kB\n")
    (tmp_path / "sys/fs/ext4/mmcblk0p2/errors_count").write_text("3\n")
    checks = findings(
        replace(machine, year=1970, groups=frozenset({"pi"}), open_bus=no_bus), subject(tmp_path)
    )
    assert set(failed(checks)) == {
        "pilot",
        "camera of car.toml",
        "chip",
        "Wi-Fi power save",
        "groups",
        "power",
        "card health",
        "memory",
        "clock",
        "service everlap-guard",
        "service everlap",
    }
    assert all(checks[name].remedy for name in failed(checks))
    assert "crashed (Segmentation fault)" in checks["camera of car.toml"].detail


def test_an_empty_file_system_and_no_tools_break_no_check(tmp_path: Path) -> None:
    machine = replace(laptop(tmp_path / "full"), root=tmp_path / "empty")
    checks = findings(answering(machine, {"pilot_probe": None}), subject(tmp_path))
    assert failed(checks) == ["pilot"]


def test_a_look_that_breaks_is_a_finding_and_the_others_go_on(tmp_path: Path) -> None:
    def breaks(path: Path) -> None:
        raise ValueError("embedded null byte")

    checks = findings(replace(raspberry_pi(tmp_path), open_device=breaks), subject(tmp_path))
    assert checks["i2c"] == Check("i2c", None, "could not be looked at: embedded null byte")
    assert checks["gamepads"].ok is None
    assert checks["power"].ok is True


def test_sizes_are_listed_once_each_with_the_fastest_rate(tmp_path: Path) -> None:
    modes = [SensorMode(640, 480, 103.3), SensorMode(640, 480, 206.7), SensorMode(1640, 1232, 41.9)]
    finding = CameraFinding(cameras=[CameraModule("imx219", modes)])
    machine = answering(raspberry_pi(tmp_path), {"picamera2_probe": json_answer(finding)})
    detail = findings(machine, subject(tmp_path))["camera modules"].detail
    assert detail == "imx219: 640x480 at 206.7, 1640x1232 at 41.9 frames/s"
