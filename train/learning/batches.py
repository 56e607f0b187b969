"""Batches to learn from, made by threads while the network is busy with earlier ones."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from train.learning.class_maps import class_map_of, fine_map_of, fine_shape, voted
from train.learning.dataset import Lesson, rarity_weights
from train.learning.network import class_map_shape, shrink_factor, small_shape
from train.learning.photometric import Relighting
from train.learning.view_shift import Chassis, ViewBank, way_back

Image = NDArray[np.uint8]

USUAL_CHASSIS = Chassis()
PRACTISED = 0.25
"""Of all examples, where there is practice at all."""

WARPS = 256
"""Different shifted views in store for each lens."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples for one step.

    Attributes:
        images: uint8 (n, rows, columns, 3), averaged down.
        steering: float32 (n,), nan where only the class map is learned.
        throttle: float32 (n,), likewise.
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
        balanced: how strongly rare steering and throttle are preferred, 0 is not at all.
    """

    shifted: float = 0.6
    mirrored: float = 0.5
    light: float = 1.0
    delay_s: float = 0.06
    chassis: Chassis = USUAL_CHASSIS
    balanced: float = 1.0


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
        self._steering = np.concatenate([lesson.steering[lesson.train] for lesson in lessons])
        self._throttle = np.concatenate([lesson.throttle[lesson.train] for lesson in lessons])
        speed = np.concatenate([lesson.recording.speed_m_s[lesson.train] for lesson in lessons])
        self._speed_m_s = np.where(np.isfinite(speed), speed, variation.chassis.speed_m_s)
        self._cumulative = np.cumsum(self._weights())

    def _weights(self) -> NDArray[np.float64]:
        """How often each record is drawn, sum 1; practice has PRACTISED of all."""
        driving = np.isfinite(self._steering)
        rare = rarity_weights(self._steering[driving], self._throttle[driving])
        rare **= self._variation.balanced
        practised = 0.0 if driving.all() else PRACTISED
        weights = np.full(len(driving), practised / max(1, int(np.sum(~driving))))
        weights[driving] = rare / rare.sum() * (1.0 - practised)
        return weights

    def _bank(self, lesson: Lesson) -> ViewBank | None:
        if lesson.lens is None or self._variation.shifted == 0.0:
            return None
        return ViewBank(
            lesson.lens,
            self._shape,
            fine_shape(self._map_shape),
            self._rng,
            count=WARPS,
            chassis=self._variation.chassis,
        )

    def batch(self, size: int) -> Batch:
        """A batch of `size` examples."""
        picks = np.searchsorted(self._cumulative, self._rng.random(size)).clip(
            0, len(self._row) - 1
        )
        shift = self._draw_shifts(picks)
        mirror = self._rng.random(size) < self._variation.mirrored
        images = np.empty((size, *self._shape, 3), np.uint8)
        class_maps = np.empty((size, *fine_shape(self._map_shape)), np.uint8)
        for place, pick in enumerate(picks):
            image, classes = self._view(pick, int(shift[place]))
            if mirror[place]:
                image, classes = np.ascontiguousarray(image[:, ::-1]), classes[:, ::-1]
            images[place], class_maps[place] = self._relight(image), classes
        steering = self._steering_from(picks, shift)
        steering[mirror] *= -1.0
        return Batch(images, steering, self._throttle[picks], voted(class_maps))

    def _draw_shifts(self, picks: NDArray[np.intp]) -> NDArray[np.intp]:
        """Which warp each example gets; -1 is none."""
        number = self._rng.integers(WARPS, size=len(picks))
        stays = self._rng.random(len(picks)) >= self._variation.shifted
        flat = np.array([bank is None for bank in self._banks])[self._lesson[picks]]
        return np.where(stays | flat, -1, number)

    def _view(self, pick: np.intp, shift: int) -> tuple[Image, Image]:
        """Image and fine class map of one example, before mirror and light."""
        lesson = self._lessons[self._lesson[pick]]
        bank = self._banks[self._lesson[pick]]
        image = shrink(lesson.recording.images[self._row[pick]])
        classes = fine_map_of(lesson, int(self._row[pick]), self._map_shape)
        if bank is None or shift < 0:
            return image, classes
        return bank.shift_image(image, shift, shift % 2 == 0), bank.shift_classes(classes, shift)

    def _steering_from(
        self, picks: NDArray[np.intp], shift: NDArray[np.intp]
    ) -> NDArray[np.float32]:
        """What the driver did, or the way back for views from beside the path; (n,)."""
        steering = self._steering[picks]
        for number, bank in enumerate(self._banks):
            moved = (shift >= 0) & (self._lesson[picks] == number)
            if bank is None or not moved.any():
                continue
            steering[moved] = way_back(
                steering[moved].astype(np.float64),
                bank.sideways_m[shift[moved]],
                bank.turned_rad[shift[moved]],
                self._speed_m_s[picks[moved]],
                self._variation.delay_s,
                self._variation.chassis,
            )
        return steering


def shrink(image: Image) -> Image:
    """Average an image down to what the network learns on, (rows, columns, 3)."""
    factor = shrink_factor(image.shape[1])
    rows, columns = small_shape(*image.shape[:2])
    if factor == 1:
        return image
    whole = image[: rows * factor, : columns * factor]
    small = cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


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
