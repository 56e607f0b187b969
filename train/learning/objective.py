"""What the network is punished for: steering bins, throttle, and the class of each pixel."""

from dataclasses import dataclass

import tensorflow as tf

from train.learning.dataset import UNKNOWN
from train.learning.network import BINS, steering_bins


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each part counts against the cross-entropy of the steering bins."""

    steering_error: float = 1.0
    throttle: float = 0.5
    class_map: float = 0.5


def two_hot(steering: tf.Tensor) -> tf.Tensor:
    """Share each steering value (n,) between the two bins around it: (n, BINS)."""
    place = (tf.clip_by_value(steering, -1.0, 1.0) + 1.0) * (BINS - 1) / 2
    distance = tf.abs(place[:, None] - tf.range(BINS, dtype=tf.float32)[None])
    return tf.maximum(0.0, 1.0 - distance)


def expected_steering(logits: tf.Tensor) -> tf.Tensor:
    """Mean steering (n,) of bins with logits (n, BINS)."""
    return tf.linalg.matvec(tf.nn.softmax(logits), tf.constant(steering_bins()))


def steering_loss(logits: tf.Tensor, steering: tf.Tensor, weights: Weights) -> tf.Tensor:
    """Cross-entropy against two-hot labels, and the error of the mean."""
    entropy = tf.nn.softmax_cross_entropy_with_logits(two_hot(steering), logits)
    error = tf.abs(expected_steering(logits) - steering)
    return tf.reduce_mean(entropy) + weights.steering_error * tf.reduce_mean(error)


def throttle_loss(guess: tf.Tensor, throttle: tf.Tensor) -> tf.Tensor:
    """Squared error up to one standard deviation, linear beyond; both standardised, (n,)."""
    error = tf.abs(guess - throttle)
    return tf.reduce_mean(tf.where(error < 1.0, 0.5 * error * error, error - 0.5))


def class_map_loss(logits: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
    """Cross-entropy over the pixels whose class is known; 0 when none is."""
    known = tf.not_equal(classes, UNKNOWN)
    labels = tf.where(known, tf.cast(classes, tf.int32), 0)
    entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    counted = tf.cast(known, tf.float32)
    return tf.reduce_sum(entropy * counted) / tf.maximum(tf.reduce_sum(counted), 1.0)
