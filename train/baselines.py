"""Simple ways to steer that a network must beat before anyone calls it good."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor

from train.dataset import Images

Floats = NDArray[np.float32]

THUMBNAIL = (20, 15)
"""Columns and rows of the grey pictures that ridge, forest and neighbours look at."""


def thumbnails(images: Images, rows: NDArray[np.intp]) -> Floats:
    """Small grey pictures of the records named, float32 (n, columns x rows) in 0..1."""
    result = np.empty((len(rows), THUMBNAIL[0] * THUMBNAIL[1]), np.float32)
    for place, row in enumerate(rows):
        grey = cv2.cvtColor(images[row], cv2.COLOR_RGB2GRAY)
        small = cv2.resize(grey, THUMBNAIL, interpolation=cv2.INTER_AREA)
        result[place] = small.ravel() / 255.0
    return result


def baseline_guesses(
    images: Images,
    steering: Floats,
    session: NDArray[np.integer],
    train: NDArray[np.intp],
    held_out: NDArray[np.intp],
) -> dict[str, Floats]:
    """What each baseline says on the held-out records, having seen the training records.

    Args:
        images: uint8 (n, height, width, 3).
        steering: (n,) truth.
        session: (n,) session numbers; the last command is repeated only within one.
        train: rows to learn from.
        held_out: rows to guess.
    """
    seen, asked = thumbnails(images, train), thumbnails(images, held_out)
    learners: dict[str, Callable[[], Ridge | RandomForestRegressor | KNeighborsRegressor]] = {
        "ridge": lambda: Ridge(alpha=10.0),
        "forest": lambda: RandomForestRegressor(
            60, min_samples_leaf=3, max_features=0.3, random_state=0, n_jobs=2
        ),
        "knn1": lambda: KNeighborsRegressor(1),
        "knn5": lambda: KNeighborsRegressor(min(5, len(train))),
    }
    guesses = {
        "median": np.full(len(held_out), np.median(steering[train]), np.float32),
        "repeat": repeat_last(steering, session, held_out),
    }
    for name, build in learners.items():
        guess = build().fit(seen, steering[train]).predict(asked)
        guesses[name] = np.clip(guess, -1.0, 1.0).astype(np.float32)
    return guesses


def repeat_last(steering: Floats, session: NDArray[np.integer], rows: NDArray[np.intp]) -> Floats:
    """The command of the record before; the record's own at the start of a session is 0."""
    before = np.maximum(rows - 1, 0)
    same = (session[before] == session[rows]) & (rows > 0)
    return np.where(same, steering[before], 0.0).astype(np.float32)
