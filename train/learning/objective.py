"""What the network is punished for: steering, throttle, and the class of each pixel."""

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf

from train.learning.dataset import UNKNOWN
from train.learning.devices import mean_of_devices
from train.learning.network import BINNED
from train.learning.steering_head import SteeringHead


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each part counts against steering; 0 leaves the class map unlearned."""

    throttle: float = 0.5
    class_map: float = 0.7


USUAL_WEIGHTS = Weights()

CLASS_WEIGHTS = (1.0, 2.0, 1.2, 1.0, 2.5)
"""How much a pixel of each RoadClass counts: lines and obstacles are few, and matter."""


def huber(guess: tf.Tensor, throttle: tf.Tensor) -> tf.Tensor:
    """Squared error up to one standard deviation, linear beyond; both standardised, (n,)."""
    error = tf.abs(guess - throttle)
    return tf.reduce_mean(tf.where(error < 1.0, 0.5 * error * error, error - 0.5))


def squared(guess: tf.Tensor, throttle: tf.Tensor) -> tf.Tensor:
    """Mean squared error; both standardised, (n,)."""
    return tf.reduce_mean(tf.square(guess - throttle))


@dataclass(frozen=True, slots=True)
class Objective:
    """What a network is to do well.

    Attributes:
        steering: its head, with its loss.
        throttle: compares throttle (n,) with what was recorded, both standardised.
        weights: how much each part counts.
    """

    steering: SteeringHead = BINNED
    throttle: Callable[[tf.Tensor, tf.Tensor], tf.Tensor] = huber
    weights: Weights = USUAL_WEIGHTS


def class_map_loss(logits: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
    """Cross-entropy over the pixels whose class is known, by CLASS_WEIGHTS; 0 when none is."""
    known = tf.not_equal(classes, UNKNOWN)
    labels = tf.where(known, tf.cast(classes, tf.int32), 0)
    entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    counted = tf.cast(known, tf.float32)
    weighted = entropy * counted * tf.gather(tf.constant(CLASS_WEIGHTS), labels)
    return tf.reduce_sum(weighted) / tf.maximum(mean_of_devices(tf.reduce_sum(counted)), 1.0)
