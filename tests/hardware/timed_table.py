"""A short table of what was tried, how long it took and what came out."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Table:
    """Rows are added as they end, failed ones too.

    Args:
        title: over the first column.

    Attributes:
        lines: to be shown, the head first.
    """

    def __init__(self, title: str) -> None:
        self.lines = [f"{title:<38}{'seconds':>8}  result"]

    @contextmanager
    def row(self, release: str, what: str) -> Iterator[list[str]]:
        """Time what is done in the block; it says in the list what came out."""
        began, result = time.monotonic(), ["FAILED"]
        try:
            yield result
        finally:
            label = f"{release} {what}"
            self.lines.append(f"{label:<38}{time.monotonic() - began:>8.1f}  {result[-1]}")
