"""`everlap tub info`: what it counts, and what it warns of."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

from car.cli import main
from tubs.about import TubAbout
from tubs.event import Event
from tubs.info.describe import describe, started
from tubs.info.text import as_text
from tubs.reader import Tub
from tubs.record import Record
from tubs.telemetry import Imu, Telemetry
from tubs.writer import TubWriter

NAME = "session-20261122T145532123Z-a1b2"


def write(
    folder: Path,
    steering: list[float],
    throttle: float = 0.5,
    session: str = NAME,
    sequences: list[int] | None = None,
    speed_m_s: float | None = None,
) -> Path:
    about = TubAbout(car="red", lens={"height_m": 0.2})
    with TubWriter(folder, about, session, sync_interval_s=math.inf) as writer:
        for number, value in enumerate(steering):
            at_s = number * 0.05
            image = np.full((24, 32, 3), number % 256, np.uint8)
            sent = Record(image, at_s, at_s + 0.04, value, throttle, "human", speed_m_s=speed_m_s)
            writer.append(sent, sequences[number] if sequences else None)
            if number == 1:
                writer.note(Event(at_s, "lap", "first"))
                writer.measure(Telemetry(at_s, {"battery_v": 7.2}))
                writer.measure(Imu(at_s, (0.0, 0.0, 9.8), (0.0, 0.0, 0.0)))
    return folder


def test_the_figures(tmp_path):
    tub = write(tmp_path / "tub", [-1.0, 0.0, 0.0, 1.0], sequences=[0, 1, 5, 6])
    write(tub, [0.5, 0.5], session="session-0002")
    info = describe(tub)
    assert (info.records, info.sessions, info.dropped) == (6, 2, 3)
    assert info.events == {"lap": 2}
    assert info.telemetry == {"battery_v": 2}
    assert (info.imu, info.lens, info.car) == (2, {"height_m": 0.2}, "red")
    assert info.frame_age_median_s == pytest.approx(0.04)
    assert info.frame_age_p99_s == pytest.approx(0.04)
    assert (sum(info.steering_counts), info.throttle_counts[8]) == (6, 6)
    first, second = info.session_list
    imported, driven = (first, second) if first.started is None else (second, first)
    assert (imported.session, imported.records) == ("session-0002", 2)
    assert driven.started == "2026-11-22T14:55:32.123+00:00"
    assert (driven.records, driven.dropped, driven.finished) == (4, 3, True)
    assert driven.duration_s == pytest.approx(0.15)
    assert driven.rate_hz == pytest.approx(20.0)


def test_deleted_records_are_counted_and_in_no_histogram(tmp_path):
    tub = Tub(write(tmp_path / "tub", [-1.0, 0.0, 0.0, 1.0]))
    tub.marks.delete(tub.ranges_of(np.array([True, False, False, False])))
    info = describe(tub.folder)
    assert (info.records, info.deleted, info.session_list[0].deleted) == (4, 1, 1)
    assert info.steering_counts == [0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1]
    assert info.modes == {"human": 3}


def test_a_tub_whose_records_are_all_deleted_has_figures_too(tmp_path):
    tub = Tub(write(tmp_path / "tub", [0.0, 0.0]))
    tub.marks.delete(tub.ranges_of(np.ones(2, bool)))
    info = describe(tub.folder)
    assert (info.deleted, info.modes, info.frame_age_median_s) == (2, {}, None)
    assert "2 in 1 session, 2 deleted" in as_text(info)


def test_a_damaged_record_is_counted_and_the_rest_described(tmp_path):
    tub = write(tmp_path / "tub", [0.0] * 4)
    path = tub / f"{NAME}.mcap"
    data = bytearray(path.read_bytes())
    data[data.index(b'{"captured_s":0.0')] = 0
    data[data.index(b"\xff\xd8", data.index(b'{"captured_s":0.05')) + 1] = 0
    path.write_bytes(data)
    info = describe(tub)
    assert (info.records, info.unreadable, info.session_list[0].unreadable) == (4, 1, 1)
    assert info.modes == {"human": 3}
    assert (info.image_width_px, info.image_height_px) == (32, 24)
    assert "1 unreadable" in as_text(info)


def test_a_session_that_was_cut_is_named(tmp_path):
    tub = write(tmp_path / "tub", [0.0] * 4)
    path = tub / f"{NAME}.mcap"
    data = path.read_bytes()
    path.write_bytes(data[: data.rindex(b"\x0f\x04\0\0\0\0\0\0\0\0\0\0\0")])
    info = describe(tub)
    assert (info.records, info.unfinished_sessions) == (4, 1)
    assert not info.session_list[0].finished
    assert "4 in 1 session (1 cut short)" in as_text(info)


@pytest.mark.parametrize(
    ("steering", "throttle", "speed_m_s", "warning"),
    [
        ([0.0, 0.05, -0.1, 0.5] * 100, 0.5, None, "75% of the steering is within +-0.1"),
        ([0.5, -0.5] * 200, 0.0, None, "--delete --where throttle=0"),
        ([0.5, -0.5] * 200, 0.5, 0.0, "--delete --where standing"),
        ([0.5, -0.5] * 200, -0.3, None, "100% of the throttle is below 0, which is reverse"),
        ([-0.5, -0.6, -0.7, -0.8, -0.9, 0.5] * 100, 0.5, None, "83% of the bends go to the left"),
    ],
)
def test_what_is_unbalanced_is_said(tmp_path, steering, throttle, speed_m_s, warning):
    tub = write(tmp_path / "tub", steering, throttle, speed_m_s=speed_m_s)
    warnings = describe(tub).warnings
    assert len(warnings) == 1
    assert warning in warnings[0]


def test_histograms_name_a_bin_by_its_middle_so_that_straight_on_is_0(tmp_path):
    text = as_text(describe(write(tmp_path / "tub", [0.0] * 3 + [1.0])))
    assert re.search(r"^  \+0\.00 █+ +3 ", text, re.MULTILINE)
    assert re.search(r"^  \+0\.91 █+ +1 ", text, re.MULTILINE)


def test_a_balanced_tub_has_no_warnings(tmp_path):
    assert describe(write(tmp_path / "tub", [-0.5, 0.5, 0.0, 0.3] * 100)).warnings == []


def test_the_rule_of_a_warning_takes_the_warning_away(tmp_path):
    tub = write(tmp_path / "tub", [0.5, -0.5] * 200, 0.0)
    write(tub, [0.5, -0.5] * 200, 0.5, session="session-0002")
    assert "50% of the records stand still" in describe(tub).warnings[0]
    assert main(["tub", "mark", str(tub), "--delete", "--where", "throttle=0"]) == 0
    assert describe(tub).warnings == []


def test_many_tubs_end_with_a_total(tmp_path, capsys):
    tubs = [str(write(tmp_path / name, [0.0] * 5)) for name in ("one", "two")]
    out = tmp_path / "info.json"
    assert main(["tub", "info", *tubs, "--json", str(out)]) == 0
    assert "2 tubs: 10 records that are not deleted" in capsys.readouterr().out
    assert [each["tub"] for each in json.loads(out.read_text())["tubs"]] == tubs


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("session-20261122T145532123Z-a1b2", "2026-11-22T14:55:32.123+00:00"),
        ("session-20261122T145532123Z-a1b2_0002", "2026-11-22T14:55:32.123+00:00"),
        ("session-0001", None),
        ("session-20269922T145532123Z-a1b2", None),
    ],
)
def test_when_a_session_began_is_in_its_name(name, expected):
    assert started(name) == expected


def test_twenty_sessions_are_not_all_listed(tmp_path, capsys):
    for number in range(20):
        write(tmp_path / "tub", [0.0, 0.1], session=f"session-{number:04d}")
    assert main(["tub", "info", str(tmp_path / "tub")]) == 0
    assert "and 8 more sessions" in capsys.readouterr().out
