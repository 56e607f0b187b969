"""The gamepad driver on evdev's own events: what each stick and button means, and every loss."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("evdev", reason="needs evdev: pip install 'everlap[gamepad]'")

import fake_pads as pads
from evdev import InputEvent, ecodes
from evdev.device import AbsInfo

from car.command import STOP, Command
from car.drivers.gamepad import Gamepad, layout_of
from car.drivers.gamepad_axis import Axis
from car.drivers.gamepad_layouts import load_layouts
from car.drivers.gamepad_search import GamepadSearch
from car.errors import ConfigError, DeviceError
from car.human import LONG_AGO_S, NOBODY
from car.humans.gamepad import GamepadHuman
from car.modes import Event

LAYOUTS = load_layouts()


def pad_of(device: pads.FakePad) -> Gamepad:
    layout = layout_of(device, LAYOUTS)
    assert layout is not None
    return Gamepad(device, layout)


PADS = [
    (pads.xbox, "Xbox, and all", ("ABS_RZ", 255), ("ABS_Z", 255), ("ABS_X", 32767)),
    (pads.xbox_bluetooth, "Bluetooth", ("ABS_GAS", 1023), ("ABS_BRAKE", 1023), ("ABS_X", 65535)),
    (pads.dualsense, "PlayStation", ("ABS_RZ", 255), ("ABS_Z", 255), ("ABS_X", 255)),
    (pads.nintendo, "Nintendo", ("ABS_RY", -32767), ("ABS_RY", 32767), ("ABS_X", 32767)),
    (pads.eight_bit_do, "8BitDo", ("ABS_GAS", 255), ("ABS_BRAKE", 255), ("ABS_X", 255)),
    (pads.logitech_d, "Logitech in D", ("ABS_RZ", 0), ("ABS_RZ", 255), ("ABS_X", 255)),
    (pads.unknown_clone, "buttons by number", ("ABS_RZ", 0), ("ABS_RZ", 255), ("ABS_X", 255)),
]  # fmt: skip


@pytest.mark.parametrize(("make", "layout", "ahead", "back", "right"), PADS)
def test_every_known_pad_steers_and_drives_over_its_full_travel(
    make: Callable[[], pads.FakePad],
    layout: str,
    ahead: tuple[str, int],
    back: tuple[str, int],
    right: tuple[str, int],
) -> None:
    device = make()
    pad = pad_of(device)
    assert layout in pad.layout
    assert (pad.steering, pad.throttle) == (0.0, 0.0)
    device.move(*right)
    device.move(*ahead)
    pad.look()
    assert pad.steering == pytest.approx(1.0)
    assert pad.throttle == pytest.approx(1.0)
    device.move(ahead[0], device._middle(ecodes.ecodes[ahead[0]]) if ahead[0] == back[0] else 0)
    device.move(*back)
    pad.look()
    assert pad.throttle == pytest.approx(-1.0)


BUTTONS = [
    (pads.xbox, "BTN_A BTN_X BTN_Y BTN_B BTN_START BTN_TL BTN_TR"),
    (pads.xbox_bluetooth, "BTN_A BTN_X BTN_Y BTN_B BTN_START BTN_TL BTN_TR"),
    (pads.dualsense, "BTN_SOUTH BTN_WEST BTN_NORTH BTN_EAST BTN_START BTN_TL BTN_TR"),
    (pads.nintendo, "BTN_SOUTH BTN_WEST BTN_NORTH BTN_EAST BTN_START BTN_TL BTN_TR"),
    (pads.eight_bit_do, "BTN_B BTN_Y BTN_X BTN_A BTN_START BTN_TL BTN_TR"),
    (
        pads.logitech_d,
        "BTN_THUMB BTN_TRIGGER BTN_TOP BTN_THUMB2 BTN_BASE4 BTN_TOP2 BTN_PINKIE",
    ),
]


@pytest.mark.parametrize(("make", "buttons"), BUTTONS)
def test_every_known_pad_has_all_buttons(make: Callable[[], pads.FakePad], buttons: str) -> None:
    device = make()
    pad = pad_of(device)
    for button in buttons.split():
        device.press(button)
        device.release(button)
    assert pad.look() == [
        Event.CHOOSE_HUMAN,
        Event.CHOOSE_ASSISTED,
        Event.CHOOSE_PILOT,
        Event.STOP,
        Event.REARM,
        Event.EMERGENCY,
        Event.EMERGENCY,
    ]


def test_logitech_buttons_are_found_by_number_whatever_their_codes() -> None:
    gamepad_codes = [
        "BTN_A", "BTN_B", "BTN_C", "BTN_X", "BTN_Y", "BTN_Z",
        "BTN_TL", "BTN_TR", "BTN_TL2", "BTN_TR2", "BTN_SELECT", "BTN_START",
    ]  # fmt: skip
    device = pads.logitech_d(gamepad_codes)
    pad = pad_of(device)
    device.press("BTN_B")
    device.press("BTN_Y")
    assert pad.look() == [Event.CHOOSE_HUMAN, Event.EMERGENCY]


@pytest.mark.parametrize(
    "make", [pads.keyboard, pads.mouse, pads.dualsense_motion, pads.dualsense_touchpad]
)
def test_keyboards_mice_and_the_twins_of_a_pad_are_no_pads(
    make: Callable[[], pads.FakePad],
) -> None:
    assert layout_of(make(), LAYOUTS) is None


def test_a_button_held_down_counts_once() -> None:
    device = pads.xbox()
    pad = pad_of(device)
    device.press("BTN_A")
    device.say(ecodes.EV_MSC, ecodes.MSC_SCAN, 0x90001)
    device.say(ecodes.EV_KEY, ecodes.BTN_A, 2)
    device.say(ecodes.EV_KEY, ecodes.BTN_A, 1)
    assert pad.look() == [Event.CHOOSE_HUMAN]


def test_a_button_held_when_the_pad_came_counts_for_nothing() -> None:
    device = pads.xbox()
    device.down.add(ecodes.BTN_A)
    pad = pad_of(device)
    device.say(ecodes.EV_KEY, ecodes.BTN_A, 1)
    assert pad.look() == []


def test_small_moves_around_rest_are_none() -> None:
    device = pads.dualsense()
    pad = pad_of(device)
    device.move("ABS_X", 127 + 10)
    device.move("ABS_RZ", 9)
    pad.look()
    assert (pad.steering, pad.throttle) == (0.0, 0.0)


def test_the_dead_zone_leaves_no_jump() -> None:
    axis = Axis("ABS_X", AbsInfo(0, -100, 100, 0, 20, 0), is_trigger=False)
    axis.read(21)
    assert axis.value == pytest.approx(1 / 80)
    axis.read(-21)
    assert axis.value == pytest.approx(-1 / 80)


def test_a_dead_zone_that_swallows_the_stick_is_not_believed() -> None:
    axis = Axis("ABS_X", AbsInfo(0, -100, 100, 0, 200, 0), is_trigger=False)
    axis.read(100)
    assert axis.value == 1.0


def test_values_beyond_the_range_are_its_end() -> None:
    axis = Axis("ABS_Z", AbsInfo(0, 0, 255, 0, 0, 0), is_trigger=True)
    axis.read(400)
    assert axis.value == 1.0


def test_an_axis_without_a_range_is_refused_by_name() -> None:
    with pytest.raises(DeviceError, match="ABS_X reads from 5 to 5"):
        Axis("ABS_X", AbsInfo(5, 5, 5, 0, 0, 0), is_trigger=False)


def test_a_throttle_stuck_at_plug_in_counts_only_after_it_was_at_rest() -> None:
    device = pads.xbox()
    device.values[ecodes.ABS_RZ] = 255
    pad = pad_of(device)
    assert pad.throttle == 0.0
    device.move("ABS_RZ", 200)
    pad.look()
    assert pad.throttle == 0.0
    device.move("ABS_RZ", 0)
    device.move("ABS_RZ", 255)
    pad.look()
    assert pad.throttle == 1.0


def test_after_lost_events_the_present_state_is_read() -> None:
    device = pads.xbox()
    pad = pad_of(device)
    device.move("ABS_X", 32767)
    device.press("BTN_TL")
    device.press("BTN_A")
    device.overrun()
    device.queue.append(InputEvent(0, 0, ecodes.EV_ABS, ecodes.ABS_X, -32768))
    device.queue.append(InputEvent(0, 0, ecodes.EV_KEY, ecodes.BTN_Y, 1))
    device.queue.append(InputEvent(0, 0, ecodes.EV_SYN, ecodes.SYN_REPORT, 0))
    assert pad.look() == [Event.EMERGENCY]
    assert pad.steering == 1.0
    device.move("ABS_X", 0)
    device.release("BTN_A")
    device.press("BTN_A")
    assert pad.look() == [Event.CHOOSE_HUMAN]
    assert pad.steering == 0.0


def test_a_babbling_pad_takes_a_bounded_time() -> None:
    device = pads.xbox()
    pad = pad_of(device)
    for value in range(2000):
        device.say(ecodes.EV_ABS, ecodes.ABS_X, value)
    pad.look()
    assert len(device.queue) == 4000 - 8 * 64


def test_a_table_of_layouts_that_cannot_be_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "pads.toml"
    for text, words in [
        ("[[layout]]", "missing required field"),
        ("layout = 3", "Expected `array`"),
        ("x = [", "no table"),
        (
            '[[layout]]\nname="a"\nmatch=["*"]\nsteering="ABS_X"\nemergency=["#1"]\nstop=["#2"]\n'
            "rearm=[]\nhuman=[]\n",
            "needs throttle",
        ),
    ]:
        table.write_text(text)
        with pytest.raises(ConfigError, match=words):
            load_layouts(table)
    with pytest.raises(ConfigError, match="cannot read"):
        load_layouts(tmp_path / "none.toml")


def test_every_name_in_the_table_is_one_of_the_kernels() -> None:
    for layout in LAYOUTS:
        buttons = layout.human + layout.assisted + layout.pilot + layout.stop + layout.rearm
        for name in (*layout.axes, *buttons, *layout.emergency):
            assert name.startswith("#") or name in ecodes.ecodes, name


class Shelf:
    """A search that gives what lies on it."""

    def __init__(self, *found: Gamepad) -> None:
        self.found = list(found)

    def take(self) -> Gamepad | None:
        return self.found.pop(0) if self.found else None


STUCK_S = 3.0


def test_a_plugged_in_pad_is_there_although_no_stick_moves() -> None:
    human = GamepadHuman(Shelf(pad_of(pads.xbox())), STUCK_S)
    for now_s in (0.0, 10.0, 1000.0):
        assert human.wish(now_s) == (STOP, now_s, ())


def test_without_a_pad_nobody_is_there() -> None:
    assert GamepadHuman(Shelf(), STUCK_S).wish(5.0) == NOBODY


def test_an_unplugged_pad_stops_the_car_and_is_gone() -> None:
    device = pads.xbox()
    human = GamepadHuman(Shelf(pad_of(device)), STUCK_S)
    device.move("ABS_RZ", 255)
    assert human.wish(0.0).command.throttle == 1.0
    device.gone = True
    assert human.wish(0.05) == (STOP, LONG_AGO_S, (Event.STOP,))
    assert human.wish(0.1) == NOBODY
    assert device.closed


def test_a_pad_that_comes_back_with_the_trigger_held_gives_no_throttle() -> None:
    device, back = pads.xbox(), pads.xbox()
    back.values[ecodes.ABS_RZ] = 255
    shelf = Shelf(pad_of(device))
    human = GamepadHuman(shelf, STUCK_S)
    human.wish(0.0)
    device.gone = True
    human.wish(0.05)
    shelf.found.append(pad_of(back))
    assert human.wish(0.1) == (STOP, 0.1, ())


def test_a_pad_that_holds_a_throttle_in_silence_turns_stale() -> None:
    device = pads.xbox()
    human = GamepadHuman(Shelf(pad_of(device)), STUCK_S)
    device.move("ABS_RZ", 255)
    human.wish(1.0)
    assert human.wish(1.0 + STUCK_S) == (Command(0.0, 1.0), 1.0 + STUCK_S, ())
    assert human.wish(1.1 + STUCK_S) == (STOP, 1.0, ())
    assert human.wish(9.0 + STUCK_S) == (STOP, 1.0, ())
    device.move("ABS_X", 32767)
    assert human.wish(20.0) == (Command(1.0, 0.0), 20.0, ())
    device.move("ABS_RZ", 0)
    device.move("ABS_RZ", 255)
    assert human.wish(20.1).command.throttle == 1.0


class Nodes:
    """Device nodes in a folder, and the pads behind them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.behind: dict[str, pads.FakePad] = {}
        self.opened: list[str] = []

    def plug(self, name: str, device: pads.FakePad) -> None:
        device.path = str(self.folder / name)
        (self.folder / name).touch()
        self.behind[device.path] = device

    def listed(self) -> list[Path]:
        return sorted(self.folder.iterdir())

    def open(self, path: Path) -> pads.FakePad:
        self.opened.append(path.name)
        device = self.behind[str(path)]
        device.closed = False
        device._check()
        return device


@pytest.fixture
def nodes(tmp_path: Path) -> Nodes:
    return Nodes(tmp_path)


def test_the_search_passes_over_what_is_no_pad_and_opens_it_once(nodes: Nodes) -> None:
    nodes.plug("event0", pads.keyboard())
    nodes.plug("event1", pads.dualsense_motion())
    search = GamepadSearch(None, nodes.listed, nodes.open)
    assert search.scan() is None
    assert nodes.behind[str(nodes.folder / "event0")].closed
    nodes.plug("event2", pads.dualsense())
    found = search.scan()
    assert found is not None
    assert "DualSense" in found.name
    assert nodes.opened == ["event0", "event1", "event2"]


def test_two_takers_get_two_pads_and_a_closed_one_is_found_again(nodes: Nodes) -> None:
    nodes.plug("event0", pads.xbox())
    nodes.plug("event1", pads.dualsense())
    search = GamepadSearch(None, nodes.listed, nodes.open)
    first, second = search.scan(), search.scan()
    assert first is not None
    assert second is not None
    assert search.scan() is None
    first.close()
    again = search.scan()
    assert again is not None
    assert again.path == first.path


def test_a_pad_that_may_not_be_read_is_reported_once_with_the_remedy(
    nodes: Nodes, caplog: pytest.LogCaptureFixture
) -> None:
    nodes.plug("event0", pads.xbox())

    def refuse(path: Path) -> pads.FakePad:
        raise PermissionError(13, "Permission denied")

    search = GamepadSearch(None, nodes.listed, refuse)
    assert search.scan() is None
    assert search.scan() is None
    assert caplog.text.count("usermod -aG input") == 1


def test_a_pad_that_goes_while_it_is_examined_is_passed_over(nodes: Nodes) -> None:
    device = pads.xbox()
    nodes.plug("event0", device)
    device.gone = True
    assert GamepadSearch(None, nodes.listed, nodes.open).scan() is None


def test_the_search_finds_a_pad_in_its_own_thread_and_ends(nodes: Nodes) -> None:
    nodes.plug("event0", pads.xbox())
    before = threading.active_count()
    with GamepadSearch(None, nodes.listed, nodes.open) as search:
        human = GamepadHuman(search, STUCK_S)
        ends_s = time.monotonic() + 5.0
        while human.wish(1.0) == NOBODY and time.monotonic() < ends_s:
            time.sleep(0.002)
        assert human.wish(2.0) == (STOP, 2.0, ())
        with human:
            pass
    assert nodes.behind[str(nodes.folder / "event0")].closed
    assert threading.active_count() == before


def test_a_pad_that_nobody_took_is_closed_at_the_end(nodes: Nodes) -> None:
    nodes.plug("event0", pads.xbox())
    with GamepadSearch(None, nodes.listed, nodes.open) as search:
        search.take()
        ends_s = time.monotonic() + 5.0
        while search._found.empty() and time.monotonic() < ends_s:
            time.sleep(0.002)
    assert nodes.behind[str(nodes.folder / "event0")].closed
