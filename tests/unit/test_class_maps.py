from collections import Counter

import numpy as np
import pytest

from car.frame import RoadClass
from train.learning.class_maps import RANK, fine_shape, voted
from train.learning.dataset import UNKNOWN

ROAD, LINE, GROUND, SKY, OBSTACLE = RoadClass


def most(four):
    """The commonest of four pixels; of equals the one that comes last in RANK."""
    count = Counter(four)
    most_often = max(count.values())
    rank = {UNKNOWN: len(RANK), **{int(kind): place for place, kind in enumerate(RANK)}}
    return max((kind for kind in count if count[kind] == most_often), key=rank.__getitem__)


def test_a_cell_is_what_most_of_its_four_pixels_show():
    fine = np.random.default_rng(1).choice([*RoadClass, UNKNOWN], (60, 80)).astype(np.uint8)
    cells = voted(fine)
    assert cells.shape == (30, 40)
    for row in range(30):
        for column in range(40):
            four = fine[2 * row : 2 * row + 2, 2 * column : 2 * column + 2].ravel().tolist()
            assert cells[row, column] == most(four)


@pytest.mark.parametrize("thin", [LINE, OBSTACLE])
def test_thin_things_get_a_cell_that_they_fill_half(thin):
    fine = np.full((2, 4), ROAD, np.uint8)
    fine[:, 1] = thin
    fine[0, 2] = thin
    assert voted(fine).tolist() == [[thin, ROAD]]


def test_many_maps_are_halved_at_once():
    fine = np.random.default_rng(2).integers(0, 5, (3, *fine_shape((30, 40)))).astype(np.uint8)
    assert np.array_equal(voted(fine), np.stack([voted(each) for each in fine]))
