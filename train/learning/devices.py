"""Where a network learns: on one or several GPUs if TensorFlow sees them, else on the CPU.

Everything that depends on it is decided here: where variables live, in which precision is computed,
and how a step is shared. The step is the same everywhere: several devices take equal parts of one
batch and together make the step that one device would have made.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from car.fleet import usual_workers

Arrays = Sequence[NDArray[Any]]
"""What a step learns from: arrays of the same length, the first axis is the example."""

Losses = Callable[..., tuple[tf.Tensor, tf.Tensor]]
"""From the network and tensors of examples to the loss (), a mean, and what it is made of (n,)."""

FLOAT32 = "float32"
MIXED = "mixed_float16"
TENSOR_CORES = (7, 0)
"""Compute capability from which on a GPU is faster in float16 than in float32."""

NOT_SEEN = (
    "an NVIDIA GPU is here, but this TensorFlow does not use it: EVERLAP_GPU=1 ./everlap train; "
    'see "On a GPU" in train/README.md'
)


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU as TensorFlow sees it.

    Attributes:
        place: "GPU:0" and so on.
        model: what the maker calls it.
        capability: CUDA compute capability; None for those that have none.
    """

    place: str
    model: str
    capability: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Devices:
    """One device, or several alike that share each batch.

    Attributes:
        places: as TensorFlow names them; empty is wherever TensorFlow puts things by itself.
        precision: name of a Keras dtype policy; weights are float32 in all.
        name: for people, "2 GPUs, NVIDIA A100, mixed precision".
        advice: what would be faster here; empty when nothing is known.
    """

    places: tuple[str, ...]
    precision: str
    name: str
    advice: str = ""

    @property
    def line(self) -> str:
        """What is said when a training begins."""
        return f"training on {self.name}" + (f"; {self.advice}" if self.advice else "")

    def learner(
        self,
        build: Callable[[], keras.Model],
        optimizer: Callable[[], keras.optimizers.Optimizer],
        losses: Losses,
    ) -> "Learner":
        """Make a network that learns here.

        Args:
            build: makes the network.
            optimizer: makes what changes the weights.
            losses: what it is punished for.
        """
        shared = len(self.places) > 1
        strategy = _several(self.places) if shared else _one()
        with strategy.scope(), _policy(self.precision):
            network = build()
            _keep_outputs_exact(network)
            if shared:
                _share_statistics(network)
            steps = _prepared(optimizer(), strategy.num_replicas_in_sync, self.precision)
            steps.build(network.trainable_variables)
        return Learner(strategy, network, steps, losses)


class Learner:
    """A network that learns on its devices, a step at a time. Made by `Devices.learner`.

    Attributes:
        network: as it is now; its weights are float32.
        parts: how many devices share a batch; batches of a multiple of this are shared equally.
    """

    def __init__(
        self,
        strategy: tf.distribute.Strategy,
        network: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        losses: Losses,
    ) -> None:
        self.network = network
        self.parts: int = strategy.num_replicas_in_sync
        self._strategy = strategy
        self._optimizer = optimizer
        self._losses = losses
        self._run = tf.function(self._on_all_devices, jit_compile=False)

    def step(self, rate: float, examples: Arrays) -> tf.Tensor:
        """Learn from examples once; gives what the loss was made of, (n,).

        Raises:
            tf.errors.ResourceExhaustedError: they do not fit into memory; see `out_of_memory`.
        """
        with self._strategy.scope():
            self._optimizer.learning_rate = rate
        shares = [np.array_split(array, self.parts) for array in examples]
        return self._run(tuple(self._on_each_device(share) for share in shares))

    def _on_each_device(self, share: Arrays) -> Any:
        return self._strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(share[context.replica_id_in_sync_group])
        )

    def _on_all_devices(self, examples: tuple[Any, ...]) -> tf.Tensor:
        found = self._strategy.run(self._on_one_device, examples)
        return self._strategy.reduce("MEAN", found, axis=None)

    def _on_one_device(self, *examples: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss, made_of = self._losses(self.network, *examples)
            loss = self._optimizer.scale_loss(loss)
        variables = self.network.trainable_variables
        gradients = [
            mean_of_devices(each) / self.parts for each in tape.gradient(loss, variables)
        ]  # the optimizer adds up those of all devices
        self._optimizer.apply(gradients, variables)
        return made_of


def find_devices() -> Devices:
    """Take all GPUs that TensorFlow sees, or else the CPU; to be called before either is used."""
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        if tf.config.experimental.get_memory_growth(gpu) is not True:
            _grow(gpu)
    return choose([_looked_at(number, gpu) for number, gpu in enumerate(gpus)], usual_workers())


def choose(gpus: Sequence[Gpu], cores: int, advice: str | None = None) -> Devices:
    """Decide where to learn and in which precision.

    Args:
        gpus: that can be used.
        cores: of the CPU.
        advice: what would be faster; None looks for a GPU that TensorFlow does not see.
    """
    if not gpus:
        told = gpu_not_seen(shutil.which("nvidia-smi"), os.environ) if advice is None else advice
        return Devices((), FLOAT32, counted(cores, "CPU core"), told)
    mixed = all(each.capability is not None and each.capability >= TENSOR_CORES for each in gpus)
    models = " and ".join(dict.fromkeys(each.model for each in gpus))
    return Devices(
        tuple(each.place for each in gpus),
        MIXED if mixed else FLOAT32,
        f"{counted(len(gpus), 'GPU')}, {models}" + (", mixed precision" if mixed else ""),
    )


def gpu_not_seen(nvidia_smi: str | None, environment: Mapping[str, str]) -> str:
    """What to do about an NVIDIA GPU that lies idle; nothing when it was hidden on purpose.

    Args:
        nvidia_smi: path of the tool that comes with NVIDIA's driver.
        environment: of this process.
    """
    return NOT_SEEN if nvidia_smi and "CUDA_VISIBLE_DEVICES" not in environment else ""


def out_of_memory(error: BaseException) -> bool:
    """Whether this is what TensorFlow raises when a device or the machine has no memory left."""
    if isinstance(error, tf.errors.InternalError):
        said = str(error).lower()
        return any(sign in said for sign in ("out of memory", "out_of_memory", "dst tensor is not"))
    return isinstance(error, (tf.errors.ResourceExhaustedError, MemoryError))


def mean_of_devices(value: tf.Tensor) -> tf.Tensor:
    """The mean over all devices that share a step; in a step only."""
    return tf.distribute.get_replica_context().all_reduce("MEAN", value)


def for_everywhere(build: Callable[[], keras.Model], weights: list[NDArray[np.float32]]) -> Any:
    """The network with such weights as any machine has it: float32, on the CPU, for one device."""
    with tf.device("CPU:0"):
        network = build()
        network.set_weights(weights)
    return network


def counted(number: int, what: str) -> str:
    """Say "1 GPU" and "2 GPUs"."""
    return f"{number} {what}" + ("" if number == 1 else "s")


def _one() -> tf.distribute.Strategy:
    """No strategy at all: TensorFlow takes its one GPU, or the CPU."""
    return tf.distribute.get_strategy()


@cache
def _several(places: tuple[str, ...]) -> tf.distribute.Strategy:
    """One for all trainings of a process: those of a second one would be taken for the first's."""
    return tf.distribute.MirroredStrategy(places)


def _grow(gpu: Any) -> None:
    """Take the memory of a GPU as it is needed, not all of it at once."""
    try:
        tf.config.experimental.set_memory_growth(gpu, True)
    except RuntimeError:  # somebody uses it already, in this process
        return


def _looked_at(number: int, gpu: Any) -> Gpu:
    details = tf.config.experimental.get_device_details(gpu)
    name = details.get("device_name", "of unknown make")
    return Gpu(f"GPU:{number}", name, details.get("compute_capability"))


@contextmanager
def _policy(precision: str) -> Iterator[None]:
    """What is built meanwhile computes in that precision."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _keep_outputs_exact(network: keras.Model) -> None:
    """Heads compute in float32, so that losses are exact."""
    for output in network.outputs:
        output._keras_history.operation.dtype_policy = keras.DTypePolicy(FLOAT32)


def _share_statistics(network: keras.Model) -> None:
    """Normalise by the whole batch, not by the part that one device has."""
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = True


def _prepared(
    optimizer: keras.optimizers.Optimizer, parts: int, precision: str
) -> keras.optimizers.Optimizer:
    """Fit an optimizer to devices that share each gradient, and to losses scaled for float16."""
    if optimizer.clipnorm is not None:
        optimizer.clipnorm /= parts
    return keras.optimizers.LossScaleOptimizer(optimizer) if precision == MIXED else optimizer
