"""The least that a tick can cost: the interpreter's own calls, without Everlap around."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from car.pilots.network import NetworkPilot

CALLS = 300


def bare_call(interpreter: Any) -> Callable[[], None]:
    """What sets every input to noise, invokes, and gets every output."""
    noise = np.random.default_rng(0)
    inputs = [(each["index"], _noise(noise, each)) for each in interpreter.get_input_details()]
    outputs = [each["index"] for each in interpreter.get_output_details()]

    def call() -> None:
        for index, value in inputs:
            interpreter.set_tensor(index, value)
        interpreter.invoke()
        for index in outputs:
            interpreter.get_tensor(index)

    return call


def bare_invocation_ms(pilot: NetworkPilot) -> float:
    """Time a bare call; the median in milliseconds."""
    call = bare_call(pilot.interpreter)
    times = []
    for _ in range(CALLS):
        began = perf_counter()
        call()
        times.append(perf_counter() - began)
    return 1000 * float(np.median(times))


def _noise(dice: np.random.Generator, detail: dict[str, Any]) -> NDArray[Any]:
    """Bytes from 0 to 255, other numbers from 0 to 1."""
    shape = tuple(detail["shape"])
    if detail["dtype"] is np.uint8:
        return dice.integers(0, 256, shape, dtype=np.uint8)
    return dice.random(shape).astype(detail["dtype"])
