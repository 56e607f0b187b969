"""Held-out records are whole blocks or sessions, far enough from those that train."""

import numpy as np
import pytest

from car.pilots.card import HeldOut
from train.errors import DatasetError
from train.learning.split import fingerprint, split_records

HOW = HeldOut()


def drive(seconds: float, sessions: int = 1) -> tuple[np.ndarray, np.ndarray]:
    count = int(seconds * 20)
    session = np.repeat(np.arange(sessions), count)
    return session, np.tile(np.arange(count) / 20.0, sessions)


def test_no_training_record_lies_within_the_gap_of_a_held_out_one() -> None:
    session, captured_s = drive(300)
    split = split_records(session, captured_s, HOW)
    distance_s = np.abs(captured_s[split.train][:, None] - captured_s[split.held_out][None]).min()
    assert distance_s >= HOW.gap_s


def test_about_the_share_asked_for_is_held_out() -> None:
    session, captured_s = drive(600)
    split = split_records(session, captured_s, HOW)
    assert len(split.held_out) / len(session) == pytest.approx(HOW.fraction, abs=0.03)


def test_held_out_blocks_are_contiguous() -> None:
    session, captured_s = drive(300)
    split = split_records(session, captured_s, HOW)
    blocks = 1 + np.count_nonzero(np.diff(split.held_out) > 1)
    assert len(split.held_out) / blocks >= HOW.block_s * 20 * 0.9


def test_the_same_tub_is_always_split_alike_and_another_seed_splits_it_otherwise() -> None:
    session, captured_s = drive(300)
    first, again = (split_records(session, captured_s, HOW) for _ in range(2))
    other = split_records(session, captured_s, HeldOut(seed=1))
    assert np.array_equal(first.held_out, again.held_out)
    assert not np.array_equal(first.held_out, other.held_out)


def test_many_sessions_are_held_out_whole() -> None:
    session, captured_s = drive(10, sessions=20)
    split = split_records(session, captured_s, HOW)
    assert split.kind == "sessions"
    assert not set(session[split.train]) & set(session[split.held_out])
    assert len(split.train) + len(split.held_out) == len(session)


def test_a_short_tub_still_gives_both_parts() -> None:
    session, captured_s = drive(50)
    split = split_records(session, captured_s, HOW)
    assert len(split.held_out) >= 50
    assert len(split.train) >= 500


def test_useless_time_stamps_are_taken_as_twenty_a_second() -> None:
    session, captured_s = drive(100)
    rng = np.random.default_rng(0)
    split = split_records(session, rng.permutation(captured_s), HOW)
    assert 0.1 < len(split.held_out) / len(session) < 0.25


def test_a_tub_of_two_records_is_refused_with_advice() -> None:
    with pytest.raises(DatasetError, match="record for longer"):
        split_records(np.zeros(2, int), np.array([0.0, 0.05]), HOW)


def test_a_fingerprint_changes_with_any_command() -> None:
    times_s, steering, throttle = np.arange(5.0), np.zeros(5), np.ones(5)
    before = fingerprint(times_s, steering, throttle)
    steering[3] = 0.01
    assert fingerprint(times_s, steering, throttle) != before
