"""A car in a booted Debian, its wheel held by a client: break something, and see when it stops."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import debian_tree
import numpy as np
from booted import BootedDebian
from wired_chip import WiredChip

from tubs.record import Record
from tubs.writer import TubWriter

GUARD, CAR = "everlap-guard.service", "everlap.service"
MAY_CHOOSE = "/run/may-choose"
NEUTRAL_US, NEAR_US = 1500.0, 6.0
PROMISE_S = 0.2
"""Loop stalled, or a process killed or stopped: at neutral within this time. What is printed shows
whether it was kept; a test on a machine that is busy with other things allows SLACK times it."""
SLACK = 4

TIMES: list[tuple[str, float, float]] = []
"""What was broken, when the throttle was at neutral, and when the car could drive again."""


class Wheels(NamedTuple):
    """Everything that a test needs: the system, the chip, and how to drive."""

    debian: BootedDebian
    chip: WiredChip

    def throttle_us(self) -> float | None:
        """The pulse that the speed controller sees now."""
        return self.chip.pulse_us(0)

    def is_driving(self) -> bool:
        """Whether the speed controller sees anything but neutral."""
        return not is_neutral(self.throttle_us())

    def wait_for_start(self) -> None:
        """Wait until both units run."""
        for unit in (GUARD, CAR):
            self.debian.wait_until(
                lambda unit=unit: self.debian.told(unit, "ActiveState") == "active", 60, unit
            )

    @contextlib.contextmanager
    def driven(self) -> Iterator[None]:
        """Have a client drive the car, which then moves; it lets go at the end."""
        self.wait_for_start()
        assert is_neutral(self.throttle_us())
        client = (debian_tree.PYTHON, "-P", f"{debian_tree.CODE}/hold_the_wheel.py", MAY_CHOOSE)
        self.debian.run("touch", MAY_CHOOSE)
        self.debian.run("systemd-run", "--quiet", "--collect", "--unit=wheel", *client)
        try:
            self.debian.wait_until(self.is_driving, 20.0, "the car drives")
            self.debian.run("rm", MAY_CHOOSE)
            time.sleep(0.3)
            assert self.is_driving(), self.debian.journal(CAR)[-2000:]
            yield
        finally:
            if self.debian.is_on:
                self.debian.run("systemctl", "stop", "wheel", check=False)

    def runs(self) -> list[str]:
        """Name the present run of each unit that is up."""
        up = (unit for unit in (GUARD, CAR) if self.debian.told(unit, "ActiveState") == "active")
        return [self.debian.told(unit, "InvocationID") for unit in up]

    def times_after(self, deed: Callable[[], object], what: str, renewed: str = CAR) -> float:
        """Break something; see that the throttle comes to neutral and stays; give how soon.

        Args:
            deed: breaks it.
            what: in words, for the table.
            renewed: the unit that is started again because of it; empty when none is.
        """
        before = self.debian.told(renewed, "InvocationID") if renewed else ""
        begun_s = time.monotonic()
        deed()
        self.debian.wait_until(lambda: not self.is_driving(), 10.0, "neutral")
        self.debian.wait_until(
            lambda: len(runs := self.runs()) == 2 and before not in runs, 30.0, "both run again"
        )
        ready_s = time.monotonic() - begun_s
        time.sleep(1.0)
        at_s = self.neutral_since(begun_s)
        TIMES.append((what, at_s, ready_s))
        return at_s

    def neutral_since(self, begun_s: float) -> float:
        """Give how long after this time the throttle was at neutral for good.

        Raises:
            AssertionError: it was not, or moved again.
        """
        after = [(at, us.get("0")) for at, us in self.chip.changes(begun_s)]
        assert after, "no pulse changed"
        last_moving = max((at for at, us in after if not is_neutral(us)), default=begun_s)
        neutral = [at for at, us in after if is_neutral(us)]
        assert neutral, "the throttle never came to neutral"
        assert last_moving <= begun_s + SLACK * PROMISE_S + 0.3, "it moved again"
        return min(at for at in neutral if at >= last_moving) - begun_s


def is_neutral(pulse_us: float | None) -> bool:
    """Whether a speed controller stands still by this pulse; it does without any, too."""
    return pulse_us is None or abs(pulse_us - NEUTRAL_US) <= NEAR_US


def make_tub(folder: Path) -> None:
    """Record a second of pictures that differ, for the camera to show again and again."""
    dice = np.random.default_rng(3)
    with TubWriter(folder) as tub:
        for number in range(20):
            at_s = number / 20
            image = cv2.blur(dice.integers(0, 255, (120, 160, 3), np.uint8), (9, 9))
            tub.append(Record(image, at_s, at_s, 0.0, 0.0, "human"))
