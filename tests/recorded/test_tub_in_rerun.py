"""A recorded session is loaded by Rerun's own MCAP importer.

Needs rerun-sdk in this environment, or in another one whose Python EVERLAP_RERUN names.
"""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tubs.event import EMERGENCY, Event
from tubs.record import Record
from tubs.telemetry import Imu
from tubs.writer import TubWriter

PYTHON = os.environ.get("EVERLAP_RERUN") or sys.executable
pytestmark = pytest.mark.skipif(
    "EVERLAP_RERUN" not in os.environ and importlib.util.find_spec("rerun") is None,
    reason="rerun-sdk is not installed, and EVERLAP_RERUN names no Python that has it",
)
RECORDS = 5


def rerun(*words: str) -> str:
    done = subprocess.run(
        [PYTHON, "-m", "rerun", *words],
        env=os.environ | {"RERUN_ANALYTICS": "0", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def session(folder: Path) -> Path:
    with TubWriter(folder) as writer:
        for number in range(RECORDS):
            now_s = 1.0 + number * 0.05
            image = np.full((24, 32, 3), (10, 120, 230), np.uint8)
            class_map = np.full((24, 32), number, np.uint8)
            writer.append(Record(image, now_s, now_s, 0.1, 0.5, "human", class_map=class_map))
            writer.measure(Imu(now_s, (0.0, 0.0, 9.8), (0.0, 0.0, 0.1)))
        writer.note(Event(1.26, EMERGENCY, "the hand came down"))
    return writer.path


@pytest.fixture(scope="module")
def recording(tmp_path_factory) -> tuple[Path, Path]:
    """A session and what Rerun makes of it."""
    folder = tmp_path_factory.mktemp("rerun")
    path = session(folder / "tub")
    rerun("mcap", "convert", str(path), "-o", str(folder / "session.rrd"))
    return path, folder / "session.rrd"


def test_rerun_finds_nothing_wrong_in_a_session(recording):
    report = rerun("mcap", "check", "--full", str(recording[0]))
    channels = re.findall(r"^(\w+) +\d+ +\d+ +(/\w+)", report, re.MULTILINE)
    assert channels == [
        ("ok", "/control"),
        ("ok", "/camera"),
        ("ok", "/class_map"),
        ("ok", "/events"),
        ("ok", "/imu"),
    ]


def test_pictures_are_images_and_events_are_lines_of_text(recording):
    printed = rerun("rrd", "print", str(recording[1]))
    columns = re.findall(r"- (/\S+) - data columns: \[([^\]]*)\]", printed)
    images = [path for path, names in columns if "EncodedImage:blob" in names]
    texts = [path for path, names in columns if "TextLog:text" in names]
    assert sorted(images) == ["/camera"] * RECORDS + ["/class_map"] * RECORDS
    assert texts == ["/events"]


def test_numbers_arrive_as_json(recording):
    printed = rerun("rrd", "print", str(recording[1]))
    columns = re.findall(r"- (/\S+) - data columns: \[([^\]]*)\]", printed)
    raw = [path for path, names in columns if "McapMessage:data" in names]
    assert sorted(raw) == ["/control"] * RECORDS + ["/imu"] * RECORDS
