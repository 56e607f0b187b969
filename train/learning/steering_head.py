"""What the network's steering output means: how it is learned, and how it is read."""

from dataclasses import dataclass
from typing import Protocol

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from numpy.typing import NDArray

BINS = 21


class SteeringHead(Protocol):
    """Steering as `units` figures of the network's output.

    Attributes:
        units: how many figures.
    """

    @property
    def units(self) -> int:
        """How many figures."""
        ...

    def loss(self, output: tf.Tensor, steering: tf.Tensor) -> tf.Tensor:
        """Compare outputs (n, units) with steering (n,): one figure."""
        ...

    def read(self, output: tf.Tensor) -> tf.Tensor:
        """Give the steering (n,) that outputs (n, units) mean."""
        ...

    def spread(self, output: tf.Tensor) -> tf.Tensor:
        """Give the standard deviation (n,) that it claims; nan where it claims none."""
        ...

    def for_car(self, output: keras.KerasTensor) -> dict[str, keras.KerasTensor]:
        """Give the outputs of the pilot, (n, 1) each: `steering`, and what else is known of it."""
        ...


@dataclass(frozen=True, slots=True)
class BinnedSteering:
    """Chances of BINS values of steering: their mean, and how far apart they lie.

    Attributes:
        error: how much the error of the mean counts against the cross-entropy.
    """

    error: float = 1.0

    @property
    def units(self) -> int:
        """One a bin."""
        return BINS

    def loss(self, output: tf.Tensor, steering: tf.Tensor) -> tf.Tensor:
        """Cross-entropy against two-hot labels, and the error of the mean."""
        entropy = tf.nn.softmax_cross_entropy_with_logits(two_hot(steering), output)
        error = tf.abs(self.read(output) - steering)
        return tf.reduce_mean(entropy) + self.error * tf.reduce_mean(error)

    def read(self, output: tf.Tensor) -> tf.Tensor:
        """The mean over the bins."""
        return tf.linalg.matvec(tf.nn.softmax(output), tf.constant(steering_bins()))

    def spread(self, output: tf.Tensor) -> tf.Tensor:
        """Standard deviation over the bins."""
        square = tf.linalg.matvec(tf.nn.softmax(output), tf.constant(steering_bins() ** 2))
        return tf.sqrt(tf.nn.relu(square - self.read(output) ** 2))

    def for_car(self, output: keras.KerasTensor) -> dict[str, keras.KerasTensor]:
        """Mean and standard deviation over the bins."""
        probabilities = layers.Softmax()(output)
        bins = steering_bins()
        mean = _fixed_dense(bins)(probabilities)
        square = _fixed_dense(bins**2)(probabilities)
        variance = layers.Subtract()([square, layers.Multiply()([mean, mean])])
        return {"steering": mean, "steering_std": keras.ops.sqrt(layers.ReLU()(variance))}


@dataclass(frozen=True, slots=True)
class LinearSteering:
    """The bare value, learned by its squared error; it cannot say that it does not know."""

    @property
    def units(self) -> int:
        """The value."""
        return 1

    def loss(self, output: tf.Tensor, steering: tf.Tensor) -> tf.Tensor:
        """Mean squared error."""
        return tf.reduce_mean(tf.square(self.read(output) - steering))

    def read(self, output: tf.Tensor) -> tf.Tensor:
        """The value as it is."""
        return output[:, 0]

    def spread(self, output: tf.Tensor) -> tf.Tensor:
        """None is claimed."""
        return tf.fill(tf.shape(output)[:1], np.nan)

    def for_car(self, output: keras.KerasTensor) -> dict[str, keras.KerasTensor]:
        """The value as it is."""
        return {"steering": output}


def head_of(network: keras.Model) -> SteeringHead:
    """Tell by the width of a network's steering output which head it has."""
    return LinearSteering() if network.output["steering"].shape[-1] == 1 else BinnedSteering()


def steering_bins() -> NDArray[np.float32]:
    """The steering values that the bins stand for, from -1 to +1, shape (BINS,)."""
    return np.linspace(-1.0, 1.0, BINS, dtype=np.float32)


def two_hot(steering: tf.Tensor) -> tf.Tensor:
    """Share each steering value (n,) between the two bins around it: (n, BINS)."""
    place = (tf.clip_by_value(steering, -1.0, 1.0) + 1.0) * (BINS - 1) / 2
    distance = tf.abs(place[:, None] - tf.range(BINS, dtype=tf.float32)[None])
    return tf.maximum(0.0, 1.0 - distance)


def _fixed_dense(weights: NDArray[np.float32]) -> layers.Dense:
    return layers.Dense(
        1,
        use_bias=False,
        trainable=False,
        kernel_initializer=keras.initializers.Constant(weights[:, None]),
    )
