"""The network: one trunk on a small image, heads for steering, throttle and what the ground is.

Training works on images already averaged down to about 80 columns; the form for the car takes the
raw camera image and averages it inside the graph. Both hold the same weights.
"""

from dataclasses import dataclass

import keras
import tensorflow as tf
from keras import layers

from car.frame import RoadClass
from train.learning.steering_head import BinnedSteering, SteeringHead, head_of

COLUMNS_PX = 80
"""The camera image is averaged down to about this many columns before anything else."""

CLASSES = len(RoadClass)
BINNED = BinnedSteering()
STEM = "stem"
THROTTLE = "throttle"
CLASS_MAP = "class_map"
CLASS_MAP_LIFT = 1.0
"""Logits of classes count from -1 to 5 on the car: int8 steps over all of them are too coarse."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many channels each part has.

    Attributes:
        down: after each halving of the image, and at its coarsest once more.
        up: after each doubling on the way back.
        squeezed: of what the commands are read from.
        thought: units between that and the commands.
    """

    down: tuple[int, int, int, int, int]
    up: tuple[int, int, int]
    squeezed: int
    thought: int


SIZES = {
    "usual": Size((16, 28, 40, 56, 36), (24, 16, 8), 10, 40),
    "nano": Size((8, 14, 24, 32, 24), (12, 8, 6), 6, 20),
}
"""By name; nano is for a Zero 2 W that does other work beside."""

USUAL = SIZES["usual"]


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


def build_network(
    height_px: int, width_px: int, steering: SteeringHead = BINNED, size: Size = USUAL
) -> keras.Model:
    """A fresh network for learning.

    A trunk halves the image four times, so that its coarsest cells see the whole picture; on the
    way back up what finer layers saw is added (Ronneberger et al. 2015, U-Net). The commands are
    read at a step of 8 on that way, where the whole is known and places are still apart; the class
    map at its end. Batch normalisation is folded into the convolutions when converted.

    Args:
        height_px: of the camera image.
        width_px: of the camera image.
        steering: its steering head.
        size: channels of its parts.

    Returns:
        A model from float32 (n, rows, columns, 3) in 0..1, averaged down, to a dict of
        `steering` (n, units of its head), `throttle` (n, 1), standardised, and `class_map` logits
        (n, rows, columns, CLASSES).
    """
    image = keras.Input((*small_shape(height_px, width_px), 3), name="image")
    by_2 = _convolve(image, size.down[0], strides=2, name=STEM)
    by_4 = _convolve(by_2, size.down[1], strides=2)
    by_8 = _convolve(by_4, size.down[2], strides=2)
    by_16 = _convolve(_convolve(by_8, size.down[3], strides=2), size.down[4])
    whole = _climb(by_16, by_8, size.up[0])
    thought = _think(whole, size)
    fine = _climb(_climb(whole, by_4, size.up[1]), by_2, size.up[2])
    outputs = {
        "steering": _small_dense(steering.units, "steering")(thought),
        "throttle": _small_dense(1, THROTTLE)(thought),
        "class_map": layers.Conv2D(CLASSES, 1, name=CLASS_MAP)(fine),
    }
    return keras.Model(image, outputs)


def _convolve(
    x: keras.KerasTensor, filters: int, size: int = 3, strides: int = 1, name: str | None = None
) -> keras.KerasTensor:
    """Convolution, batch normalisation, and ReLU up to 6, which keeps int8 steps small."""
    x = layers.Conv2D(
        filters,
        size,
        strides,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=name,
    )(x)
    return layers.ReLU(max_value=6.0)(layers.BatchNormalization(momentum=0.97)(x))


def _think(whole: keras.KerasTensor, size: Size) -> keras.KerasTensor:
    """What steering and throttle are read from, shape (n, size.thought)."""
    x = layers.Flatten()(_convolve(whole, size.squeezed, 1))
    return layers.Dense(size.thought, activation="relu", kernel_initializer="he_normal")(x)


def _small_dense(units: int, name: str) -> layers.Dense:
    """A head that starts out saying next to nothing, so that early steps stay small."""
    return layers.Dense(
        units, kernel_initializer=keras.initializers.RandomNormal(0, 0.01), name=name
    )


def _climb(coarse: keras.KerasTensor, fine: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    """Double `coarse`, cut to the size of `fine`, add what `fine` saw, and look around."""
    x = layers.UpSampling2D(2, interpolation="nearest")(_convolve(coarse, filters, 1))
    rows, columns = x.shape[1] - fine.shape[1], x.shape[2] - fine.shape[2]
    if rows or columns:
        x = layers.Cropping2D(((0, rows), (0, columns)))(x)
    return _convolve(layers.Add()([x, _convolve(fine, filters, 1)]), filters)


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
        `throttle` (batch, 1), what else the steering head knows, and `class_map`, int
        (batch, rows, columns).
    """
    head = head_of(network)
    trained = keras.models.clone_model(network)
    trained.set_weights(network.get_weights())
    _fold_input_scale(trained.get_layer(STEM), 1.0 / 255.0)
    _fold_affine(trained.get_layer(THROTTLE), throttle_std, throttle_mean)
    _fold_affine(trained.get_layer(CLASS_MAP), 1.0, CLASS_MAP_LIFT)
    image = keras.Input(batch_shape=(batch, height_px, width_px, 3), name="image")
    factor = shrink_factor(width_px)
    small = layers.AveragePooling2D(factor)(image) if factor > 1 else image
    logits = trained(small)
    return keras.Model(
        image,
        {
            **head.for_car(logits["steering"]),
            "throttle": logits["throttle"],
            "class_map": MostLikely()(layers.ReLU(max_value=6.0)(logits["class_map"])),
        },
    )


def output_names(network: keras.Model) -> list[str]:
    """What a network says as it drives, by name."""
    certain = ["steering_std"] if head_of(network).units > 1 else []
    return ["class_map", "steering", *certain, "throttle"]


class MostLikely(layers.Layer):
    """Index of the greatest logit; keras.ops.argmax uses bit tricks that TFLite does not have."""

    def call(self, logits: tf.Tensor) -> tf.Tensor:
        """(..., classes) to int32 (...)."""
        return tf.argmax(logits, axis=-1, output_type=tf.int32)


def _fold_input_scale(layer: keras.layers.Layer, factor: float) -> None:
    """Let a convolution without bias take an image that is 1 / `factor` times as bright."""
    (kernel,) = layer.get_weights()
    layer.set_weights([kernel * factor])


def _fold_affine(layer: keras.layers.Layer, factor: float, offset: float) -> None:
    """Scale and move what a layer with kernel and bias gives."""
    kernel, bias = layer.get_weights()
    layer.set_weights([kernel * factor, bias * factor + offset])
