"""The terminal at the controls: single keys, and arrows that count while they are held."""

import os
import re
import select
import termios
import time
import tty
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

from car.clock import Clock
from car.command import STOP, Command
from car.errors import DeviceError
from car.human import LONG_AGO_S, NOBODY, Wish
from car.modes import Event

KEYS = (
    "h human, a assisted, p pilot, s stop, SPACE or x emergency stop, r re-arm, "
    "hold the arrows to drive, q quit"
)
FIRST_HOLD_S = 0.6
"""A first press counts until its repeats begin, 0.25 to 0.5 s later on most machines."""
REPEAT_HOLD_S = 0.2
REPEAT_GAP_S = 0.12
"""Presses that come faster are a key that is held."""
STEERING_STEP = 0.1
BYTES_A_LOOK = 256

EVENTS = {
    "h": Event.CHOOSE_HUMAN,
    "a": Event.CHOOSE_ASSISTED,
    "p": Event.CHOOSE_PILOT,
    "s": Event.STOP,
    "S": Event.STOP,
    "x": Event.EMERGENCY,
    "X": Event.EMERGENCY,
    " ": Event.EMERGENCY,
    "r": Event.REARM,
    "q": Event.STOP,
    "Q": Event.STOP,
}
"""Capitals stop too; they choose nothing, for a torn escape sequence ends in one."""
AHEAD, BACK, RIGHT, LEFT = "A", "B", "C", "D"
"""The last letter of the arrows' escape sequences."""
KEY = re.compile(r"\x1b(?:\[[0-9;]*|O)([A-Za-z~])|([^\x1b])", re.DOTALL)


class ArrowKeys:
    """Driving by key repeat: what a held arrow wants, and nothing soon after the last repeat.

    A terminal tells of presses only, and repeats only the key that was pressed last. So ahead and
    back set the throttle, left and right turn the wheels a step, and any of them that repeats
    keeps the throttle; when none does all lets go.
    """

    def __init__(self, throttle: float) -> None:
        self._throttle = throttle
        self._wanted = STOP
        self._pressed_s = LONG_AGO_S
        self._until_s = LONG_AGO_S

    def press(self, arrow: str, now_s: float) -> None:
        """Take one press or repeat of an arrow."""
        is_held = now_s - self._pressed_s <= REPEAT_GAP_S
        steering, throttle = self.command(now_s)
        if arrow in (AHEAD, BACK):
            throttle = self._throttle if arrow == AHEAD else -self._throttle
            steering -= min(STEERING_STEP, max(-STEERING_STEP, steering))
        else:
            steering += STEERING_STEP if arrow == RIGHT else -STEERING_STEP
        self._wanted = Command(min(1.0, max(-1.0, steering)), throttle)
        self._pressed_s = now_s
        self._until_s = now_s + (REPEAT_HOLD_S if is_held else FIRST_HOLD_S)

    def command(self, now_s: float) -> Command:
        """What is wanted now."""
        return self._wanted if now_s <= self._until_s else STOP

    def let_go(self) -> None:
        """Forget what was pressed."""
        self._until_s = self._pressed_s = LONG_AGO_S


def is_in_front(descriptor: int) -> bool:
    """Whether a terminal's keys are for this program; reading them otherwise would suspend it.

    Raises:
        OSError: it is no terminal of this program, or it is gone.
    """
    return os.tcgetpgrp(descriptor) == os.getpgrp()


class TerminalHuman:
    """Whoever sits at the terminal; there while it is open and this is the program in front.

    The terminal gives single keys without Enter, Ctrl-C still interrupts, and Ctrl-Z and Ctrl-S
    do nothing: neither may hold up a moving car. Leaving the context gives it back as it was.

    Attributes:
        ended: whether the human asked to quit; the car is told to stop then.
    """

    def __init__(
        self,
        descriptor: int = 0,
        throttle: float = 0.25,
        clock: Clock = time.monotonic,
        is_in_front: Callable[[int], bool] = is_in_front,
    ) -> None:
        """Store what to read.

        Args:
            descriptor: of a terminal; 0 is standard input.
            throttle: what the arrows give, 0 to 1.
            clock: monotonic seconds, in which fingers move, also in a simulation.
            is_in_front: says whether keys are for this program.
        """
        self.ended = False
        self._descriptor = descriptor
        self._is_in_front = is_in_front
        self._clock = clock
        self._arrows = ArrowKeys(throttle)
        self._before: list[Any] | None = None
        self._is_open = False

    @staticmethod
    def is_here(descriptor: int = 0) -> bool:
        """Whether a human can be at a terminal: it is one, and this program is in front."""
        try:
            return os.isatty(descriptor) and is_in_front(descriptor)
        except OSError:
            return False

    def __enter__(self) -> Self:
        """Take the terminal.

        Raises:
            DeviceError: it is none.
        """
        try:
            self._before = termios.tcgetattr(self._descriptor)
            tty.setcbreak(self._descriptor, termios.TCSANOW)
            ours = termios.tcgetattr(self._descriptor)
            ours[0] &= ~termios.IXON
            ours[6][termios.VSUSP] = b"\0"
            termios.tcsetattr(self._descriptor, termios.TCSANOW, ours)
        except (termios.error, OSError) as error:
            self._restore()
            raise DeviceError(f"cannot drive from this terminal: it is none ({error})") from error
        self._is_open = True
        return self

    def __exit__(self, *reason: object) -> None:
        """Give the terminal back as it was; from the background that is the shell's business."""
        self._is_open = False
        self._restore()

    def wish(self, now_s: float) -> Wish:
        """Read the keys pressed since the last look."""
        if not self._is_open:
            return NOBODY
        try:
            keys = self._read()
        except OSError:
            return self._lose()
        if keys is None:
            self._arrows.let_go()
            return NOBODY
        clock_s = self._clock()
        events = tuple(event for key in keys for event in self._press(*key, clock_s))
        return Wish(self._arrows.command(clock_s), now_s, events)

    def _read(self) -> list[tuple[str, str]] | None:
        """The keys, as (last letter of an escape sequence, plain key); None in the background.

        Raises:
            OSError: the terminal is gone.
        """
        if not self._is_in_front(self._descriptor):
            return None
        if not select.select([self._descriptor], [], [], 0.0)[0]:
            return []
        text = os.read(self._descriptor, BYTES_A_LOOK)
        if not text:
            raise OSError("the terminal was closed")
        return KEY.findall(text.decode("latin-1"))

    def _press(self, arrow: str, key: str, clock_s: float) -> list[Event]:
        if arrow in (AHEAD, BACK, RIGHT, LEFT):
            self._arrows.press(arrow, clock_s)
        event = EVENTS.get(key)
        if event is None:
            return []
        self.ended |= key in "qQ"
        self._arrows.let_go()
        return [event]

    def _lose(self) -> Wish:
        self._is_open = False
        self._arrows.let_go()
        return Wish(STOP, LONG_AGO_S, (Event.STOP,))

    def _restore(self) -> None:
        if self._before is None:
            return
        before, self._before = self._before, None
        with suppress(termios.error, OSError):
            if self._is_in_front(self._descriptor):
                termios.tcsetattr(self._descriptor, termios.TCSANOW, before)
