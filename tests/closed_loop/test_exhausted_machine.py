"""A machine that gives no more files refuses a drive in words, and no chip is touched."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.process_rig import ROOT, SETTINGS, make_tub

DRIVE = [sys.executable, "-P", "-m", "car.cli", "drive", "--pilot", "none", "--config", "car.toml"]


@pytest.mark.parametrize("files", [8, 10])
def test_a_guard_that_cannot_be_started_is_one_line(tmp_path: Path, files: int) -> None:
    (tmp_path / "car.toml").write_text(SETTINGS.format(folder=tmp_path))
    make_tub(tmp_path / "tub", 64, 48)
    done = subprocess.run(
        DRIVE,
        cwd=tmp_path,
        env={**os.environ, "EVERLAP_RUN": str(tmp_path), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files)),
    )
    assert done.returncode == 1
    assert "Too many open files" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "chip").exists()


def test_a_run_folder_that_cannot_be_looked_at_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "car.toml").write_text(SETTINGS.format(folder=tmp_path))
    make_tub(tmp_path / "tub", 64, 48)
    done = subprocess.run(
        DRIVE,
        cwd=tmp_path,
        env={**os.environ, "EVERLAP_RUN": str(tmp_path / ("x" * 300)), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert "everlap: no folder for sockets" in done.stderr
    assert "Traceback" not in done.stderr
