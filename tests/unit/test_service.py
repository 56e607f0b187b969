"""The service: what is written for a car, what is refused, and how it is told."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from car.cli import main
from car.errors import ConfigError
from car.service.errors import ServiceError
from car.service.install import install, planned, uninstall
from car.service.manager import UnitState
from car.service.site import Site
from car.service.status import ServiceReport, UnitReport, in_words, is_up_to_date
from car.service.units import UNITS, Car, filled, remembered

HOME = "/home/pi/everlap"
CAR = Car(
    config="/etc/everlap/car.toml",
    pilot="",
    python=f"{HOME}/.venv/bin/python",
    code=HOME,
    needs=("/usr",),
    groups=("i2c", "video"),
)


@pytest.fixture
def image(tmp_path: Path) -> Site:
    """A tree with the car's program in somebody's closed home."""
    root = tmp_path / "image"
    for path in (CAR.python, f"{HOME}/car/cli.py", "/etc/group"):
        file = root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("i2c:x:998:\nvideo:x:44:\n")
        file.chmod(0o755)
    (root / "home/pi").chmod(0o700)
    return Site(root, is_running=False)


def install_in(site: Site, car: Car = CAR) -> list[str]:
    said: list[str] = []
    install(site, car, said.append)
    return said


@pytest.mark.parametrize("unit", UNITS)
def test_no_placeholder_is_left_and_verify_finds_nothing(unit: str, tmp_path: Path) -> None:
    everyday = replace(CAR, python="/bin/sh", code="/", config="/etc/a car%.toml")
    for each in UNITS:
        (tmp_path / each).write_text(filled(each, everyday))
    text = (tmp_path / unit).read_text()
    assert "@" not in text.replace("@system-service @resources", "").replace("~@privileged", "")
    assert '"/etc/a car%%.toml"' in text
    tool = Path("/usr/bin/systemd-analyze")
    if not tool.exists():
        pytest.skip("systemd-analyze is not installed: the units were not verified")
    done = subprocess.run(
        [tool, "verify", "--man=no", str(tmp_path / unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    told = [line for line in done.stderr.splitlines() if "everlap" in line]
    assert told == []


@pytest.mark.parametrize("unit", UNITS)
def test_the_units_are_exposed_by_2_0_at_most(unit: str, tmp_path: Path) -> None:
    tool = Path("/usr/bin/systemd-analyze")
    if not tool.exists():
        pytest.skip("systemd-analyze is not installed")
    (tmp_path / unit).write_text(filled(unit, CAR))
    words = [tool, "security", "--offline=true", "--threshold=20", "--no-pager"]
    done = subprocess.run(
        [*words, str(tmp_path / unit)], capture_output=True, text=True, check=False
    )
    assert "Overall exposure level" in done.stdout
    assert done.returncode == 0, done.stdout.splitlines()[-1]


def test_a_home_is_hidden_but_for_what_the_car_needs() -> None:
    text = filled(UNITS[0], replace(CAR, pilot="/home/pi/my pilot.tflite"))
    assert "ProtectHome=tmpfs" in text
    shown = [line for line in text.splitlines() if line.startswith("BindReadOnlyPaths")]
    assert shown == [
        "BindReadOnlyPaths=-/home/pi/everlap",
        r"BindReadOnlyPaths=-/home/pi/my\x20pilot.tflite",
    ]


@pytest.mark.parametrize("path", ['/etc/a"b', "/etc/a\nb", "/etc/a\\b"])
def test_a_path_that_systemd_cannot_read_is_refused(path: str) -> None:
    with pytest.raises(ServiceError, match="move it to a plainer one"):
        filled(UNITS[0], replace(CAR, config=path))


def test_units_remember_what_they_were_filled_with(tmp_path: Path) -> None:
    unit = tmp_path / UNITS[1]
    car = replace(CAR, pilot="/srv/a.tflite")
    unit.write_text(filled(UNITS[1], car))
    assert remembered(unit) == car
    unit.write_text("# everlap remembers: {}\n")
    assert remembered(unit) is None
    assert remembered(tmp_path / "none.service") is None


def test_an_image_gets_units_user_settings_and_is_enabled(image: Site) -> None:
    install_in(image)
    assert "car.cli drive --config /etc/everlap/car.toml" in image.unit_path(UNITS[1]).read_text()
    assert "everlap" in image.on_disk("/etc/passwd").read_text()
    assert "[guard]" in image.on_disk("/etc/everlap/car.toml").read_text()
    wants = image.root / "etc/systemd/system/multi-user.target.wants"
    assert sorted(link.name for link in wants.iterdir()) == sorted(UNITS)


def test_a_second_installation_changes_nothing_and_keeps_the_settings(image: Site) -> None:
    install_in(image)
    config = image.on_disk("/etc/everlap/car.toml")
    config.write_text("[guard]\ndeadline_s = 0.1\n")
    again = install_in(image)
    assert not [line for line in again if line.startswith("wrote")]
    assert "0.1" in config.read_text()


def test_options_of_the_first_installation_are_kept_by_the_next(image: Site) -> None:
    config = image.on_disk("/srv/other.toml")
    config.parent.mkdir()
    config.write_text("")
    install_in(image, replace(CAR, config="/srv/other.toml"))
    assert image.car(None, None).config == "/srv/other.toml"
    assert image.car(image.on_disk("/srv/third.toml"), None).config == "/srv/third.toml"


def test_an_edited_or_older_unit_is_told(image: Site) -> None:
    install_in(image)
    assert is_up_to_date(image)
    unit = image.unit_path(UNITS[0])
    unit.write_text(unit.read_text().replace("WatchdogSec=300ms", "WatchdogSec=9s"))
    assert not is_up_to_date(image)


def test_uninstalling_leaves_settings_and_takes_all_else(image: Site) -> None:
    install_in(image)
    uninstall(image, lambda line: None)
    left = [path for path in image.root.rglob("*everlap*") if path.is_file() or path.is_symlink()]
    assert left == []
    assert image.on_disk("/etc/everlap/car.toml").exists()


def test_a_refused_car_toml_stops_the_installation_before_a_file_is_written(image: Site) -> None:
    config = image.on_disk("/etc/everlap/car.toml")
    config.parent.mkdir()
    config.write_text("[guard]\ndeadline_s = 99\n")
    with pytest.raises(ConfigError, match="deadline_s"):
        install_in(image)
    assert not image.unit_path(UNITS[0]).exists()


def test_a_file_that_others_may_not_read_is_named(image: Site) -> None:
    image.on_disk(CAR.python).parent.chmod(0o700)
    with pytest.raises(ServiceError, match=r"chmod o\+x /home/pi/everlap/.venv/bin"):
        install_in(image)


def test_a_dry_run_writes_nothing(image: Site) -> None:
    before = sorted(image.root.rglob("*"))
    assert len(planned(image, CAR)) == 4
    assert main(["service", "install", "--dry-run", "--root", str(image.root)]) == 0
    assert sorted(image.root.rglob("*")) == before


@pytest.mark.skipif(Path("/run/systemd/system").is_dir(), reason="systemd runs this machine")
@pytest.mark.parametrize("words", [["install"], ["uninstall"], ["status"], ["logs"]])
def test_without_systemd_there_is_one_clear_line(
    words: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["service", *words]) == 2
    told = capfd.readouterr().err
    assert told.count("\n") == 1
    assert "needs root: sudo" in told if os.geteuid() else "systemd does not run" in told


def state(unit: str, **changes: object) -> UnitState:
    fine = UnitState(unit, True, True, "active", "Mon 12:00", "mode stopped", 0, "", "")
    return replace(fine, **changes)  # type: ignore[arg-type]


def test_a_healthy_service_is_told_in_two_lines() -> None:
    units = [UnitReport(state(unit), []) for unit in UNITS]
    assert list(in_words(ServiceReport(True, True, units))) == [
        "guard: runs since Mon 12:00: mode stopped",
        "car: runs since Mon 12:00: mode stopped",
    ]


def test_a_failure_is_told_with_its_cause_and_the_end_of_the_journal() -> None:
    failed = state(
        UNITS[1], state="failed", last_exit="exit code 2: bad input", last_exit_at="Mon 12:01"
    )
    report = ServiceReport(
        False, False, [UnitReport(state(UNITS[0]), []), UnitReport(failed, ["x"])]
    )
    told = "\n".join(in_words(report))
    assert "car: has failed" in told
    assert "exit code 2: bad input (Mon 12:01)" in told
    assert "  | x" in told
    assert "not those of this version" in told
