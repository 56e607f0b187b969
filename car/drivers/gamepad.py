"""A gamepad by evdev: steering, throttle and buttons, read without waiting."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from evdev import InputEvent, ecodes
from evdev.device import AbsInfo

from car.drivers.gamepad_axis import Axis
from car.drivers.gamepad_layouts import Layout, layout_for
from car.modes import Event

READS_A_LOOK = 8
"""Each gives up to 64 events; what a babbling pad says beyond that waits for the next look."""
FIRST_BUTTON, LAST_BUTTON = ecodes.BTN_JOYSTICK, ecodes.BTN_THUMBR
NOT_A_PAD = {ecodes.BTN_LEFT, ecodes.BTN_TOUCH, ecodes.BTN_TOOL_PEN, ecodes.BTN_TOOL_FINGER}
NOT_IN_HAND = {
    ecodes.INPUT_PROP_POINTER,
    ecodes.INPUT_PROP_DIRECT,
    ecodes.INPUT_PROP_BUTTONPAD,
    ecodes.INPUT_PROP_ACCELEROMETER,
}
STOPS = (Event.STOP, Event.EMERGENCY)


class Device(Protocol):
    """What is used of evdev.InputDevice: the seam below which tests put their own."""

    name: str
    path: Any
    info: Any

    def capabilities(self, *, absinfo: bool) -> Mapping[int, Sequence[int]]:
        """Codes by type."""
        ...

    def input_props(self) -> Sequence[int]:
        """What kind of device it is."""
        ...

    def absinfo(self, axis_num: int) -> AbsInfo:
        """Range and present value of an axis."""
        ...

    def active_keys(self) -> Sequence[int]:
        """The buttons that are down."""
        ...

    def read(self) -> Iterable[InputEvent]:
        """What happened; BlockingIOError when nothing did, other OSErrors when it is gone."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


def layout_of(device: Device, layouts: Sequence[Layout]) -> Layout | None:
    """Give the layout for a device; None for keyboards, mice, touchpads and motion sensors."""
    found = device.capabilities(absinfo=False)
    axes, buttons = found.get(ecodes.EV_ABS, ()), set(found.get(ecodes.EV_KEY, ()))
    is_pad = any(FIRST_BUTTON <= code <= LAST_BUTTON for code in buttons)
    if not is_pad or buttons & NOT_A_PAD or NOT_IN_HAND & set(device.input_props()):
        return None
    names = {name for code in axes for name in _names(ecodes.ABS[code])}
    return layout_for(layouts, device.info.vendor, device.info.product, names)


class Gamepad:
    """One pad that was found.

    Attributes:
        name: what the pad calls itself.
        path: its device node.
        layout: what its sticks and buttons do.
        was_heard: whether the last look brought anything.
        is_closed: whether somebody let go of it.
    """

    def __init__(self, device: Device, layout: Layout) -> None:
        """Take the pad as it is now.

        Raises:
            DeviceError: one of its axes has no range.
            OSError: it is gone already.
        """
        self.name, self.path, self.layout = device.name, str(device.path), layout.name
        self.was_heard = self.is_closed = False
        self._device = device
        self._axes: dict[int, Axis] = {}
        self._steering = self._axis(layout.steering)
        self._throttle = self._throttle_of(layout)
        buttons = sorted(device.capabilities(absinfo=False)[ecodes.EV_KEY])
        self._meaning = _meanings(layout, [code for code in buttons if code >= FIRST_BUTTON])
        self._held = set(device.active_keys())
        self._is_behind = False

    @property
    def steering(self) -> float:
        """-1 is full left, +1 full right; 0 until the stick was at rest once."""
        return self._steering.value

    @property
    def throttle(self) -> float:
        """+1 is full ahead, -1 full reverse; 0 until stick or triggers were at rest once."""
        return sum(axis.value for axis in self._throttle)

    def look(self) -> list[Event]:
        """Take what happened since the last look, without waiting.

        Returns:
            What the buttons pressed since then mean.

        Raises:
            OSError: the pad is gone.
        """
        pressed: list[Event] = []
        self.was_heard = False
        try:
            for _ in range(READS_A_LOOK):
                for event in self._device.read():
                    self.was_heard = True
                    pressed += self._take(event)
        except BlockingIOError:
            pass
        return pressed

    def distrust(self) -> None:
        """Take no more throttle before it was seen at rest again."""
        for axis in self._throttle:
            axis.distrust()

    def close(self) -> None:
        """Let go of the device."""
        self.is_closed = True
        self._device.close()

    def _axis(self, name: str, is_trigger: bool = False, sign: int = 1) -> Axis:
        code = ecodes.ecodes[name]
        self._axes[code] = Axis(name, self._device.absinfo(code), is_trigger, sign)
        return self._axes[code]

    def _throttle_of(self, layout: Layout) -> list[Axis]:
        if layout.throttle is not None:
            sign = -1 if layout.throttle.startswith("-") else 1
            return [self._axis(layout.throttle.lstrip("-"), sign=sign)]
        assert layout.ahead is not None
        assert layout.reverse is not None
        return [
            self._axis(layout.ahead, is_trigger=True),
            self._axis(layout.reverse, is_trigger=True, sign=-1),
        ]

    def _take(self, event: InputEvent) -> list[Event]:
        """Take one event; after a gap all is read anew, for the rest of a report may be missing."""
        if event.type == ecodes.EV_SYN:
            if event.code == ecodes.SYN_DROPPED:
                self._is_behind = True
            elif event.code == ecodes.SYN_REPORT and self._is_behind:
                self._is_behind = False
                return self._catch_up()
        elif self._is_behind:
            return []
        elif event.type == ecodes.EV_ABS and event.code in self._axes:
            self._axes[event.code].read(event.value)
        elif event.type == ecodes.EV_KEY:
            return self._press(event.code, event.value)
        return []

    def _press(self, code: int, value: int) -> list[Event]:
        """What a button that goes down means; one held down means nothing more."""
        if value == 0:
            self._held.discard(code)
        elif code not in self._held:
            self._held.add(code)
            return [self._meaning[code]] if code in self._meaning else []
        return []

    def _catch_up(self) -> list[Event]:
        """Read the present state; of buttons pressed meanwhile only those that stop count.

        One that went down and up again within the gap, some 20 ms of a babbling pad, is not seen.
        """
        for code, axis in self._axes.items():
            axis.read(self._device.absinfo(code).value)
        held = set(self._device.active_keys())
        fresh, self._held = held - self._held, held
        pressed = [self._meaning[code] for code in sorted(fresh) if code in self._meaning]
        return [event for event in pressed if event in STOPS]


def _names(name: str | Sequence[str]) -> tuple[str, ...]:
    """The kernel's names of one code; evdev gives one as text and several as a sequence."""
    return (name,) if isinstance(name, str) else tuple(name)


def _meanings(layout: Layout, buttons: Sequence[int]) -> dict[int, Event]:
    """What each button does; buttons that a layout names and the pad lacks are left out."""
    wanted = {
        Event.CHOOSE_HUMAN: layout.human,
        Event.CHOOSE_ASSISTED: layout.assisted,
        Event.CHOOSE_PILOT: layout.pilot,
        Event.REARM: layout.rearm,
        Event.STOP: layout.stop,
        Event.EMERGENCY: layout.emergency,
    }
    pairs = [(_code(name, buttons), event) for event, names in wanted.items() for name in names]
    return {code: event for code, event in pairs if code in buttons}


def _code(name: str, buttons: Sequence[int]) -> int:
    """The code of a button by its name or number; -1 where there is none."""
    if name.startswith("#"):
        place = int(name[1:])
        return buttons[place - 1] if place <= len(buttons) else -1
    return int(ecodes.ecodes.get(name, -1))
