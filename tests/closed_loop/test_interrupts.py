"""Ctrl-C in the middle of a command: exit code 130, one line, nothing half-written."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

LONG_WORK = {
    "drive": ["drive", "--sim", "oval", "--laps", "10000", "--pilot", "expert"],
    "drive in real time": ["drive", "--sim", "oval", "--laps", "10000", "--real-time"],
    "drive with film and tub": [
        "drive", "--sim", "oval", "--laps", "10000", "--pilot", "expert",
        "--video", "film.mp4", "--json", "figures.json",
    ],
    "record": ["record", "--sim", "--tracks", "random:0-40", "--seconds", "200", "--out", "tub"],
    "evaluate": ["evaluate", "expert", "--tracks", "random:0-40", "--laps", "500"],
    "demo": ["demo", "--out", "demo"],
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("work", LONG_WORK)
def test_ctrl_c_ends_a_command_cleanly(work: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "car.cli", *LONG_WORK[work]]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=tmp_path, text=True, **pipes) as process:
        try:
            time.sleep(8.0)
            assert process.poll() is None, process.communicate()
            process.send_signal(signal.SIGINT)
            _, error = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == 130
    assert error.strip().splitlines()[-1].startswith("everlap: interrupted")
    assert "Traceback" not in error
    left = {path.name for path in tmp_path.rglob("*") if path.is_file()} - {".everlap-demo"}
    assert left == set()
