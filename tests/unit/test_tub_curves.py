"""Curves of any length on a page: nothing that an eye could see is lost."""

import numpy as np
import pytest

from train.tub_plot.curves import COLUMNS, in_columns, most_frequent, runs, stretches, stroke


def test_a_short_curve_is_drawn_as_it_is_and_interrupted_where_asked():
    at, values = np.arange(6) * 0.1, np.arange(6.0)
    x, y = stroke(at, values, np.array([0, 4]), 0.6)
    np.testing.assert_array_equal(y[~np.isnan(y)], values)
    assert np.isnan(y[[0, 5]]).all()
    np.testing.assert_array_equal(np.isnan(x), np.isnan(y))


def test_a_single_spike_in_a_million_points_stays_visible():
    values = np.zeros(1_000_000, np.float32)
    values[123_456] = 0.7
    at = np.arange(1_000_000) * 0.05
    x, y = stroke(at, values, np.array([0]), 50_000.0)
    assert len(x) == len(y) == 2 * COLUMNS
    assert y.max() == pytest.approx(0.7)
    assert abs(x[y.argmax()] - at[123_456]) <= 50_000.0 / COLUMNS


def test_columns_hold_lowest_mean_and_highest_of_what_is_known():
    at = np.array([0.0, 1.0, 2.0, 7.0, 8.0])
    values = np.array([1.0, np.nan, 3.0, np.nan, np.nan])
    columns = in_columns(at, values, 10.0, columns=2)
    np.testing.assert_array_equal(columns.at, [2.5, 7.5])
    np.testing.assert_array_equal(columns.low, [1.0, np.nan])
    np.testing.assert_array_equal(columns.mean, [2.0, np.nan])
    np.testing.assert_array_equal(columns.high, [3.0, np.nan])


def test_a_column_without_points_is_left_out():
    columns = in_columns(np.array([0.5, 9.5]), np.ones(2), 10.0, columns=10)
    np.testing.assert_array_equal(columns.at, [0.5, 9.5])


def test_the_most_frequent_kind_of_a_column_wins():
    at, kinds = np.linspace(0, 9.9, 10), np.array([0, 1, 1, 3, 0, 2, 2, 2, 0, 0], np.uint8)
    edges, winners = most_frequent(at, kinds, 4, 10.0, columns=2)
    np.testing.assert_array_equal(edges, [0.0, 5.0])
    np.testing.assert_array_equal(winners, [0, 2])


def test_runs_are_found_at_both_ends():
    chosen = np.array([True, True, False, True, False, True])
    assert runs(chosen).tolist() == [[0, 2], [3, 4], [5, 6]]
    assert runs(np.zeros(3, bool)).tolist() == []


def test_stretches_last_until_the_end_of_their_last_point_and_near_ones_are_one():
    at = np.arange(100) * 1.0
    chosen = np.zeros(100, bool)
    chosen[10:20] = chosen[50] = True
    assert stretches(at, chosen, 1.0, 100.0) == [(10.0, 10.0), (50.0, 1.0)]
    assert len(stretches(np.arange(100_000) * 1.0, np.arange(100_000) % 2 == 0, 1.0, 1e5)) == 1
