"""Fits the network: warm-up, cosine decay, a budget in minutes or epochs, best weights kept."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from train.errors import TrainError
from train.learning.batches import Batch, ExampleMaker, Variation, made_ahead, plain_batches
from train.learning.choice import Best, Choice, Epoch
from train.learning.dataset import Lesson
from train.learning.network import CLASSES, USUAL, Size, build_network
from train.learning.objective import Objective, class_map_loss
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
        interrupted: whether somebody ended the training before its budget was spent.
    """

    network: keras.Model
    throttle_mean: float
    throttle_std: float
    history: list[Epoch] = field(default_factory=list)
    best_epoch: int = 0
    interrupted: bool = False


Report = Callable[[Epoch | None, float, float], None]
"""Called after steps with None and after epochs with the epoch; then share done, images/s."""

Watch = Callable[["Fitted", float], None]
"""Called after every step with the network as it is, and the share done: to keep checkpoints."""


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
    ) -> None:
        cv2.setNumThreads(1)
        keras.utils.set_random_seed(seed)
        self._lessons = lessons
        self._schedule = schedule or Schedule()
        self._objective = objective or Objective()
        self._choice = choice or Choice()
        self._clock = clock
        self._maker = ExampleMaker(lessons, variation, np.random.default_rng(seed))
        height_px, width_px = lessons[0].recording.images.shape[1:3]
        self._network = build_network(height_px, width_px, self._objective.steering, size)
        throttle = np.concatenate([lesson.throttle[lesson.train] for lesson in lessons])
        throttle = throttle[np.isfinite(throttle)]
        self._throttle_mean = float(throttle.mean())
        self._throttle_std = max(float(throttle.std()), 0.01)
        self._records = len(throttle)
        self._optimizer = keras.optimizers.AdamW(
            self._schedule.rate, weight_decay=self._schedule.decay, clipnorm=5.0
        )
        self._optimizer.build(self._network.trainable_variables)
        self._step = tf.function(self._one_step, jit_compile=False)

    def fit(self, budget: Budget, report: Report, watch: Watch = unwatched) -> Fitted:
        """Train until the budget is spent, nothing gets better, or somebody presses Ctrl-C.

        Raises:
            TrainError: the loss is not finite.
            KeyboardInterrupt: somebody pressed Ctrl-C before the first epoch was over.
        """
        fitted = Fitted(self._network, self._throttle_mean, self._throttle_std)
        best = Best(self._network.get_weights(), self._choice)
        try:
            self._learn(fitted, best, budget, report, watch)
        except KeyboardInterrupt:
            if fitted.best_epoch == 0:
                raise
            fitted.interrupted = True
        self._network.set_weights(best.weights)
        return fitted

    def _learn(
        self, fitted: Fitted, best: Best, budget: Budget, report: Report, watch: Watch
    ) -> None:
        """All epochs; what is best so far is in `best` at any moment."""
        steps = max(1, (budget.epoch_records or self._records) // self._schedule.batch)
        start_s, epoch, progress = self._clock(), 0, 0.0
        with made_ahead(self._maker, self._schedule.batch) as batches:
            while progress < 1.0 and epoch - fitted.best_epoch <= budget.patience:
                began_s, losses = self._clock(), []
                for step in range(steps):
                    progress = self._progress(budget, start_s, epoch + step / steps)
                    if progress >= 1.0 and step:
                        break
                    self._optimizer.learning_rate = learning_rate(progress, self._schedule.rate)
                    losses.append(self._step(*self._tensors(next(batches))))
                    report(None, progress, self._rate(len(losses), began_s))
                    watch(fitted, progress)
                epoch += 1
                line = self._look(epoch, start_s, began_s, losses, progress)
                fitted.history.append(line)
                if best.takes(line, self._network):
                    fitted.best_epoch = epoch
                progress = self._progress(budget, start_s, float(epoch))
                report(line, progress, line.images_per_s)
        watch(fitted, 1.0)

    def _progress(self, budget: Budget, start_s: float, epochs_done: float) -> float:
        if budget.minutes is not None:
            return (self._clock() - start_s) / (60.0 * budget.minutes)
        return epochs_done / budget.epochs

    def _rate(self, steps: int, began_s: float) -> float:
        return steps * self._schedule.batch / max(self._clock() - began_s, 1e-9)

    def _tensors(self, batch: Batch) -> tuple[tf.Tensor, ...]:
        throttle = (batch.throttle - self._throttle_mean) / self._throttle_std
        values = (batch.images, batch.steering, throttle.astype(np.float32), batch.class_maps)
        return tuple(tf.constant(value) for value in values)

    def _one_step(
        self, images: tf.Tensor, steering: tf.Tensor, throttle: tf.Tensor, classes: tf.Tensor
    ) -> tf.Tensor:
        objective, weights = self._objective, self._objective.weights
        with tf.GradientTape() as tape:
            output = self._network(tf.cast(images, tf.float32) / 255.0, training=True)
            drives = tf.math.is_finite(steering)
            steer = objective.steering.loss(
                tf.boolean_mask(output["steering"], drives), tf.boolean_mask(steering, drives)
            )
            speed = objective.throttle(
                tf.boolean_mask(output["throttle"][:, 0], drives),
                tf.boolean_mask(throttle, drives),
            )
            ground = class_map_loss(output["class_map"], classes)
            loss = steer + weights.throttle * speed + weights.class_map * ground
        variables = self._network.trainable_variables
        self._optimizer.apply(tape.gradient(loss, variables), variables)
        return tf.stack([steer, speed, ground])

    def _look(
        self, epoch: int, start_s: float, began_s: float, losses: list[tf.Tensor], progress: float
    ) -> Epoch:
        """Measure on held-out records; one line of history."""
        speed = self._rate(len(losses), began_s)
        mean = np.mean([loss.numpy() for loss in losses], axis=0)
        if not np.all(np.isfinite(mean)):
            raise TrainError(
                f"the loss became {mean} in epoch {epoch}: train with a smaller --rate, "
                "or look for damaged records with: everlap tub check"
            )
        found = look_at_held_out(
            self._network, self._lessons, self._throttle_mean, self._throttle_std
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
