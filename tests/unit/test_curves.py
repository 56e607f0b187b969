"""The search for the curve on which a line lies."""

import itertools

import cv2
import numpy as np
import pytest

from car.pilots.curves import Curve, CurveSearch, trace
from car.pilots.pursuit import Moved, seen_from, shifted
from car.pilots.road_view import GroundGrid

GRID = GroundGrid()
EVERYWHERE = np.ones(GRID.shape, np.float32)
CURVES = [
    Curve(),
    Curve(0.2, -0.3, 0.4),
    Curve(-0.15, 0.1, -1.3),
    Curve(0.05, 0.3, 1.4, -0.5),
    Curve(-0.3, 0.5, 0.0, 0.6),
]


def painted(curve: Curve, beside_m: float = 0.0, gaps: int = 0) -> np.ndarray:
    """A view in which a line lies along a curve, with gaps of so many steps, as dashes have."""
    view = np.zeros(GRID.shape, np.float32)
    points, headings = trace(np.array([curve]))
    left = np.stack([-np.sin(headings[0]), np.cos(headings[0])], axis=1)
    cells = GRID.cells(points[0] + beside_m * left)
    for number, (here, there) in enumerate(itertools.pairwise(cells)):
        if not gaps or number // gaps % 2 == 0:
            ends = [tuple(round(value) for value in cell) for cell in (here, there)]
            cv2.line(view, *ends, 1.0, 2)
    return np.minimum(cv2.blur(view, (5, 5)) * 2, 1.0)


def distance_m(one: Curve, other: Curve) -> float:
    first, second = (trace(np.array([curve]))[0][0] for curve in (one, other))
    return float(np.median(np.linalg.norm(first[:, None] - second[None], axis=2).min(axis=1)))


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("gaps", [0, 5])
def test_a_painted_curve_is_found_also_where_it_is_dashed(curve: Curve, gaps: int) -> None:
    search = CurveSearch(GRID, EVERYWHERE, (0.0,), 0.1)
    found = search.find(painted(curve, gaps=gaps), Curve(), 0.3)
    assert distance_m(found.curve, curve) < 0.03
    assert found.worth > (0.35 if gaps else 0.7)


@pytest.mark.parametrize("curve", CURVES[:3])
@pytest.mark.parametrize("beside_m", [0.4, -0.4])
def test_a_line_at_the_edge_gives_the_way_beside_it(curve: Curve, beside_m: float) -> None:
    search = CurveSearch(GRID, EVERYWHERE, (beside_m,), 0.1)
    found = search.find(painted(curve, beside_m), Curve(), 0.3)
    assert distance_m(found.curve, curve) < 0.05


def test_of_two_lines_the_one_where_the_line_was_is_followed() -> None:
    left, right = Curve(offset_m=0.35), Curve(offset_m=-0.05)
    view = np.maximum(painted(left), painted(right, gaps=4))
    search = CurveSearch(GRID, EVERYWHERE, (0.0,), 0.1)
    assert search.find(view, Curve(), 1.7).curve.offset_m == pytest.approx(-0.05, abs=0.04)
    assert search.find(view, left, 1.7).curve.offset_m == pytest.approx(0.35, abs=0.04)


def test_nothing_on_the_ground_is_worth_nothing() -> None:
    search = CurveSearch(GRID, EVERYWHERE, (0.0,), 0.1)
    found = search.find(np.zeros(GRID.shape, np.float32), Curve(), 0.3)
    assert found.worth == 0.0


def test_what_the_picture_does_not_show_is_no_evidence() -> None:
    view = painted(Curve())
    hidden = np.zeros(GRID.shape, np.float32)
    assert CurveSearch(GRID, hidden, (0.0,), 0.1).find(view, Curve(), 0.3).worth == 0.0


@pytest.mark.parametrize("moved", [Moved(0.05, 0.002, 0.06), Moved(0.13, -0.01, -0.15)])
@pytest.mark.parametrize("curve", CURVES)
def test_a_curve_stays_where_it_was_while_the_car_moves(curve: Curve, moved: Moved) -> None:
    there = seen_from(trace(np.array([curve]))[0][0].astype(float), moved)
    again = trace(np.array([shifted(curve, moved)]))[0][0].astype(float)
    gaps = np.linalg.norm(there[4:18, None] - again[None], axis=2).min(axis=1)
    assert gaps.max() < 0.035, "half a step along the curve, and nothing across"
