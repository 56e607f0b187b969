"""Class maps against truth: overlap, tolerance, edges, the horizon, and words for all of it."""

from pathlib import Path

import numpy as np
import pytest

from car.command import Command
from car.config import Lens
from car.frame import RoadClass
from car.pilots.pilot import Decision
from tests.unit.test_offline_scores import Arrays
from train.learning.dataset import UNKNOWN, Lesson
from train.report.class_map_section import section_of
from train.scoring.class_map import tally
from train.scoring.class_map_text import class_map_lines
from train.scoring.ground_edge import edge_errors, edges, lens_horizon
from train.scoring.seen_maps import Watched, compare_maps, together
from tubs.record import Record
from tubs.training.opening import open_training_view
from tubs.writer import TubWriter

ROWS, COLUMNS = 30, 40
ROAD, LINE, GROUND, SKY, OBSTACLE = RoadClass


def view(horizon: float = 10.0, tilt: float = 0.0, shape=(ROWS, COLUMNS)) -> np.ndarray:
    """Sky above, ground below, a road with a line in its middle; places in cells."""
    rows, columns = shape
    row, column = np.mgrid[:rows, :columns] + 0.5
    below = row - (horizon + tilt * (column / columns - 0.5))
    seen = np.where(below < 0, SKY, GROUND)
    beside = np.abs(column - columns / 2)
    seen[(below >= 0) & (beside < 0.25 * columns)] = ROAD
    seen[(below >= 0) & (beside < 0.06 * columns)] = LINE
    return seen.astype(np.uint8)


def down(maps: np.ndarray, cells: int = 1) -> np.ndarray:
    """Move maps down; what comes in at the top is the first row again."""
    return np.concatenate([maps[:, :1]] * cells + [maps[:, :-cells]], axis=1)


def test_the_exact_map_scores_one_in_all_figures_and_its_edge_is_nowhere_off() -> None:
    maps = np.stack([view(8), view(12, 3)])
    found, edge = tally(maps, maps), edge_errors(maps, maps, Lens()).score()
    overlap = found.overlap()
    assert (overlap.mean_iou, overlap.tolerant_mean_iou, overlap.interior_mean_iou) == (1, 1, 1)
    assert all(line.precision == line.recall == line.iou == 1 for line in found.by_class().values())
    assert edge.columns.p95 == edge.lines.p95 == edge.bias == 0
    assert edge.columns.count == 2 * COLUMNS


def test_one_cell_off_is_perfect_to_the_tolerant_figure_and_not_to_the_plain_one() -> None:
    maps = view()[None]
    overlap = tally(maps, down(maps)).overlap()
    assert overlap.tolerant_mean_iou == 1.0
    assert overlap.mean_iou < 0.97
    assert overlap.interior_mean_iou == 1.0


def test_two_cells_off_are_too_many_for_the_tolerant_figure() -> None:
    maps = view()[None]
    assert tally(maps, down(maps, 2)).overlap().tolerant_mean_iou < 1.0


def test_the_tolerant_figure_counts_cells_as_its_definition_says() -> None:
    truth = np.full((1, 1, 6), ROAD, np.uint8)
    guess = np.array([[[ROAD, ROAD, ROAD, LINE, LINE, LINE]]], np.uint8)
    truth[0, 0, 5] = LINE
    found = tally(truth, guess)
    assert found.guessed_near[:2].tolist() == [3, 2]
    assert found.true_near[:2].tolist() == [4, 1]
    precision, recall = 2 / 3, 1.0
    wanted = precision * recall / (precision + recall - precision * recall)
    assert found.by_class()["line"].tolerant_iou == pytest.approx(wanted)


def test_cells_beside_another_class_are_not_interior() -> None:
    truth = np.zeros((1, 5, 5), np.uint8)
    truth[0, :, 0] = LINE
    found = tally(truth, truth)
    assert found.interior.sum() == 15
    assert found.interior_share() == pytest.approx(15 / 25)
    assert found.by_class()["line"].interior_iou is None


def test_a_class_that_does_not_occur_has_no_figures_and_is_not_in_the_mean() -> None:
    truth = np.zeros((1, 4, 4), np.uint8)
    guess = truth.copy()
    guess[0, 0, 0] = OBSTACLE
    found = tally(truth, guess)
    assert list(found.by_class()) == ["road"]
    assert found.overlap().mean_iou == pytest.approx(15 / 16)


def test_a_class_that_is_never_guessed_has_no_precision_and_no_overlap() -> None:
    truth = np.zeros((1, 4, 4), np.uint8)
    truth[0, 0] = LINE
    line = tally(truth, np.zeros_like(truth)).by_class()["line"]
    assert (line.precision, line.recall, line.iou, line.tolerant_iou) == (None, 0, 0, 0)


def test_what_nobody_labelled_is_left_out_whatever_is_guessed_there() -> None:
    truth = np.stack([view()])
    truth[0, 12:, 5:9] = UNKNOWN
    guess = down(truth)
    guess[guess == UNKNOWN] = ROAD
    other = guess.copy()
    other[truth == UNKNOWN] = OBSTACLE
    assert tally(truth, guess).overlap() == tally(truth, other).overlap()
    assert tally(np.full_like(truth, UNKNOWN), guess).overlap() is None


@pytest.mark.parametrize("tilt", [-9.0, -4.0, -1.5, 1.5, 3.0, 8.0])
@pytest.mark.parametrize("horizon", [7.3, 10.0, 14.77])
def test_a_tilted_horizon_is_found_to_a_fifth_of_a_cell(horizon: float, tilt: float) -> None:
    rough, fine = view(horizon, tilt), view(8 * horizon, 8 * tilt, (8 * ROWS, 8 * COLUMNS))
    flat = edge_errors(rough[None], view(horizon)[None], None).lines
    assert flat == pytest.approx(abs(tilt) / 4 / ROWS, abs=0.5 / ROWS)
    seen = edges(fine[None]).place[0].reshape(COLUMNS, 8).mean(axis=1)
    wanted = (horizon + tilt * ((np.arange(COLUMNS) + 0.5) / COLUMNS - 0.5)) / ROWS
    assert seen == pytest.approx(wanted, abs=0.1 / ROWS)
    moved = view(horizon + 1.3, tilt)
    off = edge_errors(rough[None], moved[None], None).lines
    assert off == pytest.approx(1.3 / ROWS, abs=0.2 / ROWS)


def test_a_wrong_cell_moves_the_edge_not_at_all() -> None:
    maps = view(10)[None]
    noisy = maps.copy()
    noisy[0, 20, 7] = SKY
    noisy[0, 3, 8] = GROUND
    assert (edges(noisy).place == edges(maps).place).all()


def test_the_edge_behind_a_thing_is_not_judged() -> None:
    maps = view(10)[None]
    maps[0, 6:15, 3:6] = OBSTACLE
    seen = edges(maps).seen[0]
    assert not seen[3:6].any()
    assert seen.sum() == COLUMNS - 3


def test_an_edge_that_is_guessed_too_high_has_a_bias_below_zero() -> None:
    maps = view(10)[None]
    found = edge_errors(down(maps), maps, None).score()
    assert found.bias == pytest.approx(-1 / ROWS)
    assert found.columns.mean == pytest.approx(1 / ROWS)
    assert found.columns.within_asked == 0.0
    assert (found.horizon, found.lens) == (None, None)


def test_a_corner_of_a_room_is_judged_column_by_column_and_as_no_line() -> None:
    left, right = view(8, 10), view(8, -10)
    corner = np.concatenate([left[:, :20], right[:, 20:]], axis=1)[None]
    found = edge_errors(corner, corner, Lens())
    assert len(found.columns) == COLUMNS
    assert len(found.lines) == 0
    assert found.score().lines is None


def test_the_horizon_is_where_the_lens_has_it_and_a_near_wall_is_not() -> None:
    lens = Lens(pitch_deg=12.0, distortion=0.0)
    level = lens_horizon(lens, (ROWS, COLUMNS))
    far, wall = view(ROWS * level.mean())[None], view(ROWS * level.mean() + 3)[None]
    assert edge_errors(far, far, lens).score().horizon.count == 1
    assert edge_errors(wall, wall, lens).score().horizon is None
    assert edge_errors(wall, wall, lens).score().lines.count == 1


def test_a_rolled_lens_tilts_its_horizon_and_one_that_looks_down_has_none_in_view() -> None:
    tilted = lens_horizon(Lens(roll_deg=10.0), (ROWS, COLUMNS))
    assert abs(tilted[-1] - tilted[0]) > 0.1
    assert np.isnan(lens_horizon(Lens(pitch_deg=60.0), (ROWS, COLUMNS))).all()


def test_where_no_sky_is_seen_there_is_no_edge_to_judge() -> None:
    maps = np.full((2, ROWS, COLUMNS), ROAD, np.uint8)
    assert edge_errors(maps, maps, Lens()).score() is None


class Seer:
    """Sees what it is given, one map a frame."""

    def __init__(self, maps) -> None:
        self.maps = maps

    def decide(self, frame) -> Decision:
        return Decision(Command(0.0, 0.0), class_map=self.maps[frame.number])


def lesson(truth: np.ndarray | None, count: int = 200, lens: Lens | None = None) -> Lesson:
    rows, still = np.arange(count), np.zeros(count, np.float32)
    images = np.zeros((count, 4 * ROWS, 4 * COLUMNS, 3), np.uint8)
    arrays = Arrays(images, truth, np.full(count, np.nan), np.zeros(count, int))
    return Lesson("maps", arrays, lens, still, still, rows[:0], rows)


@pytest.fixture(scope="module")
def score():
    """Of a pilot that sees everything a cell too low."""
    truth = np.stack([view(8 + number % 7, number % 5) for number in range(200)])
    source = lesson(truth, lens=Lens())
    return compare_maps(source, source.held_out, list(down(truth))).score()


def test_all_figures_of_a_pilot_have_intervals_and_stand_in_words(score) -> None:
    assert (score.records, score.rows, score.columns) == (200, ROWS, COLUMNS)
    assert score.mean_iou_bounds.low <= score.mean_iou <= score.mean_iou_bounds.high
    assert score.tolerant_mean_iou == 1.0
    assert score.one_pixel_off is None
    assert score.ground_edge.bias == pytest.approx(1 / ROWS)
    text = class_map_lines(score)
    assert max(len(line) for line in text) <= 100
    assert "3.3 % too low on average" in " ".join(text)


def test_the_report_shows_a_bar_a_class_and_says_where_the_horizon_is_seen(score) -> None:
    markup = section_of(score, np.eye(5, dtype=np.int64))
    for name in ("road", "line", "ground", "sky", "mean"):
        assert f">{name}</text>" in markup
    assert "3.3 % too low on average" in markup
    assert "moved by a single pixel" not in markup


def test_without_maps_of_pilot_or_tub_there_is_nothing_to_compare() -> None:
    truth = np.stack([view()] * 3)
    source = lesson(truth, 3)
    assert compare_maps(source, source.held_out, [None] * 3) is None
    assert compare_maps(lesson(None, 3), source.held_out, list(truth)) is None
    unlabelled = lesson(np.full_like(truth, UNKNOWN), 3)
    assert compare_maps(unlabelled, source.held_out, list(truth)) is None
    assert class_map_lines(None) == []
    assert together([None, None]) is None


def test_frames_on_which_the_pilot_saw_nothing_are_not_compared() -> None:
    truth = np.stack([view()] * 3)
    source = lesson(truth, 3)
    assert compare_maps(source, source.held_out, [truth[0], None, truth[2]]).records == 2


def test_maps_of_several_tubs_add_up() -> None:
    truth = np.stack([view()] * 4)
    source = lesson(truth, 4)
    right = compare_maps(source, source.held_out, list(truth))
    wrong = compare_maps(source, source.held_out, list(down(truth)))
    both = together([right, None, wrong]).score()
    assert both.records == 8
    assert wrong.score().mean_iou < both.mean_iou < right.score().mean_iou
    assert both.ground_edge.columns.mean == pytest.approx(0.5 / ROWS)


def test_a_watched_pilot_decides_as_before_and_its_maps_are_copies() -> None:
    maps = np.stack([view()] * 2)
    pilot = Watched(Seer(maps))
    for number in range(2):
        frame = type("Frame", (), {"number": number})()
        assert pilot.decide(frame).class_map is not None
    maps[:] = OBSTACLE
    assert all((each == view()).all() for each in pilot.maps)


def test_the_exact_map_moved_by_a_pixel_is_measured_where_the_tub_holds_it(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    with TubWriter(tmp_path / "tub") as writer:
        for number in range(6):
            whole = view(40 + 5 * rng.random(), 9 * rng.random(), (120, 160))
            image = np.zeros((120, 160, 3), np.uint8)
            at_s = 0.05 * number
            writer.append(
                Record(image, at_s, at_s, steering=0.0, throttle=0.0, mode="human", class_map=whole)
            )
    first, second = (tub_lesson(tmp_path) for _ in range(2))
    assert first.recording.class_maps.exact.shape == (5, 120, 160)
    truth = [np.asarray(first.recording.class_maps[row]) for row in first.held_out]
    score = compare_maps(first, first.held_out, truth).score()
    assert score.mean_iou == 1.0
    assert 0.5 < score.one_pixel_off.mean_iou < 0.99
    assert score.one_pixel_off.tolerant_mean_iou == 1.0
    for path in (tmp_path / "tub").glob("*.mcap"):
        path.unlink()
    score = compare_maps(second, second.held_out, truth).score()
    assert (score.mean_iou, score.one_pixel_off) == (1.0, None)


def tub_lesson(folder: Path) -> Lesson:
    """All records but the first."""
    shown = open_training_view([folder / "tub"], folder / "cache")
    arrays = Arrays(shown.images, shown.class_maps[1:], shown.speed_m_s[1:], shown.session[1:])
    rows, still = np.arange(len(shown) - 1), np.zeros(len(shown) - 1, np.float32)
    return Lesson("tub", arrays, None, still, still, rows[:0], rows)
