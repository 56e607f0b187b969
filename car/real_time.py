"""Asks the kernel to run this process before all others, and Python not to pause it."""

import ctypes
import gc
import logging
import os

LOCK_CURRENT_AND_FUTURE = 1 | 2
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


def _go_first() -> bool:
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(FIFO_PRIORITY))
    except (AttributeError, OSError):
        return False
    return True


def _lock() -> bool:
    try:
        return not ctypes.CDLL(None).mlockall(LOCK_CURRENT_AND_FUTURE)
    except (AttributeError, OSError):
        return False
