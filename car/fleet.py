"""Runs work in parallel processes, in order, with a progress bar, and stops when told to."""

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from typing import TypeVar

from tubs.errors import EverlapError
from tubs.progress import progress_bar

Job = TypeVar("Job")
Result = TypeVar("Result")


_LOST = "a worker process was killed, perhaps for want of memory: try fewer --workers"


class WorkerLostError(EverlapError):
    """A worker process is gone before its work was done."""

    exit_code = 1


def usual_workers() -> int:
    """As many processes as this machine lets us run at once."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_parallel(
    work: Callable[[Job], Result], jobs: Sequence[Job], workers: int
) -> Iterator[Result]:
    """Give the results of all jobs, in the order of the jobs.

    Args:
        work: a function of a module; it and its jobs are sent to other processes.
        jobs: what to do.
        workers: how many processes; 1 works in this one.

    Raises:
        Exception: what a job raised; jobs that had not begun are dropped.
    """
    if workers <= 1 or len(jobs) <= 1:
        yield from map(work, jobs)
        return
    context = get_context("spawn")
    stop = context.Event()
    pool = ProcessPoolExecutor(
        min(workers, len(jobs)), context, initializer=_begin_work, initargs=(stop, os.getpid())
    )
    try:
        yield from pool.map(work, jobs)
    except BrokenProcessPool as error:
        raise WorkerLostError(_LOST) from error
    except BaseException:
        stop.set()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def as_they_finish(
    work: Callable[[Job], Result], jobs: Sequence[Job], workers: int
) -> Iterator[tuple[Job, Result | BaseException]]:
    """Give each job with its result, or with what it raised, as soon as it is done.

    The work is always done in other processes, in the order of the jobs; only a few are handed out
    at a time, so that leaving the loop early leaves little behind.

    Args:
        work: a function of a module; it and its jobs are sent to other processes.
        jobs: what to do.
        workers: how many processes.

    Raises:
        WorkerLostError: a process was killed.
    """
    context = get_context("spawn")
    stop = context.Event()
    pool = ProcessPoolExecutor(
        max(1, min(workers, len(jobs))),
        context,
        initializer=_begin_work,
        initargs=(stop, os.getpid()),
    )
    waiting = iter(jobs)
    handed_out: dict[Future[Result], Job] = {}
    try:
        for job in islice(waiting, 2 * workers):
            handed_out[pool.submit(work, job)] = job
        while handed_out:
            done, _ = wait(handed_out, return_when=FIRST_COMPLETED)
            for future in done:
                job = handed_out.pop(future)
                for next_job in islice(waiting, 1):
                    handed_out[pool.submit(work, next_job)] = next_job
                outcome = _outcome(future)
                yield job, outcome
    except BrokenProcessPool as error:
        raise WorkerLostError(_LOST) from error
    except BaseException:
        stop.set()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _outcome(future: Future[Result]) -> Result | BaseException:
    """What a finished job gave or raised.

    Raises:
        BrokenProcessPool: its process was killed.
    """
    error = future.exception()
    if isinstance(error, BrokenProcessPool):
        raise error
    return future.result() if error is None else error


def with_progress(results: Iterable[Result], count: int, title: str) -> Iterator[Result]:
    """Show a progress bar on a terminal while results come in."""
    with progress_bar(title) as move:
        for done, result in enumerate(results, 1):
            yield result
            move(done, count)


def _begin_work(stop: Event, parent: int) -> None:
    """Get ready in a new process: Ctrl-C is for the process that started us; it ends us too.

    Why a simulated car stopped stands in the figures; many at once would only chatter.
    """
    import cv2

    cv2.setNumThreads(1)
    logging.getLogger("car.driver").setLevel(logging.ERROR)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(stop, parent), daemon=True).start()


def _end_with(stop: Event, parent: int) -> None:
    """Leave at once, in the middle of a job, when told to or when nobody waits for it any more."""
    while not stop.wait(0.5):
        if os.getppid() != parent:
            break
    os._exit(1)
