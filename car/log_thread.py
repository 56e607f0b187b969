"""Writes log lines in a thread of its own: whoever stops a car never waits for a terminal."""

import logging
import os
import time
from queue import SimpleQueue
from threading import Lock, Thread

MOST_WAITING = 256
"""Lines; when a terminal, a pipe or the journal stalls for longer, what comes then is lost."""
LAST_WORDS_S = 0.2
"""How long the end of the process waits for lines that are not out yet."""
CHECK_EVERY_S = 0.005


class LogThread(logging.Handler):
    """A log handler that never waits, whatever became of the other end.

    Writing to a terminal that is stopped, a full pipe or a journal that stalls blocks for as long
    as that lasts. The thread starts with the first line, and does not keep the process alive.

    Args:
        descriptor: what to write to; 2 is standard error, where the process was given one. Without
            one 2 may be anything that was opened since, such as the I2C bus.

    Attributes:
        lost: counts lines for which there was no room.
    """

    def __init__(self, descriptor: int = 2) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._lines: SimpleQueue[bytes] = SimpleQueue()
        self._unwritten = 0
        self._count = Lock()
        self._thread: Thread | None = None
        self.lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line, or lose it."""
        if self._unwritten >= MOST_WAITING or not self._runs():
            self.lost += 1
            return
        with self._count:
            self._unwritten += 1
        self._lines.put(f"{self.format(record)}\n".encode(errors="replace"))

    def flush(self) -> None:
        """Wait until all is written, for LAST_WORDS_S at most."""
        give_up_s = time.monotonic() + LAST_WORDS_S
        while self._unwritten and time.monotonic() < give_up_s:
            time.sleep(CHECK_EVERY_S)

    def _runs(self) -> bool:
        """Whether the thread writes; where no more threads are allowed it does not."""
        if self._thread is None:
            thread = Thread(target=self._write_all, name="log", daemon=True)
            try:
                thread.start()
            except (MemoryError, RuntimeError):
                return False
            self._thread = thread
        return True

    def _write_all(self) -> None:
        while True:
            line = self._lines.get()
            try:
                while line:
                    line = line[os.write(self._descriptor, line) :]
            except OSError:
                self.lost += 1
            with self._count:
                self._unwritten -= 1
