"""What is taken from a donkeycar tub, and what is named and left out."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from tubs.damage import Damage
from tubs.errors import OutputError, TubError
from tubs.exchange.importer import import_recording
from tubs.images import decode_jpeg
from tubs.reader import Tub


def jpeg(value: int = 90, size: tuple[int, ...] = (24, 32, 3)) -> bytes:
    return cv2.imencode(".jpg", np.full(size, value, np.uint8))[1].tobytes()


def line(number: int, **changes: object) -> str:
    values = {
        "_index": number,
        "_session_id": "a",
        "_timestamp_ms": 1_700_000_000_000 + 40 * number,
        "cam/image_array": f"{number}_cam_image_array_.jpg",
        "user/angle": 0.25,
        "user/throttle": 0.5,
        "user/mode": "user",
    }
    return json.dumps(values | changes)


def donkeycar(folder: Path, lines: list[str], deleted: tuple[int, ...] = ()) -> Path:
    (folder / "images").mkdir(parents=True)
    for number in range(len(lines)):
        (folder / "images" / f"{number}_cam_image_array_.jpg").write_bytes(jpeg(number))
    (folder / "catalog_0.catalog").write_text("\n".join(lines) + "\n")
    last = {"paths": ["catalog_0.catalog"], "deleted_indexes": list(deleted)}
    (folder / "manifest.json").write_text("[]\n[]\n{}\n{}\n" + json.dumps(last) + "\n")
    return folder


def test_a_whole_tub_is_taken_over_image_bytes_and_times_included(tmp_path):
    source = donkeycar(tmp_path / "old", [line(number) for number in range(6)])
    report = import_recording(source, tmp_path / "new")
    tub = Tub(tmp_path / "new")
    assert (report.records, report.good, report.damaged) == (6, 6, [])
    assert [tub.encoded(number).jpeg for number in range(6)] == [jpeg(n) for n in range(6)]
    assert tub.controls()["captured_s"].tolist() == pytest.approx([0.04 * n for n in range(6)])
    assert (tub[3].steering, tub[3].throttle, tub[3].mode) == (0.25, 0.5, "human")
    assert (tub[3].human_steering, tub[3].pilot_steering) == (0.25, None)


def test_what_is_broken_is_named_and_the_rest_is_taken(tmp_path):
    lines = [line(number) for number in range(10)]
    lines[2] = lines[2][:50]
    lines[3] = line(3, **{"user/angle": None})
    lines[4] = line(4, **{"user/throttle": "fast"})
    source = donkeycar(tmp_path / "old", lines)
    images = source / "images"
    (images / "5_cam_image_array_.jpg").write_bytes(b"")
    (images / "6_cam_image_array_.jpg").unlink()
    (images / "7_cam_image_array_.jpg").write_bytes(jpeg()[:-20])
    (images / "8_cam_image_array_.jpg").write_bytes(b"not an image")
    report = import_recording(source, tmp_path / "new")
    reasons = {damage.record: damage.reason for damage in report.damaged}
    assert (report.records, report.good, set(reasons)) == (10, 3, {2, 3, 4, 5, 6, 7, 8})
    words = ["broken JSON", "no steering", "'fast'", "empty", "missing", "truncated", "decoded"]
    for number, word in enumerate(words, start=2):
        assert word in reasons[number]
    assert len(Tub(tmp_path / "new")) == 3


def test_deleted_records_are_taken_over_marked_and_can_be_restored(tmp_path):
    source = donkeycar(tmp_path / "old", [line(number) for number in range(6)], deleted=(1, 2, 4))
    report = import_recording(source, tmp_path / "new")
    assert (report.records, report.good, report.deleted, report.damaged) == (6, 3, 3, [])
    tub = Tub(tmp_path / "new")
    assert tub.deleted().tolist() == [False, True, True, False, True, False]
    assert [(edit.edit, edit.why) for edit in tub.marks.edits] == [
        ("delete", "deleted in donkeycar")
    ]
    tub.marks.undo()
    assert not tub.deleted().any()


def test_deletion_marks_mean_the_index_and_not_the_place(tmp_path):
    lines = [line(number) for number in range(6)][2:]
    source = donkeycar(tmp_path / "old", lines, deleted=(2,))
    for number in (4, 5):
        (source / "images" / f"{number}_cam_image_array_.jpg").write_bytes(jpeg(number))
    import_recording(source, tmp_path / "new")
    tub = Tub(tmp_path / "new")
    assert tub.deleted().tolist() == [True, False, False, False]
    assert tub.encoded(0).jpeg == jpeg(2)


def test_the_usual_image_size_is_kept_and_others_are_damage(tmp_path):
    source = donkeycar(tmp_path / "old", [line(number) for number in range(5)])
    (source / "images" / "1_cam_image_array_.jpg").write_bytes(jpeg(size=(48, 64, 3)))
    report = import_recording(source, tmp_path / "new")
    assert report.damaged == [Damage(1, "its image is 64x48, most are 32x24")]


def test_a_grey_image_becomes_a_colour_jpeg(tmp_path):
    source = donkeycar(tmp_path / "old", [line(number) for number in range(3)])
    (source / "images" / "1_cam_image_array_.jpg").write_bytes(jpeg(200, (24, 32)))
    report = import_recording(source, tmp_path / "new")
    assert report.encoded_anew == 1
    image = decode_jpeg(Tub(tmp_path / "new").encoded(1).jpeg)
    assert np.abs(image.astype(int) - 200).max() <= 2


def test_commands_out_of_range_are_set_to_the_edge_and_counted(tmp_path):
    source = donkeycar(tmp_path / "old", [line(0, **{"user/angle": -1.5}), line(1)])
    report = import_recording(source, tmp_path / "new")
    assert report.clipped == 1
    assert Tub(tmp_path / "new")[0].steering == -1.0


def test_what_was_applied_follows_the_mode(tmp_path):
    pilot = {"pilot/angle": -0.75, "pilot/throttle": 0.125}
    modes = ["user", "local_angle", "local"]
    lines = [line(number, **{"user/mode": mode}, **pilot) for number, mode in enumerate(modes)]
    import_recording(donkeycar(tmp_path / "old", lines), tmp_path / "new")
    applied = [(r.mode, r.steering, r.throttle) for r in Tub(tmp_path / "new")]
    assert applied == [("human", 0.25, 0.5), ("assisted", -0.75, 0.5), ("pilot", -0.75, 0.125)]


def test_a_gap_a_step_back_and_a_new_name_begin_a_session(tmp_path):
    stamps = [0, 50, 100, 5000, 5050, 5100, 200, 250, 300, 350, 400, 450]
    stamps += [500 + 50 * number for number in range(20)]
    lines = [line(number, _timestamp_ms=stamp) for number, stamp in enumerate(stamps)]
    lines[-2:] = [line(30, _session_id="b"), line(31, _session_id="b")]
    report = import_recording(donkeycar(tmp_path / "old", lines), tmp_path / "new")
    tub = Tub(tmp_path / "new")
    assert [len(session) for session in tub.sessions] == [3, 3, 24, 2]
    assert (report.sessions, report.assumed_times) == (4, 0)


@pytest.mark.parametrize("step_ms", [0, 3, 4000])
def test_time_stamps_that_make_no_sense_become_20_hz(tmp_path, step_ms):
    lines = [line(number, _timestamp_ms=step_ms * number) for number in range(4)]
    report = import_recording(donkeycar(tmp_path / "old", lines), tmp_path / "new")
    assert report.assumed_times == 4
    times_s = Tub(tmp_path / "new").controls()["captured_s"]
    assert times_s.tolist() == pytest.approx([0.0, 0.05, 0.1, 0.15])


def test_version_1_is_read_in_the_order_of_its_numbers(tmp_path):
    source = tmp_path / "old"
    source.mkdir()
    (source / "meta.json").write_text("{}")
    for number in (9, 10, 32):
        values = {"cam/image_array": f"{number}.jpg", "user/angle": 0, "user/throttle": 1}
        (source / f"record_{number}.json").write_text(json.dumps(values))
        (source / f"{number}.jpg").write_bytes(jpeg(number))
    (source / "record_11.json").write_text("")
    report = import_recording(source, tmp_path / "new")
    tub = Tub(tmp_path / "new")
    assert [tub.encoded(number).jpeg for number in range(3)] == [jpeg(9), jpeg(10), jpeg(32)]
    assert [damage.record for damage in report.damaged] == [11]


def test_a_catalog_that_the_manifest_forgot_is_read_too(tmp_path):
    source = donkeycar(tmp_path / "old", [line(number) for number in range(4)])
    lines = (source / "catalog_0.catalog").read_text().splitlines()
    (source / "catalog_0.catalog").write_text("\n".join(lines[:2]))
    (source / "catalog_1.catalog").write_text("\n".join(lines[2:]))
    assert import_recording(source, tmp_path / "new").good == 4


def test_an_image_name_cannot_reach_outside_of_the_tub(tmp_path):
    (tmp_path / "secret.jpg").write_bytes(jpeg())
    lines = [line(0, **{"cam/image_array": "../../secret.jpg"}), line(1)]
    report = import_recording(donkeycar(tmp_path / "old", lines), tmp_path / "new")
    assert report.damaged == [Damage(0, "image secret.jpg is missing")]


def test_nothing_is_left_behind_when_no_record_can_be_used(tmp_path):
    source = donkeycar(tmp_path / "old", ["{", "{"])
    with pytest.raises(TubError, match=r"no record .* can be used: record 0"):
        import_recording(source, tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_nothing_is_left_behind_after_an_interruption(tmp_path):
    source = donkeycar(tmp_path / "old", [line(number) for number in range(4)])

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_recording(source, tmp_path / "new", interrupt)
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_an_existing_destination_is_left_alone(tmp_path):
    source = donkeycar(tmp_path / "old", [line(0)])
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "mine").write_text("")
    with pytest.raises(OutputError, match="exists already"):
        import_recording(source, tmp_path / "new")


def test_a_folder_that_is_no_tub_at_all_is_refused(tmp_path):
    (tmp_path / "old").mkdir()
    with pytest.raises(TubError, match="not a recording that can be imported"):
        import_recording(tmp_path / "old", tmp_path / "new")
