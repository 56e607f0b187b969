"""Simple ways to steer that a network must beat before anyone calls it good."""

from collections.abc import Callable
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor

from train.learning.dataset import Images, Lesson

Floats = NDArray[np.float32]
Rows = NDArray[np.intp]

THUMBNAIL = (20, 15)
"""Columns and rows of the grey pictures that ridge, forest and neighbours look at."""

NAMES = {
    "median": "always the median",
    "repeat": "last command (a copycat)",
    "ridge": "ridge on thumbnails",
    "forest": "random forest",
    "knn1": "most similar frame (kNN-1)",
    "knn5": "5 similar frames (kNN-5)",
}
"""What each is called in words."""

COPYCAT = "repeat"
"""It sees the driver's last command, which no pilot does: a floor for jitter, not a rival."""

LEAKY = ("knn1", "forest")
"""Those whose figure on a random split is shown as a warning."""


class Learner(Protocol):
    """What scikit-learn's regressors have in common."""

    def fit(self, seen: Floats, values: Floats) -> "Learner":
        """Learn (n,) values from (n, features)."""
        ...

    def predict(self, seen: Floats) -> NDArray[Any]:
        """Values (n,) for (n, features)."""
        ...


def thumbnails(images: Images, rows: Rows) -> Floats:
    """Small grey pictures of the records named, float32 (n, columns x rows) in 0..1."""
    result = np.empty((len(rows), THUMBNAIL[0] * THUMBNAIL[1]), np.float32)
    for place, row in enumerate(rows):
        grey = cv2.cvtColor(images[row], cv2.COLOR_RGB2GRAY)
        small = cv2.resize(grey, THUMBNAIL, interpolation=cv2.INTER_AREA)
        result[place] = small.ravel() / 255.0
    return result


def learners(records: int) -> dict[str, Callable[[], Learner]]:
    """How to make each baseline that looks at pictures, for so many training records."""
    return {
        "ridge": lambda: Ridge(alpha=10.0),
        "forest": lambda: RandomForestRegressor(
            60, min_samples_leaf=3, max_features=0.3, random_state=0, n_jobs=2
        ),
        "knn1": lambda: KNeighborsRegressor(1),
        "knn5": lambda: KNeighborsRegressor(min(5, records)),
    }


class Baselines:
    """All baselines on one tub; its pictures are looked at once."""

    def __init__(self, lesson: Lesson) -> None:
        self._lesson = lesson
        self._rows = np.sort(np.concatenate([lesson.train, lesson.held_out]))
        self._seen = thumbnails(lesson.recording.images, self._rows)

    def honest(self) -> dict[str, Floats]:
        """What each says on the held-out records, having learned from the training records."""
        lesson = self._lesson
        train, held_out = lesson.train, lesson.held_out
        guesses = {
            "median": np.full(len(held_out), np.median(lesson.steering[train]), np.float32),
            "repeat": repeat_last(lesson.steering, lesson.recording.session, held_out),
        }
        return guesses | {
            name: self._guess(build, train, held_out)
            for name, build in learners(len(train)).items()
        }

    def leaky(self, seed: int = 0) -> tuple[Rows, dict[str, Floats]]:
        """What a random split of single frames would have shown, which measures memory.

        Returns:
            The records measured, and what each of LEAKY says on them.
        """
        mixed = np.random.default_rng(seed).permutation(self._rows)
        held_out, train = np.split(mixed, [len(self._lesson.held_out)])
        build = learners(len(train))
        return held_out, {name: self._guess(build[name], train, held_out) for name in LEAKY}

    def _guess(self, build: Callable[[], Learner], train: Rows, asked: Rows) -> Floats:
        learner = build().fit(self._pictures(train), self._lesson.steering[train])
        says = learner.predict(self._pictures(asked))
        return np.asarray(np.clip(says, -1.0, 1.0), np.float32)

    def _pictures(self, rows: Rows) -> Floats:
        return np.asarray(self._seen[np.searchsorted(self._rows, rows)])


def repeat_last(steering: Floats, session: NDArray[np.integer], rows: Rows) -> Floats:
    """The command of the record before; the record's own at the start of a session is 0."""
    before = np.maximum(rows - 1, 0)
    same = (session[before] == session[rows]) & (rows > 0)
    return np.where(same, steering[before], 0.0).astype(np.float32)
