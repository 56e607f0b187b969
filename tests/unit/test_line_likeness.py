"""What looks like the line: colour and contrast, in any light."""

import numpy as np
import pytest

from car.pilots.line_likeness import LineLikeness, lab_of
from car.pilots.road_view import GroundGrid
from car.pilots.settings import LineConfig

GRID = GroundGrid()
GREY, WHITE, YELLOW, BLUE, BLACK = (
    (90, 90, 92),
    (225, 225, 220),
    (235, 190, 40),
    (36, 90, 190),
    (30, 32, 36),
)


def ground(line: tuple[int, int, int], floor: tuple[int, int, int] = GREY) -> np.ndarray:
    """A floor with grain and a line of 5 cm ahead, and half of it covered at the far end."""
    rows, columns = GRID.shape
    view = np.empty((rows, columns, 3))
    view[:] = floor
    view[: rows // 2, 40:42] = line
    view += np.random.default_rng(3).normal(0.0, 4.0, (rows, columns, 1))
    return np.clip(view, 0, 255).astype(np.uint8)


def hexadecimal(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def likeness(view: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    config = LineConfig(colour=hexadecimal(colour), width_m=0.05)
    return LineLikeness(config, GRID).of(view)


@pytest.mark.parametrize(
    ("line", "floor"),
    [(WHITE, GREY), (YELLOW, GREY), (BLUE, (176, 132, 86)), (BLACK, (190, 190, 185))],
)
@pytest.mark.parametrize("light", [0.35, 1.0, 1.15])
def test_a_line_is_seen_in_any_light(line, floor, light: float) -> None:
    view = np.clip(ground(line, floor) * light, 0, 255).astype(np.uint8)
    found = likeness(view, line)
    half = GRID.shape[0] // 2
    assert np.median(found[: half - 3, 40:42].max(axis=1)) > 0.5
    assert (found[half + 4 :] > 0.3).mean() < 0.01, "there is only floor"


@pytest.mark.parametrize(("wanted", "line"), [(WHITE, YELLOW), (YELLOW, WHITE), (BLUE, WHITE)])
def test_a_line_of_another_colour_is_none(wanted, line) -> None:
    found = likeness(ground(line), wanted)
    assert found[: GRID.shape[0] // 2 - 3, 40:42].mean() < 0.1


def test_the_rim_of_something_bright_and_wide_is_no_line() -> None:
    view = np.full((*GRID.shape, 3), 90, np.uint8)
    view[:, 50:] = 220
    assert likeness(view, WHITE).max() == 0.0


def test_lab_of_white_black_and_red_is_as_in_the_books() -> None:
    assert lab_of("#ffffff") == pytest.approx([100, 0, 0], abs=1)
    assert lab_of("#000000") == pytest.approx([0, 0, 0], abs=1)
    assert lab_of("#ff0000") == pytest.approx([53, 80, 67], abs=2)
