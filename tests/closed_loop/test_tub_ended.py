"""A `tub` command that is ended from outside leaves nothing half-written behind."""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tubs.record import Record
from tubs.writer import TubWriter


@pytest.fixture
def tub(tmp_path: Path) -> Path:
    """3,000 records: seconds of exporting."""
    folder = tmp_path / "tub"
    with TubWriter(folder, session="session-00") as writer:
        for number in range(100):
            image = np.full((24, 32, 3), number, np.uint8)
            writer.append(Record(image, number * 0.05, number * 0.05, 0.0, 0.5, "human"))
    for copy in range(1, 30):
        shutil.copy(folder / "session-00.mcap", folder / f"session-{copy:02}.mcap")
    return folder


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_export_that_is_ended_leaves_no_draft(tub: Path, tmp_path: Path, number: int) -> None:
    out = tmp_path / "new" / "out"
    words = ["-P", "-m", "car.cli", "tub", "export", str(tub), str(out), "--to", "csv"]
    with subprocess.Popen(
        [sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            begun = time.monotonic()
            while not list(tmp_path.glob("new/.out.*/images")):
                assert process.poll() is None, process.communicate()
                assert time.monotonic() - begun < 30.0
                time.sleep(0.001)
            process.send_signal(number)
            assert process.communicate(timeout=30)[1] == "everlap: interrupted\n"
            assert process.returncode == 130
        finally:
            process.kill()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tub"]
