"""The terminal at the controls, on a real pseudo-terminal."""

import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from car.command import STOP, Command
from car.errors import DeviceError
from car.human import LONG_AGO_S, NOBODY, Wish
from car.humans.terminal import FIRST_HOLD_S, REPEAT_HOLD_S, TerminalHuman
from car.modes import Event

UP, DOWN, RIGHT, LEFT = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"
CHECKOUT = Path(__file__).resolve().parents[2]


class Foreground:
    """A pseudo-terminal whose program is always in front, and a clock set by hand."""

    def __init__(self) -> None:
        self.keyboard, self.screen = pty.openpty()
        self.now_s = 100.0
        self.is_in_front = self.is_open = True
        self.human = TerminalHuman(
            self.screen, 0.25, lambda: self.now_s, lambda descriptor: self.is_in_front
        )

    def type(self, text: str) -> None:
        os.write(self.keyboard, text.encode())
        time.sleep(0.002)

    def close(self) -> None:
        os.close(self.keyboard)
        self.is_open = False

    def look(self) -> Wish:
        return self.human.wish(self.now_s - 60.0)


@pytest.fixture
def desk() -> Iterator[Foreground]:
    made = Foreground()
    with made.human:
        yield made
    os.close(made.screen)
    if made.is_open:
        os.close(made.keyboard)


@pytest.mark.parametrize(
    ("key", "event"),
    [
        ("h", Event.CHOOSE_HUMAN),
        ("a", Event.CHOOSE_ASSISTED),
        ("p", Event.CHOOSE_PILOT),
        ("s", Event.STOP),
        ("S", Event.STOP),
        ("x", Event.EMERGENCY),
        ("X", Event.EMERGENCY),
        (" ", Event.EMERGENCY),
        ("r", Event.REARM),
    ],
)
def test_a_single_key_without_enter_is_enough(desk: Foreground, key: str, event: Event) -> None:
    desk.type(key)
    assert desk.look() == (STOP, 40.0, (event,))
    assert desk.look() == (STOP, 40.0, ())


def test_unknown_keys_and_other_escape_sequences_mean_nothing(desk: Foreground) -> None:
    desk.type("z\x1b[3~\x1b[1;5H\x1bOP\t\x7f\x1b")
    assert desk.look() == (STOP, 40.0, ())


def test_an_emergency_after_a_lone_escape_is_heard(desk: Foreground) -> None:
    desk.type("\x1bx")
    assert desk.look().events == (Event.EMERGENCY,)


def test_q_asks_to_end_the_drive_and_stops(desk: Foreground) -> None:
    desk.type("q")
    assert desk.look().events == (Event.STOP,)
    assert desk.human.ended


def test_a_tap_on_an_arrow_counts_only_for_a_moment(desk: Foreground) -> None:
    desk.type(UP)
    assert desk.look().command == Command(0.0, 0.25)
    desk.now_s += FIRST_HOLD_S - 0.01
    assert desk.look().command.throttle == 0.25
    desk.now_s += 0.02
    assert desk.look().command == STOP


def test_a_held_arrow_lets_go_soon_after_its_last_repeat(desk: Foreground) -> None:
    desk.type(UP)
    desk.look()
    desk.now_s += 0.5
    for _ in range(10):
        desk.type(UP)
        assert desk.look().command.throttle == 0.25
        desk.now_s += 0.033
    desk.now_s += REPEAT_HOLD_S
    assert desk.look().command == STOP


def test_turning_keeps_the_throttle_and_going_straight_on_straightens(desk: Foreground) -> None:
    desk.type(UP)
    desk.look()
    for _ in range(3):
        desk.type(RIGHT)
        desk.look()
    assert desk.look().command == Command(pytest.approx(0.3), 0.25)
    desk.type(UP)
    assert desk.look().command == Command(pytest.approx(0.2), 0.25)
    desk.type(LEFT * 40)
    assert desk.look().command.steering == -1.0
    desk.type(DOWN)
    assert desk.look().command.throttle == -0.25


def test_any_other_key_lets_go(desk: Foreground) -> None:
    desk.type(UP + "h")
    assert desk.look() == (STOP, 40.0, (Event.CHOOSE_HUMAN,))


def test_in_the_background_nobody_is_there_and_no_key_is_taken(desk: Foreground) -> None:
    desk.type(UP)
    desk.look()
    desk.is_in_front = False
    assert desk.look() == NOBODY
    desk.is_in_front = True
    assert desk.look() == (STOP, 40.0, ())
    desk.is_in_front = False
    desk.type("p")
    assert desk.look() == NOBODY
    desk.is_in_front = True
    assert desk.look() == (STOP, 40.0, (Event.CHOOSE_PILOT,))


def test_a_terminal_that_closes_stops_the_car(desk: Foreground) -> None:
    desk.type(UP)
    desk.look()
    desk.close()
    assert desk.look() == (STOP, LONG_AGO_S, (Event.STOP,))
    assert desk.look() == NOBODY


def test_the_terminal_is_given_back_as_it_was_whatever_happens() -> None:
    keyboard, screen = pty.openpty()
    before = termios.tcgetattr(screen)
    with pytest.raises(ZeroDivisionError):
        _fail_within(screen)
    assert termios.tcgetattr(screen) == before
    os.close(keyboard)
    os.close(screen)


def _fail_within(screen: int) -> None:
    with TerminalHuman(screen, is_in_front=lambda descriptor: True):
        inside = termios.tcgetattr(screen)
        assert not inside[3] & (termios.ICANON | termios.ECHO)
        assert inside[3] & termios.ISIG
        assert not inside[0] & termios.IXON
        assert inside[6][termios.VSUSP] == b"\x00"
        raise ZeroDivisionError


def test_what_is_no_terminal_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file:
        assert not TerminalHuman.is_here(file.fileno())
        with pytest.raises(DeviceError, match="it is none"), TerminalHuman(file.fileno()):
            pass


PROGRAM = """
import fcntl, termios, time
from car.humans.terminal import TerminalHuman
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
assert TerminalHuman.is_here()
try:
    with TerminalHuman() as human:
        print("ready", flush=True)
        while not human.ended:
            wish = human.wish(time.monotonic())
            if wish.events:
                print(*(event.value for event in wish.events), flush=True)
            time.sleep(0.01)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def test_a_program_on_a_terminal_of_its_own_hears_keys_and_only_ctrl_c_interrupts() -> None:
    keyboard, screen = pty.openpty()
    before = termios.tcgetattr(screen)
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=screen,
        stdout=screen,
        cwd=CHECKOUT,
        start_new_session=True,
    ) as program:
        _wait_for(keyboard, "ready")
        os.write(keyboard, b"p")
        _wait_for(keyboard, "choose pilot")
        os.write(keyboard, b"\x1a\x13 ")
        _wait_for(keyboard, "emergency")
        os.write(keyboard, b"\x03")
        _wait_for(keyboard, "interrupted")
        assert program.wait(5.0) == 0
    assert termios.tcgetattr(screen) == before
    os.close(keyboard)
    os.close(screen)


def _wait_for(keyboard: int, word: str) -> None:
    heard = ""
    while word not in heard:
        assert select.select([keyboard], [], [], 20.0)[0], heard
        heard += os.read(keyboard, 1024).decode()
