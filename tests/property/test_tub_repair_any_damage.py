"""Whatever bytes of a tub are damaged: a repair gives a whole tub with every record that reads."""

import shutil
import tempfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tubs.errors import EverlapError
from tubs.event import Event
from tubs.health.check import check_tub
from tubs.health.repair import repair_tub
from tubs.reader import Tub
from tubs.record import Record
from tubs.writer import TubWriter

RECORDS = 6
damages = st.lists(
    st.tuples(st.integers(0, 1), st.floats(0, 1, exclude_max=True), st.integers(1, 255)), max_size=6
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "tub"
    for session in ("a", "b"):
        with TubWriter(folder, session=session) as writer:
            for number in range(RECORDS):
                at_s = 1.0 + number * 0.05
                image = np.full((24, 32, 3), 20 * number + (session == "b"), np.uint8)
                cv2.circle(image, (8 + number, 12), 5, (255, 0, 0), -1)
                writer.append(Record(image, at_s, at_s, 0.1, 0.2, "human"))
                writer.note(Event(at_s, "lap", "one"))
    return folder


def readable(folder: Path) -> dict[tuple[str, float], object]:
    """Every record that a tub gives, by session and time."""
    found: dict[tuple[str, float], object] = {}
    tub = Tub(folder)
    for number in range(len(tub)):
        session, _ = tub.locate(number)
        try:
            encoded = tub.encoded(number)
            tub[number]
        except EverlapError:
            continue
        found[tub.sessions[session].name, encoded.control.captured_s] = encoded
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damages, st.floats(0, 1))
def test_a_repair_keeps_what_reads_and_what_it_gives_is_whole(whole, flips, cut):
    with tempfile.TemporaryDirectory() as room:
        tub, out = Path(room) / "tub", Path(room) / "out"
        shutil.copytree(whole, tub)
        paths = sorted(tub.glob("*.mcap"))
        for file, place, bits in flips:
            data = bytearray(paths[file].read_bytes())
            data[int(place * len(data))] ^= bits
            paths[file].write_bytes(data)
        if cut < 0.5:
            data = paths[1].read_bytes()
            paths[1].write_bytes(data[: int(2 * cut * len(data))])
        expected = readable(tub)
        report = repair_tub(tub, out)
        if report.out is None:
            assert len(expected) == 2 * RECORDS
            assert check_tub(tub).whole
            return
        assert readable(out) == expected
        again = check_tub(out)
        assert again.whole, again
        assert again.unfinished_sessions == []
        assert again.good == report.good
