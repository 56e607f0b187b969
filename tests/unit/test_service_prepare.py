"""What happens just before the guard starts: its settings, written whole or not at all."""

import subprocess
import sys
from pathlib import Path

import pytest

from car.cli import main
from car.errors import ConfigError
from car.guard.settings import read_settings
from car.service.prepare import write_settings
from tubs.errors import OutputError

DEADLINE = "[guard]\ndeadline_s = {}\n"


class Folder:
    """Where car.toml and the settings lie."""

    def __init__(self, path: Path) -> None:
        self.config, self.settings, self.last_good = (
            path / name for name in ("car.toml", "run/guard.json", "state/guard.json")
        )

    def write_config(self, deadline_s: float) -> None:
        self.config.write_text(DEADLINE.format(deadline_s))

    def prepare(self) -> None:
        write_settings(self.config, self.settings, self.last_good)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_the_guard_can_read_what_is_written(folder: Folder) -> None:
    folder.write_config(0.15)
    folder.prepare()
    assert read_settings(folder.settings).deadline_s == 0.15
    assert folder.last_good.read_bytes() == folder.settings.read_bytes()


def test_a_refused_car_toml_leaves_the_last_good_settings(folder: Folder) -> None:
    folder.write_config(0.15)
    folder.prepare()
    folder.write_config(99)
    with pytest.raises(ConfigError, match="deadline_s"):
        folder.prepare()
    assert read_settings(folder.last_good).deadline_s == 0.15
    assert read_settings(folder.settings).deadline_s == 0.15


def test_settings_that_have_not_changed_do_not_wear_the_card(folder: Folder) -> None:
    folder.write_config(0.15)
    folder.prepare()
    before = folder.last_good.stat().st_ino
    folder.prepare()
    assert folder.last_good.stat().st_ino == before


def test_a_full_disk_does_not_keep_the_car_from_starting(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    folder.write_config(0.15)
    folder.last_good.parent.write_text("in the way")
    folder.prepare()
    assert read_settings(folder.settings).deadline_s == 0.15
    assert "neutral comes later" in caplog.text


def test_settings_that_the_guard_could_not_read_are_an_error(folder: Folder) -> None:
    folder.write_config(0.15)
    folder.settings.parent.write_text("in the way")
    with pytest.raises(OutputError):
        folder.prepare()


def words(folder: Folder, *command: str) -> list[str]:
    options = ["--config", folder.config, "--settings", folder.settings]
    options += ["--last-good", folder.last_good]
    return ["service", "prepare", *map(str, options), "--", *command]


def test_it_becomes_the_command_that_it_was_given(folder: Folder) -> None:
    folder.write_config(0.15)
    program = [sys.executable, "-c", "import os; print(os.getpid())"]
    prepare = [sys.executable, "-m", "car.cli", *words(folder, *program)]
    with subprocess.Popen(prepare, stdout=subprocess.PIPE, text=True) as process:
        output, _ = process.communicate(timeout=60)
    assert int(output) == process.pid
    assert folder.settings.exists()


def test_a_refused_car_toml_ends_with_the_code_that_systemd_does_not_restart(
    folder: Folder,
) -> None:
    folder.write_config(99)
    assert main(words(folder, "/bin/false")) == 2
