"""The float network beside a pilot file: NAME.keras, which any Keras opens, in real units.

Its input is the image averaged down, 0 to 1; its steering are logits of bins; its throttle is no
longer standardised.
"""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from car.errors import PilotError
from train.learning.batches import plain_batches
from train.learning.dataset import Lesson
from train.learning.fit import Fitted
from train.learning.guesses import Guesses, Rows
from train.learning.network import CLASSES, THROTTLE
from train.learning.steering_head import BINS, head_of, two_hot
from train.metrics import confusion
from tubs.atomic import written_whole

BATCH = 128


def keep_float(fitted: Fitted, path: Path) -> Path:
    """Write the float network, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    twin = keras.models.clone_model(fitted.network)
    twin.set_weights(fitted.network.get_weights())
    head = twin.get_layer(THROTTLE)
    kernel, bias = head.get_weights()
    head.set_weights(
        [kernel * fitted.throttle_std, bias * fitted.throttle_std + fitted.throttle_mean]
    )
    with written_whole(path) as draft:
        twin.save(draft)
    return path


class FloatTwin:
    """A float network read back from NAME.keras."""

    def __init__(self, path: Path) -> None:
        """Read it.

        Raises:
            PilotError: it is damaged, or not a network of this kind.
        """
        try:
            self._network = keras.models.load_model(path, compile=False)
        except (OSError, ValueError, KeyError, TypeError) as error:
            first = (str(error).splitlines() or ["no reason given"])[0]
            raise PilotError(f"{path} is not a float network of a pilot: {first}") from error

    def ask(self, lesson: Lesson, rows: Rows) -> Guesses:
        """What it says on the records, all heads.

        Raises:
            PilotError: the images have another size than it learned with.
        """
        says: list[list[np.ndarray]] = [[], [], []]
        pixels, entropy = np.zeros((CLASSES, CLASSES), np.int64), 0.0
        head = head_of(self._network)
        for batch in plain_batches(lesson, rows, BATCH):
            output = self._look(batch.images)
            steer = output["steering"]
            values = (head.read(steer), output["throttle"][:, 0], head.spread(steer))
            for part, value in zip(says, values, strict=True):
                part.append(np.asarray(value, np.float32))
            if head.units == BINS:
                entropy += _bin_entropy(steer, batch.steering)
            classes = np.argmax(output["class_map"], -1).astype(np.uint8)
            pixels += confusion(batch.class_maps, classes, CLASSES)
        steering, throttle, std = (np.concatenate(part) for part in says)
        seen = entropy / len(rows) if head.units == BINS else None
        return Guesses(steering, throttle, std, pixels, seen)

    def _look(self, images: np.ndarray) -> dict[str, tf.Tensor]:
        try:
            output: dict[str, tf.Tensor] = self._network(
                tf.cast(images, tf.float32) / 255.0, training=False
            )
        except ValueError as error:
            raise PilotError(
                f"the float network does not take images of shape {images.shape[1:]}"
            ) from error
        return output


def _bin_entropy(logits: tf.Tensor, steering: np.ndarray) -> float:
    """Cross-entropy of the bins, added up over a batch."""
    labels = two_hot(tf.constant(steering))
    return float(tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits(labels, logits)))
