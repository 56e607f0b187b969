"""Where a network learns is chosen from what is there; memory that runs out makes steps smaller."""

import pytest

from train.errors import TrainError

pytestmark = pytest.mark.filterwarnings("ignore")

VOLTA, PASCAL = (7, 0), (6, 1)


def chosen(*gpus, cores: int = 2, advice: str = ""):
    from train.learning.devices import Gpu, choose

    seen = [Gpu(f"GPU:{place}", *each) for place, each in enumerate(gpus)]
    return choose(seen, cores, advice)


def test_without_a_gpu_the_cpu_learns_in_float32() -> None:
    devices = chosen()
    assert (devices.places, devices.precision) == ((), "float32")
    assert devices.line == "training on 2 CPU cores"
    assert chosen(cores=1).line == "training on 1 CPU core"


def test_a_gpu_with_tensor_cores_learns_in_mixed_precision() -> None:
    devices = chosen(("NVIDIA T4", (7, 5)))
    assert (devices.places, devices.precision) == (("GPU:0",), "mixed_float16")
    assert devices.line == "training on 1 GPU, NVIDIA T4, mixed precision"


def test_several_gpus_share_the_work_and_are_named_once() -> None:
    devices = chosen(("NVIDIA V100", VOLTA), ("NVIDIA V100", VOLTA))
    assert devices.places == ("GPU:0", "GPU:1")
    assert devices.line == "training on 2 GPUs, NVIDIA V100, mixed precision"


@pytest.mark.parametrize("old", [("NVIDIA GTX 1060", PASCAL), ("Apple M3", None)])
def test_one_gpu_that_is_slow_in_float16_keeps_all_in_float32(old) -> None:
    devices = chosen(("NVIDIA V100", VOLTA), old)
    assert devices.precision == "float32"
    assert devices.line == f"training on 2 GPUs, NVIDIA V100 and {old[0]}"


def test_a_gpu_that_lies_idle_is_told_of_unless_it_was_hidden_on_purpose() -> None:
    from train.learning.devices import gpu_not_seen

    advice = gpu_not_seen("/usr/bin/nvidia-smi", {})
    assert "EVERLAP_GPU=1" in chosen(advice=advice).line
    assert gpu_not_seen("/usr/bin/nvidia-smi", {"CUDA_VISIBLE_DEVICES": "-1"}) == ""
    assert gpu_not_seen(None, {}) == ""


def exhausted():
    import tensorflow as tf

    return tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")


def test_all_ways_in_which_memory_runs_out_are_known_and_nothing_else() -> None:
    import tensorflow as tf

    from train.learning.devices import out_of_memory

    copying = "Failed copying input tensor to GPU:0: Dst tensor is not initialized."
    assert out_of_memory(exhausted())
    assert out_of_memory(MemoryError())
    assert out_of_memory(tf.errors.InternalError(None, None, copying))
    assert out_of_memory(tf.errors.InternalError(None, None, "CUDA_ERROR_OUT_OF_MEMORY"))
    assert not out_of_memory(tf.errors.InternalError(None, None, "the device was lost"))
    assert not out_of_memory(ValueError("out of memory"))


class Learned:
    """A step that holds so many examples, and remembers what it was given."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.seen: list[int] = []
        self.counts: list[int] = []
        self.rates: list[float] = []

    def __call__(self, rate, examples) -> int:
        if len(examples[0]) > self.room:
            raise exhausted()
        self.seen += list(examples[0])
        self.counts.append(len(examples[0]))
        self.rates.append(rate)
        return len(self.counts)


def learn(step: Learned, size: int, parts: int = 1, batches: int = 1):
    from train.learning.portions import Portions

    said: list[str] = []
    portions = Portions(step, size, parts)
    for number in range(batches):
        portions.learn(0.01, (list(range(number * size, (number + 1) * size)),), said.append)
    return portions, said


def test_with_memory_enough_a_batch_is_one_step() -> None:
    step = Learned(64)
    portions, said = learn(step, 64)
    assert (step.counts, portions.size, said) == ([64], 64, [])
    assert step.rates == [0.01]


def test_out_of_memory_halves_the_step_from_there_on_and_loses_no_example() -> None:
    step = Learned(30)
    portions, said = learn(step, 64, batches=2)
    assert step.seen == list(range(128))
    assert step.counts == [16] * 8
    assert portions.size == 16
    assert said == [
        "out of memory with 64 examples a step: going on with 32",
        "out of memory with 32 examples a step: going on with 16",
    ]
    assert step.rates == pytest.approx([0.005] * 8)


def test_smaller_steps_can_still_be_shared_equally_by_all_devices() -> None:
    step = Learned(40)
    learn(step, 66, parts=6)
    assert step.counts == [30, 30, 6]


def test_not_even_a_few_examples_is_an_error_with_a_remedy() -> None:
    with pytest.raises(TrainError, match=r"even with 8 examples a step: .*CUDA_VISIBLE_DEVICES=-1"):
        learn(Learned(7), 64)


def test_other_failures_of_a_step_are_not_taken_for_want_of_memory() -> None:
    import tensorflow as tf

    from train.learning.portions import Portions, memory_watched

    def lost(rate, examples):
        raise tf.errors.InternalError(None, None, "the device was lost")

    with pytest.raises(tf.errors.InternalError), memory_watched():
        Portions(lost, 64).learn(0.01, ([1.0] * 64,), print)


def test_memory_that_runs_out_while_measuring_is_said_plainly() -> None:
    from train.learning.portions import memory_watched

    with pytest.raises(TrainError, match="out of memory: close"), memory_watched():
        raise exhausted()
