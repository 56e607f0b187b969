"""The view of tubs that the trainer reads: which records, and what is in its arrays."""

from pathlib import Path

import numpy as np
import pytest

from tubs.control import Control
from tubs.encoded import EncodedRecord
from tubs.errors import TubError
from tubs.images import encode_jpeg
from tubs.reader import Tub
from tubs.record import Record
from tubs.telemetry import Imu
from tubs.training.examine import UNKNOWN_CLASS, reduce_class_map
from tubs.training.opening import open_training_view
from tubs.writer import TubWriter


def write(folder: Path, count: int, size: tuple[int, int] = (24, 32), maps: bool = False) -> Path:
    rng = np.random.default_rng(count)
    with TubWriter(folder) as writer:
        for number in range(count):
            image = np.full((*size, 3), rng.integers(0, 256, 3), np.uint8)
            class_map = np.full(size, number % 5, np.uint8) if maps else None
            values = {"steering": number / count, "throttle": 0.5, "mode": "human"}
            record = Record(image, number * 0.05, number * 0.05, **values, class_map=class_map)
            writer.append(record)
    return folder


def test_the_arrays_hold_what_the_tubs_hold(tmp_path):
    folders = [write(tmp_path / "a", 70), write(tmp_path / "b", 5)]
    view = open_training_view(folders, tmp_path / "cache")
    records = [record for folder in folders for record in Tub(folder)]
    assert len(view) == 75
    assert all((view.images[n] == record.image).all() for n, record in enumerate(records))
    assert view.steering.tolist() == pytest.approx([record.steering for record in records])
    assert view.session.tolist() == view.tub.tolist() == [0] * 70 + [1] * 5
    assert view.class_maps is None


def test_class_maps_are_reduced_and_unknown_where_there_are_none(tmp_path):
    folders = [write(tmp_path / "a", 3), write(tmp_path / "b", 4, maps=True)]
    view = open_training_view(folders, tmp_path / "cache", class_map_size=(6, 8))
    assert view.has_class_map.tolist() == [False] * 3 + [True] * 4
    assert view.class_maps.shape == (7, 6, 8)
    assert view.class_maps[:, 0, 0].tolist() == [UNKNOWN_CLASS] * 3 + [0, 1, 2, 3]


def test_a_cell_of_a_reduced_map_shows_its_middle():
    class_map = np.arange(6 * 9, dtype=np.uint8).reshape(6, 9)
    assert reduce_class_map(class_map, (2, 3)).tolist() == [[10, 13, 16], [37, 40, 43]]


@pytest.mark.parametrize("shape", [(120, 160), (90, 120), (75, 100)])
def test_the_mirror_image_of_a_class_map_reduces_to_the_mirror_image(shape):
    class_map = np.random.default_rng(1).integers(0, 5, shape).astype(np.uint8)
    reduced = reduce_class_map(class_map, (60, 80))
    assert np.array_equal(reduce_class_map(class_map[:, ::-1], (60, 80)), reduced[:, ::-1])
    assert np.array_equal(reduce_class_map(class_map[::-1], (60, 80)), reduced[::-1])


def test_two_image_sizes_are_refused_with_the_odd_tub(tmp_path):
    folders = [write(tmp_path / "a", 2), write(tmp_path / "b", 2, (48, 64))]
    with pytest.raises(TubError, match=r"images of .*b are 64x48, those of .*a 32x24"):
        open_training_view(folders, tmp_path / "cache")


def spoil(folder: Path, record_from_the_end: int = 0) -> None:
    """Flip a bit in the picture of the last record but so many."""
    (path,) = folder.glob("*.mcap")
    data = bytearray(path.read_bytes())
    position = len(data)
    for _ in range(record_from_the_end + 1):
        position = data.rindex(b"\xff\xd8\xff", 0, position)
    data[position + 30] ^= 1
    path.write_bytes(data)


def test_a_damaged_record_is_left_out_and_said(tmp_path, caplog):
    folder = write(tmp_path / "a", 5)
    spoil(folder, 1)
    view = open_training_view([folder], tmp_path / "cache")
    assert view.place.tolist() == [0, 1, 2, 4]
    assert view.steering.tolist() == pytest.approx([0.0, 0.2, 0.4, 0.8])
    assert "1 damaged" in caplog.text
    assert f"see everlap tub check {folder}" in caplog.text
    assert np.isnan(view.timeline.steering[3])


def test_a_truncated_picture_with_a_good_checksum_is_damaged(tmp_path):
    jpeg = encode_jpeg(np.zeros((24, 32, 3), np.uint8))
    with TubWriter(tmp_path / "tub") as writer:
        for number, data in enumerate([jpeg, jpeg[:-40], b"", jpeg]):
            control = Control(number * 0.05, number * 0.05, 0.1, 0.1, "human")
            writer.append_encoded(EncodedRecord(control, data))
    view = open_training_view([tmp_path / "tub"], tmp_path / "cache")
    assert view.place.tolist() == [0, 3]


def test_a_picture_of_another_size_than_most_is_left_out_even_when_it_is_the_first(tmp_path):
    with TubWriter(tmp_path / "tub") as writer:
        for number, size in enumerate([(48, 64), (24, 32), (24, 32), (12, 16)]):
            image = np.zeros((*size, 3), np.uint8)
            writer.append(Record(image, number * 0.05, number * 0.05, 0.1, 0.1, "human"))
    view = open_training_view([tmp_path / "tub"], tmp_path / "cache")
    assert view.images.shape == (2, 24, 32, 3)
    assert view.place.tolist() == [1, 2]


def test_deleted_records_are_left_out_until_they_are_restored(tmp_path, caplog):
    folder, cache = write(tmp_path / "a", 100), tmp_path / "cache"
    tub = Tub(folder)
    some = np.arange(100) % 10 < 3
    tub.marks.delete(tub.ranges_of(some))
    view = open_training_view([folder], cache)
    assert view.place.tolist() == np.flatnonzero(~some).tolist()
    assert "30 deleted" in caplog.text
    assert all((view.images[row] == tub[place].image).all() for row, place in enumerate(view.place))
    tub.marks.undo()
    assert len(open_training_view([folder], cache)) == 100


def test_a_standing_car_is_left_out(tmp_path):
    image = np.zeros((24, 32, 3), np.uint8)
    with TubWriter(tmp_path / "tub") as writer:
        for number, mode in enumerate(["stopped", "human", "stopped", "pilot", "assisted"]):
            writer.append(Record(image, number * 0.05, number * 0.05, 0.1, 0.1, mode))
    view = open_training_view([tmp_path / "tub"], tmp_path / "cache")
    assert view.mode.tolist() == ["human", "pilot", "assisted"]
    assert view.left_out[0].stopped == 2


def test_a_record_that_is_left_out_for_two_reasons_counts_once(tmp_path):
    folder = write(tmp_path / "a", 5)
    spoil(folder)
    tub = Tub(folder)
    tub.marks.delete(tub.ranges_of(np.array([True, False, False, False, True])))
    (left_out,) = open_training_view([folder], tmp_path / "cache").left_out
    assert (left_out.damaged, left_out.deleted, left_out.stopped) == (1, 1, 0)


def test_a_tub_of_which_nothing_is_left_is_refused_with_the_reasons(tmp_path):
    folder = write(tmp_path / "a", 5)
    tub = Tub(folder)
    tub.marks.delete(tub.ranges_of(np.ones(5, bool)))
    with pytest.raises(TubError, match=r"no record is left to learn from: .*a: .* 5 deleted"):
        open_training_view([write(tmp_path / "b", 2), folder], tmp_path / "cache")


def test_a_session_without_one_good_picture_is_left_out_and_said(tmp_path):
    broken, whole = write(tmp_path / "a", 3), write(tmp_path / "b", 2)
    for record in range(3):
        spoil(broken, record)
    with pytest.raises(TubError, match=r"no record is left to learn from: .*a: .* 3 damaged"):
        open_training_view([broken], tmp_path / "cache")
    for session in broken.glob("*.mcap"):
        session.rename(whole / session.name)
    view = open_training_view([whole], tmp_path / "cache")
    assert view.images.shape == (2, 24, 32, 3)


def test_the_newest_inertial_measurement_stands_beside_each_record(tmp_path):
    image = np.zeros((24, 32, 3), np.uint8)
    with TubWriter(tmp_path / "tub") as writer:
        for number in range(4):
            writer.append(Record(image, number * 0.1, number * 0.1, 0.1, 0.1, "human"))
        writer.measure(Imu(0.05, (1.0, 2.0, 3.0), (4.0, 5.0, 6.0)))
        writer.measure(Imu(0.09, (7.0, 8.0, 9.0), (0.1, 0.2, 0.3)))
    view = open_training_view([tmp_path / "tub"], tmp_path / "cache")
    assert np.array_equal(view.imu, Tub(tmp_path / "tub").imu_at_records(), equal_nan=True)
    assert view.imu[1].tolist() == pytest.approx([7.0, 8.0, 9.0, 0.1, 0.2, 0.3])
    assert np.isnan(view.imu[[0, 3]]).all()


def test_pictures_are_read_by_number_slice_list_and_mask(tmp_path):
    view = open_training_view([write(tmp_path / "a", 9), write(tmp_path / "b", 4)], tmp_path / "c")
    whole = np.asarray(view.images)
    assert whole.shape == view.images.shape == (13, 24, 32, 3)
    assert (view.images[-1] == whole[-1]).all()
    assert (view.images[3:12:2][[1, 0]] == whole[[5, 3]]).all()
    assert (view.images[[12, 0, 12]] == whole[[12, 0, 12]]).all()
    assert (view.images[np.arange(13) > 7] == whole[8:]).all()
    assert (view.images[2:5, 0, 1] == whole[2:5, 0, 1]).all()
    assert view.images[[]].shape == (0, 24, 32, 3)
    with pytest.raises(IndexError):
        view.images[13]


def test_no_tub_at_all_is_refused(tmp_path):
    with pytest.raises(TubError, match="at least one"):
        open_training_view([], tmp_path / "cache")


@pytest.mark.parametrize(
    ("mode", "wished", "learned"),
    [("human", -0.7, -0.7), ("human", None, 0.4), ("assisted", -0.7, 0.4), ("pilot", None, 0.4)],
)
def test_a_humans_wish_is_learned_where_a_human_drove(tmp_path, mode, wished, learned):
    image = np.zeros((24, 32, 3), np.uint8)
    with TubWriter(tmp_path / "tub") as writer:
        writer.append(Record(image, 0.0, 0.0, 0.4, 0.2, mode, human_steering=wished))
    view = open_training_view([tmp_path / "tub"], tmp_path / "cache")
    assert view.steering.tolist() == pytest.approx([learned])
    assert view.throttle.tolist() == pytest.approx([0.2])
