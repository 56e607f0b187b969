"""`check_tub` finds every fault and says where it is."""

import re
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from car.cli import main
from tubs.control import Control
from tubs.encoded import EncodedRecord
from tubs.errors import TubError
from tubs.health.check import CheckReport, check_tub
from tubs.writer import TubWriter


def jpeg_of(number: int, size: tuple[int, int] = (24, 32)) -> bytes:
    image = np.random.default_rng(number).integers(0, 255, (*size, 3), dtype=np.uint8)
    return bytes(cv2.imencode(".jpg", image)[1])


def record(number: int, jpeg: bytes | None = None, at_s: float | None = None) -> EncodedRecord:
    at_s = number * 0.05 if at_s is None else at_s
    return EncodedRecord(Control(at_s, at_s, 0.0, 0.5, "human"), jpeg or jpeg_of(number))


@pytest.fixture
def tub(tmp_path: Path) -> Path:
    """Sessions a and b of 5 records each."""
    for session in ("a", "b"):
        with TubWriter(tmp_path / "tub", session=session) as writer:
            for number in range(5):
                writer.append_encoded(record(number + (10 if session == "b" else 0)))
    return tmp_path / "tub"


def add(folder: Path, *records: EncodedRecord) -> None:
    with TubWriter(folder, session="c") as writer:
        for each in records:
            writer.append_encoded(each)


def named(report: CheckReport) -> list[tuple[int, str, str]]:
    return [(fault.record, fault.session, fault.reason) for fault in report.damaged]


def test_a_whole_tub(tub):
    report = check_tub(tub)
    assert (report.records, report.good, report.whole) == (10, 10, True)
    assert (report.dropped, report.unfinished_sessions, report.remarks) == (0, [], [])


def test_a_flipped_bit_is_named_by_its_number_in_the_whole_tub(tub):
    path = tub / "b.mcap"
    data = bytearray(path.read_bytes())
    data[data.index(jpeg_of(12)) + 50] ^= 4
    path.write_bytes(data)
    assert named(check_tub(tub)) == [(7, "b", "its checksum does not match")]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (record(1, b"no picture"), "cannot be decoded"),
        (record(1, jpeg_of(1)[:-300]), "truncated|cannot be decoded"),
        (record(1, jpeg_of(1, (48, 64))), r"its image is \(48, 64\), most are \(24, 32\)"),
        (record(0), "it is a copy of the record before it"),
        (record(0, jpeg_of(3)), "at the same time as the record before it"),
    ],
)
def test_a_record_that_cannot_be_used_is_named_with_the_reason(tub, bad, reason):
    add(tub, record(0), bad, record(2))
    report = check_tub(tub)
    assert [(number, session) for number, session, _ in named(report)] == [(11, "c")]
    assert re.search(reason, report.damaged[0].reason)


def test_a_record_that_goes_back_in_time(tub):
    add(tub, record(0, at_s=2.0), record(1, at_s=1.5), record(2, at_s=2.5))
    reason = "it was captured 0.5 s before the record before it"
    assert named(check_tub(tub)) == [(11, "c", reason)]


def test_dropped_records_are_a_remark_and_no_damage(tub):
    with TubWriter(tub, session="c") as writer:
        for number, sequence in enumerate([0, 1, 5, 6]):
            writer.append_encoded(record(number + 20), sequence)
    report = check_tub(tub)
    assert report.whole
    assert report.dropped == 3
    assert "3 missing records" in report.remarks[0]
    assert main(["tub", "check", str(tub)]) == 0


def test_a_torn_end_is_named_and_counted(tub):
    path = tub / "a.mcap"
    data = path.read_bytes()
    path.write_bytes(data[: data.index(jpeg_of(4)) + 20])
    report = check_tub(tub)
    assert (report.records, report.good) == (10, 9)
    assert report.damaged[0].record == 4
    assert "torn record" in report.damaged[0].reason
    assert report.unfinished_sessions == ["a"]


def test_a_session_that_was_cut_between_two_records_is_no_damage(tub):
    path = tub / "b.mcap"
    data = path.read_bytes()
    path.write_bytes(data[: data.rindex(b"\x0f\x04\0\0\0\0\0\0\0\0\0\0\0")])
    report = check_tub(tub)
    assert (report.records, report.good, report.whole) == (10, 10, True)
    assert report.unfinished_sessions == ["b"]


def _break_about(tub: Path) -> None:
    (tub / "tub.json").write_text('{"everlap_tub": 1')


def _lose_about(tub: Path) -> None:
    (tub / "tub.json").unlink()


def _break_marks(tub: Path) -> None:
    (tub / "marks.jsonl").write_text('{"edit": "delete"}\n{"edit": "del')


def _foreign_file(tub: Path) -> None:
    (tub / "x.mcap").write_text("hello, this is something else")


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (_break_about, "tub.json is damaged"),
        (_lose_about, "tub.json is missing"),
        (_break_marks, "1 of its lines cannot be read"),
        (_foreign_file, "x.mcap is not an MCAP file"),
    ],
)
def test_damage_beside_the_records_is_named_and_fails(
    tub: Path, capsys: pytest.CaptureFixture[str], harm: Callable[[Path], None], reason: str
) -> None:
    harm(tub)
    report = check_tub(tub)
    assert (report.records, report.good, report.damaged) == (10, 10, [])
    assert [reason in fault.reason for fault in report.faults] == [True]
    assert main(["tub", "check", str(tub)]) == 1
    out = capsys.readouterr().out
    assert reason in out
    assert f"everlap tub repair {tub} OUT" in out


def test_a_session_that_is_there_twice_is_a_remark(tub):
    (tub / "b copy.mcap").write_bytes((tub / "b.mcap").read_bytes())
    report = check_tub(tub)
    assert report.whole
    assert report.remarks == ["b copy: all of its records are in b, as in a copy"]


def test_a_session_with_images_of_another_size_is_a_remark_and_no_damage(tub, tmp_path):
    with TubWriter(tub, session="c") as writer:
        writer.append_encoded(record(0, jpeg_of(0, (48, 64))))
    report = check_tub(tub)
    assert report.whole
    assert report.remarks == ["its sessions have images of several sizes: 32x24, 64x48"]


def test_a_tub_without_records_is_said_to_be_empty(tub):
    for path in tub.glob("*.mcap"):
        path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(TubError, match="is an empty tub"):
        check_tub(tub)
