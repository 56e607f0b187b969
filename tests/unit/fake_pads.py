"""Gamepads one level below our driver: evdev's own objects in, evdev's own errors out."""

import errno
import os
from collections.abc import Iterable, Iterator, Sequence
from types import SimpleNamespace

from evdev import InputEvent, ecodes
from evdev.device import AbsInfo

STICK_16 = (-32768, 32767, 16, 128)
BYTE = (0, 255, 0, 15)
TRIGGER_10 = (0, 1023, 0, 63)

Range = tuple[int, int, int, int]
"""min, max, fuzz, flat."""


class FakePad:
    """What the kernel shows of a pad; it can be pressed, overrun and unplugged."""

    def __init__(
        self,
        name: str,
        identity: str,
        axes: dict[str, Range],
        buttons: Sequence[str],
        props: Sequence[int] = (),
        rest: dict[str, int] | None = None,
    ) -> None:
        vendor, _, product = identity.partition(":")
        self.name, self.path = name, "/dev/input/event7"
        self.info = SimpleNamespace(vendor=int(vendor, 16), product=int(product, 16))
        self.axes = {ecodes.ecodes[axis]: span for axis, span in axes.items()}
        self.buttons = [ecodes.ecodes[button] for button in buttons]
        self.props = list(props)
        self.values = {code: self._middle(code) for code in self.axes}
        self.values |= {ecodes.ecodes[axis]: value for axis, value in (rest or {}).items()}
        self.down: set[int] = set()
        self.queue: list[InputEvent] = []
        self.gone = self.closed = False

    def _middle(self, code: int) -> int:
        low, high, _, _ = self.axes[code]
        return (low + high) // 2 if low < 0 or high in (255, 65535) else low

    def capabilities(self, *, absinfo: bool) -> dict[int, list[int]]:
        assert not absinfo
        return {ecodes.EV_SYN: [0], ecodes.EV_ABS: list(self.axes), ecodes.EV_KEY: self.buttons}

    def input_props(self) -> list[int]:
        return self.props

    def absinfo(self, axis_num: int) -> AbsInfo:
        self._check()
        low, high, fuzz, flat = self.axes[axis_num]
        return AbsInfo(self.values[axis_num], low, high, fuzz, flat, 0)

    def active_keys(self) -> list[int]:
        self._check()
        return sorted(self.down)

    def read(self) -> Iterable[InputEvent]:
        return self._read()

    def _read(self) -> Iterator[InputEvent]:
        self._check()
        if not self.queue:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        some, self.queue = self.queue[:64], self.queue[64:]
        yield from some

    def close(self) -> None:
        self.closed = True

    def _check(self) -> None:
        if self.gone:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))

    def move(self, axis: str, value: int) -> None:
        code = ecodes.ecodes[axis]
        self.values[code] = value
        self.say(ecodes.EV_ABS, code, value)

    def press(self, button: str) -> None:
        code = ecodes.ecodes[button]
        self.down.add(code)
        self.say(ecodes.EV_KEY, code, 1)

    def release(self, button: str) -> None:
        code = ecodes.ecodes[button]
        self.down.discard(code)
        self.say(ecodes.EV_KEY, code, 0)

    def say(self, kind: int, code: int, value: int) -> None:
        self.queue.append(InputEvent(0, 0, kind, code, value))
        self.queue.append(InputEvent(0, 0, ecodes.EV_SYN, ecodes.SYN_REPORT, 0))

    def overrun(self) -> None:
        """The kernel's buffer was full: what was in it is gone, and the next report is half."""
        self.queue = [InputEvent(0, 0, ecodes.EV_SYN, ecodes.SYN_DROPPED, 0)]


FACE = ["BTN_SOUTH", "BTN_EAST", "BTN_NORTH", "BTN_WEST"]
COMMON = [*FACE, "BTN_TL", "BTN_TR", "BTN_SELECT", "BTN_START", "BTN_MODE", "BTN_THUMBL"]
NUMBERED = [
    "BTN_TRIGGER", "BTN_THUMB", "BTN_THUMB2", "BTN_TOP", "BTN_TOP2", "BTN_PINKIE",
    "BTN_BASE", "BTN_BASE2", "BTN_BASE3", "BTN_BASE4", "BTN_BASE5", "BTN_BASE6",
]  # fmt: skip
HAT = {"ABS_HAT0X": (-1, 1, 0, 0), "ABS_HAT0Y": (-1, 1, 0, 0)}
STICKS_16 = dict.fromkeys(("ABS_X", "ABS_Y", "ABS_RX", "ABS_RY"), STICK_16)


def xbox(name: str = "Microsoft X-Box 360 pad", identity: str = "045e:028e") -> FakePad:
    return FakePad(
        name,
        identity,
        {**STICKS_16, "ABS_Z": (0, 255, 0, 0), "ABS_RZ": (0, 255, 0, 0), **HAT},
        COMMON,
        rest={"ABS_Z": 0, "ABS_RZ": 0},
    )


def xbox_bluetooth() -> FakePad:
    sticks = dict.fromkeys(("ABS_X", "ABS_Y", "ABS_Z", "ABS_RZ"), (0, 65535, 255, 4095))
    triggers = {"ABS_GAS": (0, 1023, 3, 63), "ABS_BRAKE": (0, 1023, 3, 63)}
    more = ["BTN_C", "BTN_Z", "BTN_TL2", "BTN_TR2", "KEY_RECORD"]
    return FakePad(
        "Xbox Wireless Controller", "045e:0b13", {**sticks, **triggers, **HAT}, [*COMMON, *more]
    )


def dualsense() -> FakePad:
    axes = ("ABS_X", "ABS_Y", "ABS_Z", "ABS_RX", "ABS_RY", "ABS_RZ")
    return FakePad(
        "Sony Interactive Entertainment DualSense Wireless Controller",
        "054c:0ce6",
        {**dict.fromkeys(axes, (0, 255, 0, 0)), **HAT},
        [*COMMON, "BTN_TL2", "BTN_TR2"],
        rest={"ABS_Z": 0, "ABS_RZ": 0},
    )


def dualsense_motion() -> FakePad:
    axes = ("ABS_X", "ABS_Y", "ABS_Z", "ABS_RX", "ABS_RY", "ABS_RZ")
    return FakePad(
        "Sony Interactive Entertainment DualSense Wireless Controller Motion Sensors",
        "054c:0ce6",
        dict.fromkeys(axes, (-32768, 32767, 16, 0)),
        [],
        [ecodes.INPUT_PROP_ACCELEROMETER],
    )


def dualsense_touchpad() -> FakePad:
    return FakePad(
        "Sony Interactive Entertainment DualSense Wireless Controller Touchpad",
        "054c:0ce6",
        {"ABS_X": (0, 1919, 0, 0), "ABS_Y": (0, 1079, 0, 0)},
        ["BTN_LEFT", "BTN_TOOL_FINGER", "BTN_TOUCH"],
        [ecodes.INPUT_PROP_POINTER, ecodes.INPUT_PROP_BUTTONPAD],
    )


def nintendo() -> FakePad:
    axes = dict.fromkeys(("ABS_X", "ABS_Y", "ABS_RX", "ABS_RY"), (-32767, 32767, 250, 500))
    return FakePad(
        "Nintendo Switch Pro Controller",
        "057e:2009",
        {**axes, **HAT},
        [*COMMON, "BTN_Z", "BTN_TL2", "BTN_TR2"],
    )


def eight_bit_do() -> FakePad:
    sticks = dict.fromkeys(("ABS_X", "ABS_Y", "ABS_Z", "ABS_RZ"), BYTE)
    triggers = {"ABS_GAS": BYTE, "ABS_BRAKE": BYTE}
    return FakePad(
        "8BitDo SN30 Pro",
        "2dc8:6001",
        {**sticks, **triggers, **HAT},
        [*COMMON, "BTN_C", "BTN_Z", "BTN_TL2", "BTN_TR2"],
        rest={"ABS_GAS": 0, "ABS_BRAKE": 0},
    )


def logitech_d(buttons: Sequence[str] = NUMBERED) -> FakePad:
    sticks = dict.fromkeys(("ABS_X", "ABS_Y", "ABS_Z", "ABS_RZ"), BYTE)
    return FakePad("Logitech Cordless RumblePad 2", "046d:c219", {**sticks, **HAT}, buttons)


def unknown_clone() -> FakePad:
    sticks = dict.fromkeys(("ABS_X", "ABS_Y", "ABS_Z", "ABS_RZ"), BYTE)
    return FakePad("DragonRise Inc. Generic USB Joystick", "0079:0006", sticks, NUMBERED)


def keyboard() -> FakePad:
    return FakePad("AT Keyboard", "0001:0001", {}, ["KEY_A", "KEY_ENTER", "KEY_LEFT"])


def mouse() -> FakePad:
    return FakePad("Mouse", "046d:c52b", {"ABS_X": BYTE, "ABS_Y": BYTE}, ["BTN_LEFT", "BTN_RIGHT"])
