"""Shared memory in which a process counts what it has done until the moment it is killed."""

import mmap
from pathlib import Path

READY, ACKNOWLEDGED, LAST_NS = range(3)
"""The recorder is about to begin; records that are written; when the last of them was captured."""


class Counter:
    """Three numbers in a file that several processes map; a store is one machine word."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(mmap.PAGESIZE))
        with path.open("r+b") as file:
            self._words = memoryview(mmap.mmap(file.fileno(), mmap.PAGESIZE)).cast("q")

    def __getitem__(self, number: int) -> int:
        return self._words[number]

    def __setitem__(self, number: int, value: int) -> None:
        self._words[number] = value
