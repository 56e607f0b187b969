"""The memory of this process, as Linux tells it."""

import resource
import sys
from pathlib import Path

import msgspec

_STATUS = Path("/proc/self/status")
_ROLLUP = Path("/proc/self/smaps_rollup")
_EACH = 20
"""Looks between two at the proportional size, which takes the kernel longer."""


class Memory(msgspec.Struct, frozen=True):
    """The most that a process had.

    Attributes:
        resident_bytes: all that was in memory at one moment, pages of files too, which the kernel
            takes back when it needs them.
        anonymous_bytes: of which is the process's own, and no file's; None where only Linux tells.
        proportional_bytes: with shared pages divided by those who share them; None likewise.
    """

    resident_bytes: int
    anonymous_bytes: int | None
    proportional_bytes: int | None


class MemoryWatch:
    """Looks again and again, and keeps the most."""

    def __init__(self) -> None:
        self._anonymous: int | None = None
        self._proportional: int | None = None
        self._looks = 0

    def look(self) -> None:
        """Look now; the proportional size every so often."""
        self._anonymous = _most(self._anonymous, _kilobytes(_STATUS, "RssAnon"))
        if self._looks % _EACH == 0:
            self._proportional = _most(self._proportional, _kilobytes(_ROLLUP, "Pss"))
        self._looks += 1

    def found(self) -> Memory:
        """The most of all looks, and of the whole life of the process."""
        self._looks = 0
        self.look()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        resident = peak * (1 if sys.platform == "darwin" else 1024)
        return Memory(resident, self._anonymous, self._proportional)


def _most(one: int | None, other: int | None) -> int | None:
    known = [each for each in (one, other) if each is not None]
    return max(known, default=None)


def _kilobytes(path: Path, name: str) -> int | None:
    """A line of the kernel's, in bytes; None where there is no such line."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError:
        return None
    for line in lines:
        key, _, value = line.partition(":")
        if key == name:
            return 1024 * int(value.split()[0])
    return None
