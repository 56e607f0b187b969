"""What waits for a camera does so in a thread of its own, so that no camera can hang the loop."""

from collections.abc import Callable
from threading import Condition, Event, Thread
from typing import Generic, TypeVar

from car.config import CameraConfig
from car.errors import CameraError
from tubs.errors import EverlapError

T = TypeVar("T")

OPEN_WITHIN_S = 15.0
CLOSE_WITHIN_S = 2.0
FIRST_FRAME_WITHIN_S = 5.0
"""Exposure and white balance settle before the first frame comes; at least these many seconds."""
FRAMES_TO_SETTLE = 12
FRAMES_TO_MISS = 3

PASSED_ON = (EverlapError, ImportError, LookupError, OSError, RuntimeError, ValueError)


def longest_wait_s(config: CameraConfig) -> float:
    """How long a camera may keep silent before it is given up, in seconds."""
    return max(config.max_age_s, FRAMES_TO_MISS / config.frames_per_s)


def longest_first_wait_s(config: CameraConfig) -> float:
    """How long the first frame may take, in seconds."""
    return max(FIRST_FRAME_WITHIN_S, FRAMES_TO_SETTLE / config.frames_per_s)


def within(limit_s: float, what: str, work: Callable[[], T]) -> T:
    """Do something that may hang, and go on without it when it does.

    Args:
        limit_s: seconds to wait for it.
        what: it, for the message: "opening the camera".
        work: runs in a thread that does not keep the process alive.

    Returns:
        What work returned.

    Raises:
        CameraError: it did not finish in time, or died of something that nobody expected.
        Exception: what work raised, if it is of PASSED_ON.
    """
    results: list[T] = []
    failures: list[Exception] = []

    def run() -> None:
        try:
            results.append(work())
        except PASSED_ON as error:
            failures.append(error)

    thread = Thread(target=run, name=what, daemon=True)
    thread.start()
    thread.join(limit_s)
    if thread.is_alive():
        raise CameraError(
            f"{what} did not finish within {limit_s:g} s: the camera or its driver hangs; check "
            "its cable, then restart the computer"
        )
    if failures:
        raise failures[0]
    if not results:
        raise CameraError(f"{what} failed in a way that nobody expected: see the log")
    return results[0]


class NewestOnly(Generic[T]):
    """A thread that takes things from a source without pause, and keeps only the newest.

    Args:
        take: waits for the next thing; a CameraError ends the thread and is passed on.
        release: called by the thread when it ends; nobody else may, for take may still be in it.

    Attributes:
        dropped: how many things nobody fetched before the next one came.
    """

    def __init__(self, take: Callable[[], T], release: Callable[[], None]) -> None:
        self._take = take
        self._release = release
        self._changed = Condition()
        self._newest: T | None = None
        self._error: CameraError | None = None
        self._ended = False
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="camera", daemon=True)
        self.dropped = 0

    def start(self) -> None:
        """Begin to take."""
        self._thread.start()

    def wait(self, limit_s: float) -> T | None:
        """Wait for the next thing that was not fetched yet; None when none came in time.

        Raises:
            CameraError: the source failed; raised again by every later call.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._newest is not None or self._ended, limit_s)
            newest, self._newest = self._newest, None
            if newest is None and self._ended:
                raise self._error or CameraError("the camera's thread has ended: see the log")
            return newest

    def stop(self, limit_s: float) -> bool:
        """Have the thread end and release the source; False when it hangs and is left behind."""
        self._stopping.set()
        self._thread.join(limit_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._put(self._take())
        except CameraError as error:
            self._error = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()
            self._release()

    def _put(self, thing: T) -> None:
        with self._changed:
            self.dropped += self._newest is not None
            self._newest = thing
            self._changed.notify_all()
