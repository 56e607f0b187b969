"""A gamepad through the kernel: a virtual one by uinput, where this machine offers that."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("evdev", reason="needs evdev: sudo apt install python3-evdev")

from evdev import AbsInfo, UInput, ecodes

from car.drivers.gamepad_search import GamepadSearch
from car.human import NOBODY, Wish
from car.humans.gamepad import GamepadHuman
from car.modes import Event

pytestmark = pytest.mark.skipif(
    not os.access("/dev/uinput", os.W_OK),
    reason="no /dev/uinput to write: sudo modprobe uinput, as root",
)
STICKS = (ecodes.ABS_X, ecodes.ABS_Y, ecodes.ABS_RX, ecodes.ABS_RY)
TRIGGERS = (ecodes.ABS_Z, ecodes.ABS_RZ)
BUTTONS = [
    ecodes.BTN_A, ecodes.BTN_B, ecodes.BTN_X, ecodes.BTN_Y,
    ecodes.BTN_TL, ecodes.BTN_TR, ecodes.BTN_SELECT, ecodes.BTN_START,
]  # fmt: skip


def make_pad() -> UInput:
    axes = [(axis, AbsInfo(0, -32768, 32767, 16, 128, 0)) for axis in STICKS]
    axes += [(axis, AbsInfo(0, 0, 255, 0, 0, 0)) for axis in TRIGGERS]
    return UInput(
        {ecodes.EV_ABS: axes, ecodes.EV_KEY: BUTTONS},
        name="Everlap test pad",
        vendor=0x045E,
        product=0x028E,
    )


class Bench:
    """A virtual pad, and the human who holds it."""

    def __init__(self) -> None:
        self.pad = make_pad()
        node = Path(self.pad.device.path)
        self.search = GamepadSearch(None, lambda: [node] if node.exists() else [])
        self.human = GamepadHuman(self.search, 3.0)

    def until(self, fits: Callable[[Wish], bool]) -> Wish:
        ends_s = time.monotonic() + 5.0
        while True:
            wish = self.human.wish(time.monotonic())
            if fits(wish):
                return wish
            assert time.monotonic() < ends_s, wish
            time.sleep(0.005)


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    with made.search, made.human:
        made.until(lambda wish: wish != NOBODY)
        yield made


def test_stick_trigger_and_buttons_arrive_through_the_kernel(bench: Bench) -> None:
    for axis, value in [(ecodes.ABS_X, 32767), (ecodes.ABS_RZ, 255)]:
        bench.pad.write(ecodes.EV_ABS, axis, value)
    bench.pad.syn()
    wish = bench.until(lambda wish: wish.command.throttle == 1.0)
    assert wish.command.steering == 1.0
    bench.pad.write(ecodes.EV_KEY, ecodes.BTN_TL, 1)
    bench.pad.syn()
    assert bench.until(lambda wish: bool(wish.events)).events == (Event.EMERGENCY,)


def test_a_pad_that_is_unplugged_is_lost_at_the_next_look(bench: Bench) -> None:
    bench.pad.close()
    assert bench.until(lambda wish: bool(wish.events)).events == (Event.STOP,)
    assert bench.human.wish(time.monotonic()) == NOBODY


def test_after_more_events_than_the_kernel_keeps_the_newest_state_counts(bench: Bench) -> None:
    for value in range(-10_000, 10_001, 40):
        bench.pad.write(ecodes.EV_ABS, ecodes.ABS_X, value)
        bench.pad.syn()
    bench.pad.write(ecodes.EV_ABS, ecodes.ABS_X, -32768)
    bench.pad.syn()
    bench.until(lambda wish: wish.command.steering == -1.0)
