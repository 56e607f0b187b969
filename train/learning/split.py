"""Which records are held out: whole sessions or whole blocks with gaps, never single frames.

Neighbouring video frames are almost the same picture; a random split of them measures memory.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from car.pilots.card import HeldOut
from train.errors import DatasetError

MANY_SESSIONS = 8
"""From this many sessions on, whole sessions are held out."""

FEWEST = 10
"""Records, below which a part of a split says nothing."""

RECORDS_PER_S = 20.0
"""Assumed where time stamps say nothing."""


@dataclass(frozen=True, slots=True)
class Split:
    """Which records train and which measure; what is in neither lies in a gap.

    Attributes:
        train: indices, rising.
        held_out: indices, rising.
        kind: "sessions", "blocks", or "frames" for single ones.
    """

    train: NDArray[np.intp]
    held_out: NDArray[np.intp]
    kind: str


def split_records(
    session: NDArray[np.integer], captured_s: NDArray[np.floating], how: HeldOut
) -> Split:
    """Split one tub; the same tub and `how` give the same split, for ever.

    Args:
        session: (n,) number of the session of each record.
        captured_s: (n,) seconds, rising within a session.
        how: share, block length, gap and seed.

    Raises:
        DatasetError: the tub is too short to hold anything out.
    """
    sessions = np.unique(session)
    if how.block_s == 0:
        split = _split_frames(len(session), how)
    elif len(sessions) >= MANY_SESSIONS:
        held = _held_out_sessions(session, how)
        split = Split(np.flatnonzero(~held), np.flatnonzero(held), "sessions")
    else:
        split = _split_blocks(session, _place_s(session, captured_s), how)
    if min(len(split.train), len(split.held_out)) < FEWEST:
        raise DatasetError(
            f"{len(session)} records are too few to hold {how.fraction:.0%} of them out in blocks "
            f"of {how.block_s:g} s with gaps of {how.gap_s:g} s: record for longer"
        )
    return split


def _held_out_sessions(session: NDArray[np.integer], how: HeldOut) -> NDArray[np.bool_]:
    """Whole sessions at random until the share is reached, at least one, never all."""
    numbers, counts = np.unique(session, return_counts=True)
    order = np.random.default_rng(how.seed).permutation(len(numbers))
    before = np.cumsum(counts[order]) - counts[order]
    chosen = order[before < how.fraction * len(session)][: len(numbers) - 1]
    return np.isin(session, numbers[chosen])


def _split_frames(count: int, how: HeldOut) -> Split:
    """Single frames at random, which measures memory: to show what that claims."""
    order = np.random.default_rng(how.seed).permutation(count)
    held, train = np.split(order, [round(how.fraction * count)])
    return Split(np.sort(train), np.sort(held), "frames")


def _place_s(session: NDArray[np.integer], captured_s: NDArray[np.floating]) -> NDArray[np.float64]:
    """Seconds since the start, all sessions end to end, one far from the next."""
    step_s = np.diff(captured_s, prepend=captured_s[0])
    step_s = np.where((step_s < 0) | (step_s > 1.0), 1.0 / RECORDS_PER_S, step_s)
    step_s[np.flatnonzero(np.diff(session)) + 1] = 1e3
    return np.cumsum(step_s)


def _split_blocks(
    session: NDArray[np.integer], place_s: NDArray[np.float64], how: HeldOut
) -> Split:
    """Blocks of time, some held out, with a gap on both sides of each."""
    block_s = _block_s(place_s, session, how)
    first_s = np.array([place_s[session == number][0] for number in session])
    block = np.floor((place_s - first_s) / block_s).astype(np.int64) + 100_000 * session
    numbers = np.unique(block)
    count = max(1, round(how.fraction * len(numbers)))
    held = np.isin(block, numbers[_spread(len(numbers), count, how.seed)])
    near = _within(place_s, place_s[held], min(how.gap_s, block_s / 3))
    return Split(np.flatnonzero(~held & ~near), np.flatnonzero(held), "blocks")


def _block_s(place_s: NDArray[np.float64], session: NDArray[np.integer], how: HeldOut) -> float:
    """The block length asked for, or less when the tub is so short that few would fit."""
    driven_s = sum(float(np.ptp(place_s[session == number])) for number in np.unique(session))
    return max(1e-3, min(how.block_s, driven_s * how.fraction / 2))


def _spread(blocks: int, count: int, seed: int) -> NDArray[np.intp]:
    """`count` of `blocks`, evenly spread with a random place in each stretch."""
    edges = np.linspace(0, blocks, count + 1)
    place = np.random.default_rng(seed).uniform(0.0, 1.0, count)
    return np.floor(edges[:-1] + place * np.diff(edges)).astype(np.intp).clip(0, blocks - 1)


def _within(
    place_s: NDArray[np.float64], marks_s: NDArray[np.float64], gap_s: float
) -> NDArray[np.bool_]:
    """Whether each place lies within `gap_s` of a mark; both rise."""
    after = np.searchsorted(marks_s, place_s).clip(0, len(marks_s) - 1)
    before = (after - 1).clip(0)
    nearest_s = np.minimum(np.abs(marks_s[after] - place_s), np.abs(marks_s[before] - place_s))
    return np.asarray(nearest_s < gap_s)


def fingerprint(
    captured_s: NDArray[np.floating],
    steering: NDArray[np.floating],
    throttle: NDArray[np.floating],
) -> str:
    """What a tub is recognised by: sha256 over its times and commands."""
    digest = hashlib.sha256()
    for values in (captured_s, steering, throttle):
        digest.update(np.ascontiguousarray(values, dtype=np.float32).tobytes())
    return digest.hexdigest()
