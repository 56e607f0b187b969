"""The least that a tick can cost: the interpreter's own three calls, without Everlap around."""

from time import perf_counter

import numpy as np

from car.pilots.network import NetworkPilot

CALLS = 300


def bare_invocation_ms(pilot: NetworkPilot) -> float:
    """Time set_tensor, invoke and get_tensor of every output; the median in milliseconds."""
    interpreter = pilot.interpreter
    source = interpreter.get_input_details()[0]
    outputs = [detail["index"] for detail in interpreter.get_output_details()]
    image = np.random.default_rng(0).integers(0, 256, source["shape"], dtype=np.uint8)
    times = []
    for _ in range(CALLS):
        began = perf_counter()
        interpreter.set_tensor(source["index"], image)
        interpreter.invoke()
        for index in outputs:
            interpreter.get_tensor(index)
        times.append(perf_counter() - began)
    return 1000 * float(np.median(times))
