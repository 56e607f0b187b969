"""Counts the bytes that wait for a disk, without a lock that the drive loop could wait for."""

MOST_BYTES = 16 << 20
"""Of the memory of a small Raspberry Pi (512 MB)."""
EVENT_RESERVE_BYTES = 1 << 20
"""Events get in when records do not: they are small, and say why."""


class Backlog:
    """What the recorder holds in memory: pictures as they are, then compressed.

    Each of the numbers is written by one thread alone, so that none has to be locked. Once it is
    full nothing comes in before half of it is gone: what a slow disk keeps are long stretches, not
    every third record.

    Args:
        most_bytes: above which nothing more is taken.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self._came = self._was_raw = self._packed = self._left = 0
        self._limit = most_bytes

    @property
    def waiting_bytes(self) -> int:
        """How much is held now."""
        return self._came - self._was_raw + self._packed - self._left

    def takes(self, size: int) -> bool:
        """Take so many bytes, unless they are too many; something always may come to nothing."""
        waiting = self._came - self._was_raw + self._packed - self._left
        if waiting + size > self._limit and waiting:
            self._limit = self.most_bytes // 2
            return False
        self._limit = self.most_bytes
        self._came += size
        return True

    def takes_event(self, size: int) -> bool:
        """Take an event, unless there are very many."""
        if self.waiting_bytes + size > self.most_bytes + EVENT_RESERVE_BYTES:
            return False
        self._came += size
        return True

    def becomes(self, raw: int, packed: int) -> None:
        """Something was compressed; to 0 bytes where it could not be."""
        self._packed += packed
        self._was_raw += raw

    def leaves(self, packed: int) -> None:
        """Something was written, or lost."""
        self._left += packed
