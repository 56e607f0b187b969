"""The reader that tubs/README.md shows runs, and reads what Everlap reads."""

import json
import re
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

import tubs
from tubs.event import Event
from tubs.reader import Tub
from tubs.record import Record
from tubs.telemetry import Imu
from tubs.writer import TubWriter

README = Path(tubs.__file__).with_name("README.md")


@pytest.fixture
def program(tmp_path) -> Path:
    """The program, as it stands in the text."""
    section = README.read_text().split("### A reader in plain Python")[1]
    (text,) = re.findall(r"```python\n(.*?)```", section.split("\n## ")[0], re.DOTALL)
    path = tmp_path / "reader.py"
    path.write_text(text)
    return path


def recorded(folder: Path) -> Path:
    for session in range(2):
        with TubWriter(folder, session=f"session-{session}") as writer:
            for number in range(6):
                now_s = 1.0 + number / 20
                image = np.full((24, 32, 3), (10, 120, 40 * number), np.uint8)
                record = Record(image, now_s, now_s + 0.03, number / 6, 0.5, "human")
                writer.append(record if session else Record(image, now_s, now_s, 0.0, 0.0, "pilot"))
                writer.measure(Imu(now_s, (0.0, 0.0, 9.8), (0.0, 0.0, 0.1)))
            writer.note(Event(1.1, "lap", "one"))
    return folder


def read_by(program: Path, folder: Path) -> list[dict[str, object]]:
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(program), str(folder)],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def expected(tub: Tub, left_out: frozenset[int] = frozenset()) -> list[tuple[object, ...]]:
    deleted, sequences = tub.deleted(), tub.sequences
    rows = []
    for number in range(len(tub)):
        if number not in left_out:
            encoded = tub.encoded(number)
            session = tub.sessions[tub.locate(number)[0]].name
            rows.append(
                (
                    session,
                    int(sequences[number]),
                    bool(deleted[number]),
                    encoded.control.captured_s,
                    encoded.control.steering,
                    encoded.control.mode,
                    zlib.crc32(encoded.jpeg),
                )
            )
    return rows


def shown(rows: list[dict[str, object]]) -> list[tuple[object, ...]]:
    names = ("session", "sequence", "deleted", "captured_s", "steering", "mode", "jpeg_crc")
    return [tuple(row[name] for name in names) for row in rows]


def test_the_program_in_the_readme_reads_a_tub_with_its_marks(tmp_path, program):
    folder = recorded(tmp_path / "tub")
    tub = Tub(folder)
    chosen = np.zeros(len(tub), bool)
    chosen[[1, 2, 8]] = True
    tub.marks.delete(tub.ranges_of(chosen), "to try")
    tub.marks.restore(tub.ranges_of(np.arange(len(tub)) == 2))
    tub.marks.delete(tub.ranges_of(np.arange(len(tub)) == 5))
    tub.marks.undo()
    with tub.marks.path.open("ab") as file:
        file.write(b'[1]\n\0\0\n{"edit": "rotate"}\n{"edit": "dele')
    tub = Tub(folder)
    assert np.flatnonzero(tub.deleted()).tolist() == [1, 8]
    assert shown(read_by(program, folder)) == expected(tub)


def test_the_program_in_the_readme_reads_around_damage(tmp_path, program):
    folder = recorded(tmp_path / "tub")
    path = folder / "session-0.mcap"
    data = bytearray(path.read_bytes())
    pictures = [found.start() for found in re.finditer(b"\xff\xd8\xff", data)]
    data[pictures[1] + 50] ^= 1
    path.write_bytes(data[: pictures[5] + 20])
    tub = Tub(folder)
    assert len(tub) == 5 + 6
    assert shown(read_by(program, folder)) == expected(tub, frozenset({1}))


def test_the_tables_in_the_readme_are_those_of_the_code():
    from tubs.mcap import channels, layout

    text = README.read_text()
    for number, topic in channels.TOPICS.items():
        assert f"| {number} | `{topic}` |" in text
    assert zlib.crc32(b"123456789") == 0xCBF43926
    assert layout.MAGIC.hex(" ").upper() in text
