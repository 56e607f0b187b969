"""Damage of donkeycar tubs beyond single files: catalogs, manifests, indexes, times, pictures."""

import base64
import json
import math

import cv2
import numpy as np
import pytest

from tests.unit.test_tub_donkeycar import donkeycar, jpeg, line
from tubs.damage import Damage
from tubs.exchange.donkeycar_export import export_donkeycar
from tubs.exchange.importer import import_recording
from tubs.exchange.original_image import KEY
from tubs.reader import Tub


def reasons_of(report) -> dict[int, str]:
    return {damage.record: damage.reason for damage in report.damaged}


def test_lines_that_ran_together_are_both_taken(tmp_path):
    source = donkeycar(tmp_path / "old", [line(number) for number in range(5)])
    text = "\n".join([line(0), line(1) + line(2), line(3), line(4)])
    (source / "catalog_0.catalog").write_text(text)
    report = import_recording(source, tmp_path / "new")
    assert (report.records, report.good, report.damaged) == (5, 5, [])


def test_a_line_torn_into_the_next_costs_only_itself(tmp_path):
    source = donkeycar(tmp_path / "old", [line(number) for number in range(5)])
    text = "\n".join([line(0), line(1)[:60] + line(2), line(3), line(4)])
    (source / "catalog_0.catalog").write_text(text)
    report = import_recording(source, tmp_path / "new")
    assert (report.records, report.good) == (5, 4)
    assert reasons_of(report)[1].startswith("catalog_0.catalog line 2: broken JSON")


def test_text_that_is_not_utf_8_is_named_and_blocks_of_zeros_are_no_records(tmp_path):
    source = donkeycar(tmp_path / "old", [line(number) for number in range(3)])
    catalog = source / "catalog_0.catalog"
    catalog.write_bytes(catalog.read_bytes() + b'{"user/mode": "\xff"}\n' + b"\0" * 900)
    report = import_recording(source, tmp_path / "new")
    assert (report.records, report.good) == (4, 3)
    assert report.damaged == [
        Damage(3, "catalog_0.catalog line 4: broken JSON: not UTF-8 at byte 15")
    ]


def test_an_image_that_a_later_record_wrote_over_is_not_shown_as_the_earlier_ones(tmp_path):
    lines = [line(number) for number in range(4)]
    lines += [line(3, **{"user/angle": 0.75})]
    report = import_recording(donkeycar(tmp_path / "old", lines), tmp_path / "new")
    assert report.damaged == [
        Damage(3, "image 3_cam_image_array_.jpg belongs to a later record, which names it too")
    ]
    assert Tub(tmp_path / "new")[3].steering == 0.75


@pytest.mark.parametrize("text", [None, "", '[]\n[]\n{}\n{}\n{"paths": ["cat'])
def test_without_a_whole_manifest_everything_is_taken_and_said(tmp_path, text):
    source = donkeycar(tmp_path / "old", [line(number) for number in range(4)], deleted=(1,))
    manifest = source / "manifest.json"
    manifest.unlink() if text is None else manifest.write_text(text)
    report = import_recording(source, tmp_path / "new")
    assert (report.good, report.deleted) == (4, 0)
    assert "had deleted is not known" in report.remarks[0]


def test_a_catalog_that_the_manifest_names_and_nobody_has_is_no_trouble(tmp_path):
    source = donkeycar(tmp_path / "old", [line(number) for number in range(4)])
    last = {"paths": ["catalog_7.catalog", "catalog_0.catalog"], "deleted_indexes": [1]}
    (source / "manifest.json").write_text(json.dumps(last))
    (source / "catalog_1.catalog").write_text("")
    report = import_recording(source, tmp_path / "new")
    assert (report.good, report.deleted) == (3, 1)


def test_images_that_no_record_names_are_counted(tmp_path):
    source = donkeycar(tmp_path / "old", [line(number) for number in range(3)])
    for number in (77, 78):
        (source / "images" / f"{number}_cam_image_array_.jpg").write_bytes(jpeg())
    assert import_recording(source, tmp_path / "new").spare_images == 2


def test_equal_time_stamps_are_put_a_microsecond_apart(tmp_path):
    stamps = [0, 50, 50, 50, *range(100, 3100, 50)]
    lines = [line(number, _timestamp_ms=stamp) for number, stamp in enumerate(stamps)]
    report = import_recording(donkeycar(tmp_path / "old", lines), tmp_path / "new")
    times_s = Tub(tmp_path / "new").controls()["captured_s"]
    assert (report.sessions, report.assumed_times) == (1, 0)
    assert (np.diff(times_s) > 0.0).all()
    assert times_s[:5].tolist() == pytest.approx([0, 0.05, 0.050001, 0.050002, 0.1], abs=1e-9)


def test_a_record_without_time_stamp_lies_between_its_neighbours(tmp_path):
    lines = [line(number) for number in range(40)]
    lines[7] = line(7, _timestamp_ms="soon")
    report = import_recording(donkeycar(tmp_path / "old", lines), tmp_path / "new")
    assert (report.good, report.assumed_times) == (40, 0)
    assert Tub(tmp_path / "new").controls()["captured_s"][7] == pytest.approx(7 * 0.04)


def test_two_drives_of_one_name_do_not_merge(tmp_path):
    stamps = [50 * number for number in range(40)] + [90_000 + 50 * n for n in range(40)]
    lines = [line(n, _timestamp_ms=stamp, _session_id="a") for n, stamp in enumerate(stamps)]
    import_recording(donkeycar(tmp_path / "old", lines), tmp_path / "new")
    assert [len(session) for session in Tub(tmp_path / "new").sessions] == [40, 40]


def test_what_was_removed_from_a_version_1_tub_by_hand_leaves_a_gap(tmp_path):
    source = tmp_path / "old"
    source.mkdir()
    for number in (0, 1, 2, 5, 100, 101):
        values = {"cam/image_array": f"{number}.jpg", "user/angle": 0, "user/throttle": 1}
        (source / f"record_{number}.json").write_text(json.dumps(values))
        (source / f"{number}.jpg").write_bytes(jpeg(number))
    import_recording(source, tmp_path / "new")
    tub = Tub(tmp_path / "new")
    assert [len(session) for session in tub.sessions] == [4, 2]
    assert tub.controls()["captured_s"].tolist() == pytest.approx([0, 0.05, 0.1, 0.25, 0, 0.05])


def test_the_foreign_record_is_kept_verbatim(tmp_path):
    lines = [line(0, extra=[1, {"a": None}], rpm=12.5), line(1)]
    import_recording(donkeycar(tmp_path / "old", lines), tmp_path / "new")
    assert Tub(tmp_path / "new").encoded(0).source == lines[0].encode()


def test_imu_and_odometry_become_messages_of_their_own(tmp_path):
    imu = {f"imu/{kind}_{axis}": 1.0 for kind in ("acl", "gyr") for axis in "xyz"}
    imu |= {"imu/acl_y": 9.75, "imu/gyr_z": 180.0}
    lines = [line(0, **imu, **{"enc/speed": 1.5, "enc/distance": 3.0}), line(1)]
    report = import_recording(donkeycar(tmp_path / "old", lines), tmp_path / "new")
    tub = Tub(tmp_path / "new")
    measured = tub.imu()
    assert "the sensor's own" in report.remarks[0]
    degree = math.radians(1.0)
    assert measured.values.tolist() == [pytest.approx([1.0, 9.75, 1.0, degree, degree, math.pi])]
    assert tub.telemetry()[0].telemetry.values == {"speed_m_s": 1.5, "distance_m": 3.0}
    assert (tub[0].speed_m_s, tub[1].speed_m_s) == (1.5, None)


@pytest.mark.parametrize(
    ("suffix", "picture"),
    [(".jpg", np.full((24, 32), 200, np.uint8)), (".png", np.full((24, 32, 3), 70, np.uint8))],
)
def test_the_original_of_an_image_that_a_tub_cannot_hold_comes_back(tmp_path, suffix, picture):
    source = donkeycar(tmp_path / "old", [line(0), line(1), line(2)])
    name = f"1_cam_image_array_{suffix}"
    data = cv2.imencode(suffix, picture)[1].tobytes()
    (source / "images" / name).write_bytes(data)
    text = line(1, **{"cam/image_array": name})
    (source / "catalog_0.catalog").write_text("\n".join([line(0), text, line(2)]))
    import_recording(source, tmp_path / "new")
    kept = json.loads(Tub(tmp_path / "new").encoded(1).source)
    assert base64.b64decode(kept[KEY]) == data
    export_donkeycar(tmp_path / "new", tmp_path / "back")
    assert (tmp_path / "back" / "images" / name).read_bytes() == data
    assert (tmp_path / "back" / "catalog_0.catalog").read_text().splitlines()[1] == text


@pytest.mark.parametrize("name", ["..", "a\0b.jpg", "/", ""])
def test_an_image_name_that_is_none_is_damage(tmp_path, name):
    lines = [line(0), line(1, **{"cam/image_array": name})]
    report = import_recording(donkeycar(tmp_path / "old", lines), tmp_path / "new")
    assert report.damaged == [Damage(1, "catalog_0.catalog line 2: it names no image")]


def test_a_huge_index_is_no_index(tmp_path):
    lines = [line(0), line(1, _index=10**40)]
    report = import_recording(donkeycar(tmp_path / "old", lines), tmp_path / "new")
    assert (report.good, report.damaged) == (2, [])
