"""How bright every picture of a tub is, how much is on it, and whether it is a new one."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tubs.errors import TubError
from tubs.in_threads import in_threads
from tubs.reader import Tub

Progress = Callable[[int, int], None]
"""Called with records done and records in all."""
_BLOCK = 256
"""Records that one thread looks at, at a time."""


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What the pictures of a tub look like.

    Attributes:
        brightness: float32 (n,), mean of the grey values, 0 black to 255 white; nan when the
            picture cannot be decoded.
        contrast: float32 (n,), their standard deviation; likewise.
        frozen: bool (n,), the picture is, byte for byte, the one before it in its session.
    """

    brightness: NDArray[np.float32]
    contrast: NDArray[np.float32]
    frozen: NDArray[np.bool_]


def picture_facts(tub: Tub, progress: Progress = lambda done, total: None) -> PictureFacts:
    """Look at every picture once, decoded at an eighth of its size."""
    total = len(tub)
    grey = np.full((total, 2), np.nan, np.float32)
    prints = np.zeros(total, np.int64)

    def look(first: int) -> int:
        last = min(first + _BLOCK, total)
        for number in range(first, last):
            grey[number], prints[number] = _look_at(tub, number)
        return last

    for done in in_threads(look, range(0, total, _BLOCK)):
        progress(done, total)
    return PictureFacts(grey[:, 0], grey[:, 1], _frozen(tub, prints))


def _look_at(tub: Tub, number: int) -> tuple[tuple[float, float], int]:
    """Mean and deviation of the grey values, and a fingerprint of the file; 0 when damaged."""
    try:
        jpeg = tub.encoded(number).jpeg
    except TubError:
        return (np.nan, np.nan), 0
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_8)
    if image is None:
        return (np.nan, np.nan), 0
    return (float(image.mean()), float(image.std())), hash(jpeg) or 1


def _frozen(tub: Tub, prints: NDArray[np.int64]) -> NDArray[np.bool_]:
    same = np.zeros(len(prints), bool)
    same[1:] = (prints[1:] == prints[:-1]) & (prints[1:] != 0)
    starts = np.cumsum([0, *(len(session) for session in tub.sessions)])[:-1]
    same[starts[starts < len(same)]] = False
    return same
