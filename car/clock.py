"""Time as the drive loop sees it: monotonic seconds from a clock that is handed in."""

from collections.abc import Callable

Clock = Callable[[], float]
"""Gives seconds that never go back; `time.monotonic` on a car, simulated time in the simulator."""
