"""Puts off whoever wants to end the program until the throttle is at neutral."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

PUT_OFF = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Ignore the signals that end a program; for what is bounded in time, and ends it anyway.

    Ctrl-C is what everybody presses when a car does not stop, and must not be what keeps it from
    stopping. In other threads than the main one no signal disturbs.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in PUT_OFF}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
