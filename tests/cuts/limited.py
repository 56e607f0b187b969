"""Work in a fresh process that may crash or hang without taking anybody with it."""

import multiprocessing
import resource
import signal
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from types import FrameType
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["__main__", "tests.cuts.everlap_side"])
MEMORY_BYTES = 4 << 30
"""A reader that believes a length of a damaged file runs into this, and not into the machine."""


class HungError(Exception):
    """It took longer than it may."""


def in_time(limit_s: float, work: Callable[Given, Result], *given: Given.args) -> Result:
    """Do some work, for so long at most; in the main thread of a process.

    Raises:
        HungError: it takes longer.
    """

    def give_up(number: int, frame: FrameType | None) -> None:
        raise HungError(f"not done after {limit_s} s")

    signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        return work(*given)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)


def limit_memory() -> None:
    """Of this process, before it opens anything."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def fresh_processes(count: int) -> ProcessPoolExecutor:
    """Processes that share nothing with this one, and have little memory."""
    return ProcessPoolExecutor(count, PROCESSES, limit_memory)


def failure_of(done: "Future[Result]") -> str | None:
    """How the work ended when it did not end well: raised, hung, or took its process along."""
    error = done.exception()
    return None if error is None else f"{type(error).__name__}: {error}"


def in_a_fresh_process(
    limit_s: float, work: Callable[Given, Result], *given: Given.args
) -> tuple[Result | None, str | None, float]:
    """Give the result or how it failed, and the seconds that it took."""
    began_s = time.monotonic()
    with fresh_processes(1) as pool:
        done = pool.submit(in_time, limit_s, work, *given)
        failure = failure_of(done)
    took_s = time.monotonic() - began_s
    return (None if failure else done.result()), failure, took_s
