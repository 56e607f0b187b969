"""Asks the kernel to run this process before all others, and Python not to pause it."""

import ctypes
import gc
import logging
import os

LOCK_CURRENT_AND_FUTURE_WHEN_TOUCHED = 1 | 2 | 4
"""Without the last flag the whole of every library would be made resident: 12 MB, never used."""
FIFO_PRIORITY = 40

log = logging.getLogger(__name__)


def run_in_real_time() -> None:
    """Stop garbage collection, stay in memory and go first; what is not allowed is logged."""
    gc.collect()
    gc.freeze()
    gc.disable()
    missing = [name for name, gained in (("FIFO", _go_first()), ("memory", _lock())) if not gained]
    if missing:
        log.info("real time was not granted (%s): running at ordinary priority", ", ".join(missing))


def run_first(priority: int) -> None:
    """Go before all ordinary processes, and spare Python the look at what is there already.

    Garbage collection stays on, unlike in the guard: a drive lasts for hours, and a collection of
    what a tick leaves takes microseconds. Threads that run already keep their place.

    Args:
        priority: of SCHED_FIFO, 1 to 99.
    """
    gc.collect()
    gc.freeze()
    if not _go_first(priority):
        log.info("real time was not granted: running at ordinary priority")


def _go_first(priority: int = FIFO_PRIORITY) -> bool:
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
    except (AttributeError, OSError):
        return False
    return True


def _lock() -> bool:
    try:
        return not ctypes.CDLL(None).mlockall(LOCK_CURRENT_AND_FUTURE_WHEN_TOUCHED)
    except (AttributeError, OSError):
        return False
