"""Figures of class maps stay within their limits for any two maps."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from car.config import Lens
from train.scoring.class_map import tally
from train.scoring.ground_edge import edge_errors

CLASSES = st.sampled_from([0, 1, 2, 3, 4])
LABELS = st.sampled_from([0, 1, 2, 3, 4, 255])
SHAPE = st.tuples(st.integers(1, 3), st.integers(2, 9), st.integers(2, 9))


def pairs():
    """Truth with unknown cells, and a guess, of one shape."""
    return SHAPE.flatmap(
        lambda shape: st.tuples(
            arrays(np.uint8, shape, elements=LABELS), arrays(np.uint8, shape, elements=CLASSES)
        )
    )


def within(*values: float | None) -> bool:
    return all(value is None or 0.0 <= value <= 1.0 for value in values)


@settings(deadline=None)
@given(pairs())
def test_all_shares_lie_between_nothing_and_everything(maps) -> None:
    found = tally(*maps)
    overlap = found.overlap()
    if overlap is None:
        assert (maps[0] == 255).all()
        return
    assert within(overlap.mean_iou, overlap.tolerant_mean_iou, overlap.interior_mean_iou)
    lines = found.by_class().values()
    assert abs(sum(line.share for line in lines) - 1.0) < 1e-9
    for line in lines:
        assert within(line.iou, line.precision, line.recall, line.tolerant_iou, line.interior_iou)
        assert line.tolerant_iou >= line.iou - 1e-9


@settings(deadline=None)
@given(pairs())
def test_a_guess_where_nothing_is_known_changes_nothing(maps) -> None:
    truth, guess = maps
    other = np.where(truth == 255, 4 - guess, guess).astype(np.uint8)
    first, second = tally(truth, guess), tally(truth, other)
    assert all((getattr(first, name) == getattr(second, name)).all() for name in first.__slots__)


@settings(deadline=None)
@given(pairs(), st.sampled_from([None, Lens()]))
def test_edges_lie_in_the_image_and_the_truth_is_nowhere_off(maps, lens) -> None:
    truth, guess = maps
    found = edge_errors(truth, guess, lens)
    assert (np.abs(found.columns) <= 1.0).all()
    assert np.isfinite(found.lines).all()
    exact = edge_errors(truth, truth, lens)
    assert not exact.columns.any()
    assert not exact.lines.any()
    score = found.score()
    assert score is None or within(score.columns.within_asked, score.columns.p95)
