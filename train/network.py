"""The network: one trunk on a small image, heads for steering, throttle and what the ground is.

Training works on images already averaged down to about 80 columns; the form for the car takes the
raw camera image and averages it inside the graph. Both hold the same weights.
"""

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from numpy.typing import NDArray

from car.frame import RoadClass

COLUMNS_PX = 80
"""The camera image is averaged down to about this many columns before anything else."""

BINS = 21
CLASSES = len(RoadClass)
WIDTHS = (16, 32, 48, 48)
STEM = "stem"
THROTTLE = "throttle"


def shrink_factor(width_px: int) -> int:
    """By how much a camera image is averaged down, in rows and columns."""
    return max(1, round(width_px / COLUMNS_PX))


def small_shape(height_px: int, width_px: int) -> tuple[int, int]:
    """Rows and columns of the image that the network learns on."""
    factor = shrink_factor(width_px)
    return height_px // factor, width_px // factor


def class_map_shape(height_px: int, width_px: int) -> tuple[int, int]:
    """Rows and columns of the class map for a camera image of that size."""
    rows, columns = small_shape(height_px, width_px)
    return -(-rows // 2), -(-columns // 2)


def steering_bins() -> NDArray[np.float32]:
    """The steering values that the bins stand for, from -1 to +1, shape (BINS,)."""
    return np.linspace(-1.0, 1.0, BINS, dtype=np.float32)


def build_network(height_px: int, width_px: int) -> keras.Model:
    """A fresh network for learning.

    Args:
        height_px: of the camera image.
        width_px: of the camera image.

    Returns:
        A model from float32 (n, rows, columns, 3) in 0..1, averaged down, to a dict of
        `steering` logits (n, BINS), `throttle` (n, 1), standardised, and `class_map` logits
        (n, rows, columns, CLASSES).
    """
    image = keras.Input((*small_shape(height_px, width_px), 3), name="image")
    fine = _convolve(image, WIDTHS[0], 5, name=STEM)
    middle = _convolve(fine, WIDTHS[1])
    coarse = _convolve(middle, WIDTHS[2])
    coarse = _convolve(coarse, WIDTHS[3], strides=1)
    thought = _think(coarse)
    outputs = {
        "steering": _small_dense(BINS, "steering")(thought),
        "throttle": _small_dense(1, THROTTLE)(thought),
        "class_map": _class_map(coarse, middle, fine),
    }
    return keras.Model(image, outputs)


def _convolve(
    x: keras.KerasTensor, filters: int, size: int = 3, strides: int = 2, name: str | None = None
) -> keras.KerasTensor:
    return layers.Conv2D(
        filters,
        size,
        strides,
        padding="same",
        activation="relu",
        kernel_initializer="he_normal",
        name=name,
    )(x)


def _think(coarse: keras.KerasTensor) -> keras.KerasTensor:
    """What steering and throttle are read from, shape (n, 64)."""
    x = layers.Conv2D(12, 1, activation="relu", kernel_initializer="he_normal")(coarse)
    x = layers.Flatten()(x)
    return layers.Dense(48, activation="relu", kernel_initializer="he_normal")(x)


def _small_dense(units: int, name: str) -> layers.Dense:
    """A head that starts out saying next to nothing, so that early steps stay small."""
    return layers.Dense(
        units, kernel_initializer=keras.initializers.RandomNormal(0, 0.01), name=name
    )


def _class_map(
    coarse: keras.KerasTensor, middle: keras.KerasTensor, fine: keras.KerasTensor
) -> keras.KerasTensor:
    """Logits at the resolution of `fine`, from all three."""
    x = _upsample_onto(middle, coarse, 16)
    x = _upsample_onto(fine, x, 8)
    return layers.Conv2D(CLASSES, 1, name="class_map")(x)


def _upsample_onto(
    fine: keras.KerasTensor, coarse: keras.KerasTensor, filters: int
) -> keras.KerasTensor:
    """Double `coarse`, cut to the size of `fine` and add what `fine` knows; (.., filters)."""
    x = layers.Conv2D(filters, 1)(coarse)
    x = layers.UpSampling2D(2, interpolation="nearest")(x)
    rows, columns = x.shape[1] - fine.shape[1], x.shape[2] - fine.shape[2]
    if rows or columns:
        x = layers.Cropping2D(((0, rows), (0, columns)))(x)
    return layers.ReLU()(layers.Add()([x, layers.Conv2D(filters, 1)(fine)]))


def build_for_car(
    network: keras.Model,
    height_px: int,
    width_px: int,
    throttle_mean: float,
    throttle_std: float,
    batch: int | None = 1,
) -> keras.Model:
    """The same network as it drives: raw camera image in, commands and classes out.

    Args:
        network: trained, from `build_network`.
        height_px: of the camera image.
        width_px: of the camera image.
        throttle_mean: added to the standardised throttle.
        throttle_std: what the standardised throttle is multiplied by.
        batch: 1 for the converter, None for measuring.

    Returns:
        A model from float32 (batch, height, width, 3) in 0..255 to a dict of `steering`,
        `steering_std`, `throttle` (batch, 1) and `class_map`, int (batch, rows, columns).
    """
    trained = build_network(height_px, width_px)
    trained.set_weights(network.get_weights())
    _scale(trained.get_layer(STEM), 1.0 / 255.0, 0.0)
    _scale(trained.get_layer(THROTTLE), throttle_std, throttle_mean, bias=True)
    image = keras.Input(batch_shape=(batch, height_px, width_px, 3), name="image")
    factor = shrink_factor(width_px)
    small = layers.AveragePooling2D(factor)(image) if factor > 1 else image
    logits = trained(small)
    steering, steering_std = _expectation(layers.Softmax()(logits["steering"]))
    return keras.Model(
        image,
        {
            "steering": steering,
            "steering_std": steering_std,
            "throttle": logits["throttle"],
            "class_map": MostLikely()(logits["class_map"]),
        },
    )


class MostLikely(layers.Layer):
    """Index of the greatest logit; keras.ops.argmax uses bit tricks that TFLite does not have."""

    def call(self, logits: tf.Tensor) -> tf.Tensor:
        """(..., classes) to int32 (...)."""
        return tf.argmax(logits, axis=-1, output_type=tf.int32)


def _scale(layer: keras.layers.Layer, factor: float, offset: float, bias: bool = False) -> None:
    """Fold an input scale (kernel only), or an affine of the output (`bias`), into the weights."""
    kernel, old_bias = layer.get_weights()
    layer.set_weights([kernel * factor, old_bias * factor + offset if bias else old_bias])


def _expectation(
    probabilities: keras.KerasTensor,
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Mean and standard deviation over the bins, each (n, 1)."""
    bins = steering_bins()
    mean = _fixed_dense(bins)(probabilities)
    square = _fixed_dense(bins**2)(probabilities)
    variance = layers.Subtract()([square, layers.Multiply()([mean, mean])])
    return mean, keras.ops.sqrt(layers.ReLU()(variance))


def _fixed_dense(weights: NDArray[np.float32]) -> layers.Dense:
    return layers.Dense(
        1,
        use_bias=False,
        trainable=False,
        kernel_initializer=keras.initializers.Constant(weights[:, None]),
    )
