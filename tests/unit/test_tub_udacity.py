"""Recordings of Udacity's simulator become tubs."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tubs.errors import TubError
from tubs.exchange.importer import import_recording
from tubs.exchange.udacity import stamp_ms
from tubs.reader import Tub

WINDOWS = "C:\\Users\\me\\Desktop\\run\\IMG\\"


def name_of(camera: str, number: int) -> str:
    milliseconds = 30_000 + 67 * number
    return f"{camera}_2016_12_01_13_30_{milliseconds // 1000:02d}_{milliseconds % 1000:03d}.jpg"


def row(number: int, steering: object = -0.25, folder: str = WINDOWS, brake: object = 0) -> str:
    images = ", ".join(folder + name_of(camera, number) for camera in ("center", "left", "right"))
    return f"{images}, {steering}, 0.5, {brake}, 20.0"


def recording(folder: Path, rows: list[str], header: str = "") -> Path:
    (folder / "IMG").mkdir(parents=True)
    for number in range(len(rows)):
        for camera in ("center", "left", "right"):
            image = np.full((160, 320, 3), number, np.uint8)
            cv2.imwrite(str(folder / "IMG" / name_of(camera, number)), image)
    (folder / "driving_log.csv").write_text(header + "\n".join(rows) + "\n")
    return folder


@pytest.mark.parametrize("folder", [WINDOWS, "/Users/me/run/IMG/", "IMG/"])
@pytest.mark.parametrize("header", ["", "center,left,right,steering,throttle,brake,speed\n"])
def test_a_log_with_any_paths_with_or_without_header_is_taken(tmp_path, folder, header):
    rows = [row(number, folder=folder) for number in range(5)]
    report = import_recording(recording(tmp_path / "old", rows, header), tmp_path / "new")
    tub = Tub(tmp_path / "new")
    assert (report.program, report.records, report.good) == ("udacity", 5, 5)
    assert (tub[0].steering, tub[0].throttle, tub[0].mode) == (-0.25, 0.5, "human")
    assert tub[0].speed_m_s == pytest.approx(8.9408)
    assert tub.controls()["captured_s"].tolist() == pytest.approx([0.067 * n for n in range(5)])
    image = tmp_path / "old" / "IMG" / name_of("center", 3)
    assert tub.encoded(3).jpeg == image.read_bytes()
    assert report.remarks == ["10 images of the left and right cameras: left out"]


def test_broken_rows_are_named(tmp_path):
    rows = [row(0), row(1, "left"), row(2, "nan"), row(3)[:-6], row(4), row(5), row(6)]
    source = recording(tmp_path / "old", rows)
    (source / "IMG" / name_of("center", 4)).unlink()
    (source / "IMG" / name_of("center", 5)).write_bytes(b"")
    report = import_recording(source, tmp_path / "new")
    assert [(damage.record, damage.reason) for damage in report.damaged] == [
        (1, "steering is 'left', not a number"),
        (2, "steering is nan"),
        (3, "driving_log.csv line 4: 6 columns, 7 expected"),
        (4, f"image {name_of('center', 4)} is missing"),
        (5, f"image {name_of('center', 5)} is empty"),
    ]
    assert report.good == 2


def test_the_brake_is_throttle_below_zero_and_too_much_steering_is_clipped(tmp_path):
    source = recording(tmp_path / "old", [row(0, 1.25, brake=1), row(1)])
    report = import_recording(source, tmp_path / "new")
    tub = Tub(tmp_path / "new")
    assert (tub[0].steering, tub[0].throttle, report.clipped) == (1.0, -0.5, 1)


def test_a_pause_begins_a_session(tmp_path):
    rows = [row(number) for number in [*range(20), *range(40, 50)]]
    source = recording(tmp_path / "old", rows)
    for number in range(40, 50):
        image = np.zeros((160, 320, 3), np.uint8)
        cv2.imwrite(str(source / "IMG" / name_of("center", number)), image)
    import_recording(source, tmp_path / "new")
    assert [len(session) for session in Tub(tmp_path / "new").sessions] == [20, 10]


def test_a_log_without_rows_is_refused(tmp_path):
    with pytest.raises(TubError, match=r"no record of .* can be used"):
        import_recording(recording(tmp_path / "old", []), tmp_path / "new")


@pytest.mark.parametrize("name", ["center.jpg", "center_2016_13_01_13_30_48_287.jpg"])
def test_a_name_without_a_date_has_no_time(name):
    assert stamp_ms(name) is None
