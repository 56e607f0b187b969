"""Batches to learn from, made by threads while the network is busy with earlier ones."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from train.dataset import UNKNOWN, Lesson, rarity_weights
from train.network import class_map_shape, shrink_factor, small_shape
from train.photometric import Relighting
from train.view_shift import Chassis, ViewBank, way_back

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples for one step.

    Attributes:
        images: uint8 (n, rows, columns, 3), averaged down.
        steering: float32 (n,).
        throttle: float32 (n,).
        class_maps: uint8 (n, rows, columns), 255 is unknown.
    """

    images: Image
    steering: NDArray[np.float32]
    throttle: NDArray[np.float32]
    class_maps: Image


@dataclass(frozen=True, slots=True)
class Variation:
    """How much examples are changed.

    Attributes:
        shifted: share of examples seen from beside the path.
        mirrored: share of examples with left and right exchanged.
        light: strength of other light, 0 is none.
        delay_s: label delay; the way back accounts for it.
        chassis: of the car.
    """

    shifted: float = 0.6
    mirrored: float = 0.5
    light: float = 1.0
    delay_s: float = 0.06
    chassis: Chassis = Chassis()


class ExampleMaker:
    """Draws examples from lessons, rare ones more often, and changes them.

    Args:
        lessons: at least one, all with one image size.
        variation: how much to change.
        rng: fixes every draw; not shared between threads.
    """

    def __init__(
        self, lessons: list[Lesson], variation: Variation, rng: np.random.Generator
    ) -> None:
        height_px, width_px = lessons[0].recording.images.shape[1:3]
        self._lessons = lessons
        self._variation = variation
        self._rng = rng
        self._relight = Relighting(rng, variation.light)
        self._shape = small_shape(height_px, width_px)
        self._map_shape = class_map_shape(height_px, width_px)
        self._banks = [self._bank(lesson) for lesson in lessons]
        self._lesson = np.concatenate([np.full(len(x.train), i) for i, x in enumerate(lessons)])
        self._row = np.concatenate([lesson.train for lesson in lessons])
        steering = np.concatenate([lesson.steering[lesson.train] for lesson in lessons])
        throttle = np.concatenate([lesson.throttle[lesson.train] for lesson in lessons])
        self._cumulative = np.cumsum(rarity_weights(steering, throttle))

    def _bank(self, lesson: Lesson) -> ViewBank | None:
        if lesson.lens is None or self._variation.shifted == 0.0:
            return None
        return ViewBank(
            lesson.lens, self._shape, self._map_shape, self._rng, chassis=self._variation.chassis
        )

    def batch(self, size: int) -> Batch:
        """A batch of `size` examples."""
        picks = np.searchsorted(self._cumulative, self._rng.random(size)).clip(
            0, len(self._row) - 1
        )
        images = np.empty((size, *self._shape, 3), np.uint8)
        class_maps = np.full((size, *self._map_shape), UNKNOWN, np.uint8)
        steering = np.empty(size, np.float32)
        throttle = np.empty(size, np.float32)
        for place, pick in enumerate(picks):
            lesson = self._lessons[self._lesson[pick]]
            row = self._row[pick]
            throttle[place] = lesson.throttle[row]
            images[place], class_maps[place], steering[place] = self._example(
                lesson, self._banks[self._lesson[pick]], row
            )
        return Batch(images, steering, throttle, class_maps)

    def _example(
        self, lesson: Lesson, bank: ViewBank | None, row: int
    ) -> tuple[Image, Image, float]:
        """One changed example: image, class map, steering."""
        variation, rng = self._variation, self._rng
        image = shrink(lesson.recording.images[row])
        classes = class_map_of(lesson, row, self._map_shape)
        steering = float(lesson.steering[row])
        if bank is not None and rng.random() < variation.shifted:
            number = int(rng.integers(len(bank)))
            image = bank.shift_image(image, number, mirror_edge=bool(rng.random() < 0.5))
            classes = bank.shift_classes(classes, number)
            steering = self._steer_back(steering, bank, number)
        if rng.random() < variation.mirrored:
            image, classes, steering = cv2.flip(image, 1), cv2.flip(classes, 1), -steering
        return self._relight(image), classes, steering

    def _steer_back(self, steering: float, bank: ViewBank, number: int) -> float:
        chassis = self._variation.chassis
        back = way_back(
            np.array([steering]),
            bank.sideways_m[number : number + 1],
            bank.turned_rad[number : number + 1],
            chassis.speed_m_s,
            self._variation.delay_s,
            chassis,
        )
        return float(back[0])


def shrink(image: Image) -> Image:
    """Average an image down to what the network learns on, (rows, columns, 3)."""
    factor = shrink_factor(image.shape[1])
    rows, columns = small_shape(*image.shape[:2])
    if factor == 1:
        return image
    whole = image[: rows * factor, : columns * factor]
    small = cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


def class_map_of(lesson: Lesson, row: int, shape: tuple[int, int]) -> Image:
    """The class map of a record at the network's resolution; all unknown when it has none."""
    maps = lesson.recording.class_maps
    if maps is None:
        return np.full(shape, UNKNOWN, np.uint8)
    if maps.shape[1:] == shape:
        return np.asarray(maps[row])
    return np.asarray(cv2.resize(maps[row], shape[::-1], interpolation=cv2.INTER_NEAREST))


def plain_batches(lesson: Lesson, rows: NDArray[np.intp], size: int) -> Iterator[Batch]:
    """The records named, unchanged and in order."""
    shape = class_map_shape(*lesson.recording.images.shape[1:3])
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        yield Batch(
            np.stack([shrink(lesson.recording.images[row]) for row in part]),
            lesson.steering[part],
            lesson.throttle[part],
            np.stack([class_map_of(lesson, row, shape) for row in part]),
        )


@contextmanager
def made_ahead(maker: ExampleMaker, size: int, ahead: int = 4) -> Iterator[Iterator[Batch]]:
    """Batches without end, made by one thread; what goes wrong there is raised here."""
    with ThreadPoolExecutor(1, thread_name_prefix="examples") as thread:
        waiting = deque(thread.submit(maker.batch, size) for _ in range(ahead))
        try:
            yield _in_order(lambda: thread.submit(maker.batch, size), waiting)
        finally:
            thread.shutdown(wait=True, cancel_futures=True)


def _in_order(order: Callable[[], Future[Batch]], waiting: deque[Future[Batch]]) -> Iterator[Batch]:
    while True:
        waiting.append(order())
        yield waiting.popleft().result()
