"""The decoded view of tubs that the trainer reads."""

from pathlib import Path

import numpy as np
import pytest

from tubs.cache import UNKNOWN_CLASS, open_training_view, reduce_class_map
from tubs.errors import OutputError, TubError
from tubs.reader import Tub
from tubs.record import Record
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


def test_the_arrays_are_made_once_and_again_when_a_tub_has_grown(tmp_path):
    folder, cache = write(tmp_path / "a", 3), tmp_path / "cache"
    open_training_view([folder], cache)
    (made,) = cache.iterdir()
    before = (made / "images.npy").stat().st_mtime_ns
    assert len(open_training_view([folder], cache)) == 3
    assert (made / "images.npy").stat().st_mtime_ns == before
    write(folder, 2)
    assert len(open_training_view([folder], cache)) == 5


def test_two_image_sizes_are_refused_with_the_odd_tub(tmp_path):
    folders = [write(tmp_path / "a", 2), write(tmp_path / "b", 2, (48, 64))]
    with pytest.raises(TubError, match=r"images of .*b are 64x48, those of .*a 32x24"):
        open_training_view(folders, tmp_path / "cache")


def test_a_damaged_record_is_named_and_no_half_cache_is_left(tmp_path):
    folder = write(tmp_path / "a", 5)
    (path,) = folder.glob("*.mcap")
    data = bytearray(path.read_bytes())
    data[data.rindex(b"\xff\xd8\xff") + 30] ^= 1
    path.write_bytes(data)
    with pytest.raises(TubError, match="record 4"):
        open_training_view([folder], tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_an_unwritable_cache_is_named(tmp_path):
    (tmp_path / "cache").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        open_training_view([write(tmp_path / "a", 1)], tmp_path / "cache")


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
