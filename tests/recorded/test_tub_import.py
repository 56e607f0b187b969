"""Public donkeycar recordings, as they are, become tubs."""

import numpy as np
import pytest

from tubs.exchange.importer import import_recording
from tubs.health.check import check_tub
from tubs.reader import Tub


@pytest.mark.parametrize(
    ("name", "records", "size", "sessions"),
    [
        ("donkeycar-test-tub", 1000, (120, 160), 1),
        ("edonkeys-v2-outdoor", 1256, (120, 160), 3),
        ("pitest5-v2-imu", 1996, (120, 160), 4),
        ("adas-v1-640x360", 274, (360, 640), 1),
    ],
)
def test_a_sound_recording_comes_over_whole(unpacked, tmp_path, name, records, size, sessions):
    report = import_recording(unpacked(name), tmp_path / "tub")
    tub = Tub(tmp_path / "tub")
    assert (report.records, report.good, report.damaged) == (records, records, [])
    assert (len(tub), tub.image_size, len(tub.sessions)) == (records, size, sessions)
    assert check_tub(tmp_path / "tub").good == records


def test_images_are_the_very_bytes_of_the_recording(unpacked, tmp_path):
    source = unpacked("donkeycar-test-tub")
    import_recording(source, tmp_path / "tub")
    tub = Tub(tmp_path / "tub")
    for number in (0, 500, 999):
        image = source / "images" / f"{number}_cam_image_array_.jpg"
        assert tub.encoded(number).jpeg == image.read_bytes()


def test_useless_time_stamps_become_20_hz_and_useful_ones_stay(unpacked, tmp_path):
    assert import_recording(unpacked("donkeycar-test-tub"), tmp_path / "a").assumed_times == 1000
    assert import_recording(unpacked("edonkeys-v2-outdoor"), tmp_path / "b").assumed_times == 0
    for name in ("a", "b"):
        controls = Tub(tmp_path / name).controls()
        assert np.median(np.diff(controls["captured_s"])) == pytest.approx(0.05, abs=0.002)


def test_a_damaged_recording_gives_what_is_good_and_names_the_rest(unpacked, tmp_path):
    report = import_recording(unpacked("fpineau-v2-damaged"), tmp_path / "tub")
    assert (report.records, report.good, report.deleted, len(report.damaged)) == (
        (2415, 1926, 200, 289)
    )
    assert {damage.reason.split()[-1] for damage in report.damaged} == {"empty"}
    assert check_tub(tmp_path / "tub").damaged == []


def test_missing_images_cost_their_records_only(unpacked, tmp_path):
    report = import_recording(unpacked("sigsfig-v2-outdoor"), tmp_path / "tub")
    assert (report.records, report.good) == (3078, 3076)
    assert all("missing" in damage.reason for damage in report.damaged)
