"""Fits the network: warm-up, cosine decay, a budget in minutes or epochs, best weights kept."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import cv2
import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from train.errors import TrainError
from train.learning.batches import Batch, ExampleMaker, Variation, made_ahead, plain_batches
from train.learning.choice import Best, Choice, Epoch
from train.learning.dataset import Lesson
from train.learning.devices import Devices, find_devices, for_everywhere, mean_of_devices
from train.learning.network import CLASSES, USUAL, Size, build_network
from train.learning.objective import Objective, class_map_loss
from train.learning.portions import Portions, memory_watched
from train.learning.steering_head import head_of
from train.metrics import confusion, mae, mean_iou, r2, rmse

WARM_UP = 0.03
"""Share of the budget in which the learning rate rises."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How long to train: `epochs` passes over the training records, or `minutes` if given.

    Attributes:
        epochs: passes; each also ends with a look at the held-out records.
        minutes: of wall clock, instead of `epochs`.
        patience: looks without a better result before stopping early.
        epoch_records: records in a pass; None is as many as there are.
    """

    epochs: int = 40
    minutes: float | None = None
    patience: int = 12
    epoch_records: int | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """Step size: `batch` examples a step, peak `rate`, `decay` of the weights."""

    batch: int = 64
    rate: float = 3e-3
    decay: float = 1e-4


@dataclass(slots=True)
class Fitted:
    """A trained network and how it came about.

    Attributes:
        network: with the best weights.
        throttle_mean: of the training records.
        throttle_std: of the training records.
        history: one entry an epoch.
        best_epoch: whose weights were kept.
        batch: examples in a step at the end; fewer than asked for when memory ran out.
        interrupted: whether the training ended before its budget was spent.
        failure: what ended it then; empty when somebody did.
    """

    network: keras.Model
    throttle_mean: float
    throttle_std: float
    history: list[Epoch] = field(default_factory=list)
    best_epoch: int = 0
    batch: int = 0
    interrupted: bool = False
    failure: str = ""


Report = Callable[[Epoch | None, float, float], None]
"""Called after steps with None and after epochs with the epoch; then share done, images/s."""

Watch = Callable[["Fitted", float], None]
"""Called after every step with the network as it is, and the share done: to keep checkpoints."""


Say = Callable[[str], None]
"""Called with a line that somebody at the terminal should read."""


def unsaid(line: str) -> None:
    """Nobody reads."""


def unwatched(fitted: "Fitted", share: float) -> None:
    """Nobody keeps checkpoints."""


def learning_rate(progress: float, peak: float) -> float:
    """Linear warm-up, then cosine down to nothing; progress 0..1."""
    if progress < WARM_UP:
        return peak * (0.05 + 0.95 * progress / WARM_UP)
    along = min(1.0, (progress - WARM_UP) / (1 - WARM_UP))
    return peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * along)))


class Fitter:
    """Trains one network on lessons.

    Args:
        lessons: at least one, all with one image size.
        seed: fixes weights and draws; threads of the arithmetic still leave a last-digit freedom.
        variation: how much examples are changed.
        schedule: step sizes.
        objective: what it is to do well.
        choice: which epoch's weights are kept.
        size: of the network.
        clock: monotonic seconds.
        devices: where to learn; None takes what TensorFlow sees.
    """

    def __init__(
        self,
        lessons: list[Lesson],
        seed: int,
        variation: Variation,
        schedule: Schedule | None = None,
        objective: Objective | None = None,
        choice: Choice | None = None,
        size: Size = USUAL,
        clock: Callable[[], float] = time.monotonic,
        devices: Devices | None = None,
    ) -> None:
        cv2.setNumThreads(1)
        keras.utils.set_random_seed(seed)
        self._lessons = lessons
        self._schedule = schedule or Schedule()
        self._objective = objective or Objective()
        self._choice = choice or Choice()
        self._clock = clock
        self._maker = ExampleMaker(lessons, variation, np.random.default_rng(seed))
        throttle = np.concatenate([lesson.throttle[lesson.train] for lesson in lessons])
        throttle = throttle[np.isfinite(throttle)]
        self._throttle_mean = float(throttle.mean())
        self._throttle_std = max(float(throttle.std()), 0.01)
        self._records = len(throttle)
        height_px, width_px = lessons[0].recording.images.shape[1:3]
        self._build = partial(build_network, height_px, width_px, self._objective.steering, size)
        self._learner = (devices or find_devices()).learner(
            self._build, self._optimizer, self._losses
        )
        parts = self._learner.parts
        self._batch = -(-self._schedule.batch // parts) * parts
        self._portions = Portions(self._learner.step, self._batch, parts)

    def _optimizer(self) -> keras.optimizers.Optimizer:
        return keras.optimizers.AdamW(
            self._schedule.rate, weight_decay=self._schedule.decay, clipnorm=5.0
        )

    def fit(
        self, budget: Budget, report: Report, watch: Watch = unwatched, say: Say = unsaid
    ) -> Fitted:
        """Train until the budget is spent, nothing gets better, or somebody presses Ctrl-C.

        What goes wrong after the first epoch ends the training, and the best epoch is kept.

        Raises:
            TrainError: the loss is not finite, or memory ran out, before the first epoch was over.
            KeyboardInterrupt: somebody pressed Ctrl-C before the first epoch was over.
        """
        fitted = Fitted(self._learner.network, self._throttle_mean, self._throttle_std)
        best = Best(fitted.network.get_weights(), self._choice)
        try:
            with memory_watched():
                self._learn(fitted, best, budget, report, watch, say)
        except (KeyboardInterrupt, TrainError) as error:
            if fitted.best_epoch == 0:
                raise
            fitted.interrupted = True
            fitted.failure = str(error) if isinstance(error, TrainError) else ""
        fitted.batch = self._portions.size
        fitted.network = for_everywhere(self._build, best.weights)
        return fitted

    def _learn(
        self,
        fitted: Fitted,
        best: Best,
        budget: Budget,
        report: Report,
        watch: Watch,
        say: Say,
    ) -> None:
        """All epochs; what is best so far is in `best` at any moment."""
        steps = max(1, (budget.epoch_records or self._records) // self._batch)
        start_s, epoch, progress = self._clock(), 0, 0.0
        with made_ahead(self._maker, self._batch) as batches:
            while progress < 1.0 and epoch - fitted.best_epoch <= budget.patience:
                began_s = self._clock()
                losses: list[tf.Tensor] = []
                for step in range(steps):
                    progress = self._progress(budget, start_s, epoch + step / steps)
                    if progress >= 1.0 and step:
                        break
                    rate = learning_rate(progress, self._schedule.rate)
                    losses += self._portions.learn(rate, self._arrays(next(batches)), say)
                    speed = self._rate(step + 1, began_s)
                    report(None, progress, speed)
                    watch(fitted, progress)
                epoch += 1
                line = self._look(epoch, start_s, speed, losses, progress)
                fitted.history.append(line)
                if best.takes(line, self._learner.network):
                    fitted.best_epoch = epoch
                progress = self._progress(budget, start_s, float(epoch))
                report(line, progress, line.images_per_s)
        watch(fitted, 1.0)

    def _progress(self, budget: Budget, start_s: float, epochs_done: float) -> float:
        if budget.minutes is not None:
            return (self._clock() - start_s) / (60.0 * budget.minutes)
        return epochs_done / budget.epochs

    def _rate(self, steps: int, began_s: float) -> float:
        return steps * self._batch / max(self._clock() - began_s, 1e-9)

    def _arrays(self, batch: Batch) -> tuple[NDArray[Any], ...]:
        throttle = (batch.throttle - self._throttle_mean) / self._throttle_std
        return batch.images, batch.steering, throttle.astype(np.float32), batch.class_maps

    def _losses(
        self,
        network: keras.Model,
        images: tf.Tensor,
        steering: tf.Tensor,
        throttle: tf.Tensor,
        classes: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        objective, weights = self._objective, self._objective.weights
        output = network(tf.cast(images, tf.float32) / 255.0, training=True)
        drives = tf.math.is_finite(steering)
        steer = objective.steering.loss(
            tf.boolean_mask(output["steering"], drives), tf.boolean_mask(steering, drives)
        )
        speed = objective.throttle(
            tf.boolean_mask(output["throttle"][:, 0], drives), tf.boolean_mask(throttle, drives)
        )
        steer, speed = _counted([steer, speed], drives)
        ground = class_map_loss(output["class_map"], classes)
        loss = steer + weights.throttle * speed + weights.class_map * ground
        return loss, tf.stack([steer, speed, ground])

    def _look(
        self, epoch: int, start_s: float, speed: float, losses: list[tf.Tensor], progress: float
    ) -> Epoch:
        """Measure on held-out records; one line of history."""
        mean = np.mean([loss.numpy() for loss in losses], axis=0)
        if not np.all(np.isfinite(mean)):
            raise TrainError(
                f"the loss became {mean} in epoch {epoch}: train with a smaller --rate, "
                "or look for damaged records with: everlap tub check"
            )
        found = look_at_held_out(
            self._learner.network, self._lessons, self._throttle_mean, self._throttle_std
        )
        return Epoch(
            epoch,
            round(self._clock() - start_s, 3),
            round(speed, 1),
            learning_rate(progress, self._schedule.rate),
            steering_loss=float(mean[0]),
            throttle_loss=float(mean[1]),
            class_map_loss=float(mean[2]),
            held_out_steering_mae=mae(found.steering, found.steering_guess),
            held_out_throttle_mae=mae(found.throttle, found.throttle_guess),
            held_out_throttle_r2=r2(found.throttle, found.throttle_guess),
            held_out_class_map_miou=mean_iou(found.confusion),
            held_out_steering_rmse=rmse(found.steering, found.steering_guess),
            held_out_throttle_rmse=rmse(found.throttle, found.throttle_guess),
        )


def _counted(means: list[tf.Tensor], drives: tf.Tensor) -> list[tf.Tensor]:
    """Weigh means over the examples that drive by how many of them this device has; none is 0."""
    count = tf.reduce_sum(tf.cast(drives, tf.float32))
    share = tf.math.divide_no_nan(count, mean_of_devices(count))
    return [share * tf.where(share > 0.0, mean, 0.0) for mean in means]


@dataclass(frozen=True, slots=True)
class HeldOutResults:
    """Truth and guesses on held-out records, and pixels by true and guessed class."""

    steering: NDArray[np.float32]
    steering_guess: NDArray[np.float32]
    throttle: NDArray[np.float32]
    throttle_guess: NDArray[np.float32]
    confusion: NDArray[np.int64]


def look_at_held_out(
    network: keras.Model,
    lessons: list[Lesson],
    throttle_mean: float,
    throttle_std: float,
    limit: int = 2000,
) -> HeldOutResults:
    """Run the float network on at most `limit` held-out records, evenly chosen."""
    head, truth = head_of(network), list[Batch]()
    steering, throttle, pixels = [], [], np.zeros((CLASSES, CLASSES), np.int64)
    for lesson, rows in chosen_held_out(lessons, limit):
        for batch in plain_batches(lesson, rows, 128):
            output = network(tf.cast(batch.images, tf.float32) / 255.0, training=False)
            steering.append(head.read(output["steering"]).numpy())
            throttle.append(output["throttle"][:, 0].numpy() * throttle_std + throttle_mean)
            classes = tf.argmax(output["class_map"], -1).numpy()
            pixels += confusion(batch.class_maps, classes.astype(np.uint8), CLASSES)
            truth.append(batch)
    steering_truth = np.concatenate([batch.steering for batch in truth])
    throttle_truth = np.concatenate([batch.throttle for batch in truth])
    drives = np.isfinite(steering_truth)
    return HeldOutResults(
        steering_truth[drives],
        np.concatenate(steering)[drives],
        throttle_truth[drives],
        np.concatenate(throttle)[drives],
        pixels,
    )


def chosen_held_out(lessons: list[Lesson], limit: int) -> list[tuple[Lesson, NDArray[np.intp]]]:
    """At most `limit` held-out records in all, evenly spread over each lesson."""
    total = sum(len(lesson.held_out) for lesson in lessons)
    chosen = []
    for lesson in lessons:
        share = min(1.0, limit / total)
        count = max(1, int(len(lesson.held_out) * share))
        places = np.linspace(0, len(lesson.held_out) - 1, count).round().astype(np.intp)
        chosen.append((lesson, lesson.held_out[places]))
    return chosen
