"""Faults of the parts, each a function of its name in the table: it does the thing to a rig."""

import math
from dataclasses import replace
from typing import NoReturn

import numpy as np
from msgspec.structs import replace as replace_fields

from car.command import Command
from car.drivers.gamepad import Gamepad, layout_of
from car.drivers.gamepad_layouts import load_layouts
from car.errors import CameraError, DeviceError
from car.frame import Frame, RoadClass
from car.human import Wish
from car.humans.gamepad import GamepadHuman
from car.monitor_settings import MonitorConfig
from car.simulation.bus_faults import Nack, SlowBus, StuckBus, TornWrite
from tests.faults.virtual_rig import CONFIG, PERIOD_S, Rig
from tests.unit import fake_pads

LONG_S = 30.0


def camera_raises(rig: Rig) -> None:
    def alter(frame: Frame) -> NoReturn:
        raise CameraError("the sensor does not answer")

    rig.camera.alter = alter


def camera_ends(rig: Rig) -> None:
    rig.camera.has_ended = True


def camera_hangs(rig: Rig) -> None:
    def alter(frame: Frame) -> Frame:
        rig.pass_time(LONG_S)
        return frame

    rig.camera.alter = alter
    rig.pass_time(LONG_S)


def camera_late(rig: Rig) -> None:
    lag_s = 0.0

    def alter(frame: Frame) -> Frame:
        nonlocal lag_s
        lag_s += 0.04
        return replace(frame, captured_s=frame.captured_s - lag_s)

    rig.camera.alter = alter


def camera_slow(rig: Rig) -> None:
    rig.camera.period_s = 0.5
    rig.later(4.0, lambda: setattr(rig.camera, "period_s", PERIOD_S))


def camera_frozen(rig: Rig) -> None:
    image = rig.camera.images[7]
    rig.camera.alter = lambda frame: replace(frame, image=image)


def camera_black(rig: Rig) -> None:
    _turn_blank(rig, 0)


def camera_white(rig: Rig) -> None:
    _turn_blank(rig, 255)


def _turn_blank(rig: Rig, level: int) -> None:
    """Show one level, and after 2 s the world again: the car must not go on by itself."""
    blank = np.full((32, 32, 3), level, np.uint8)
    rig.camera.alter = lambda frame: replace(frame, image=blank)
    rig.later(2.0, lambda: setattr(rig.camera, "alter", lambda frame: frame))


def camera_wrong_size(rig: Rig) -> None:
    rig.camera.alter = lambda frame: replace(frame, image=frame.image[::2, ::2])


def camera_wrong_type(rig: Rig) -> None:
    rig.camera.alter = lambda frame: replace(frame, image=frame.image.astype(np.float32))


def camera_back_in_time(rig: Rig) -> None:
    rig.camera.alter = lambda frame: replace(frame, captured_s=frame.captured_s - 0.1)


def camera_from_the_future(rig: Rig) -> None:
    rig.camera.alter = lambda frame: replace(frame, captured_s=frame.captured_s + 1.0)


def camera_time_is_nan(rig: Rig) -> None:
    rig.camera.alter = lambda frame: replace(frame, captured_s=math.nan)


def camera_repeats_numbers(rig: Rig) -> None:
    rig.camera.alter = lambda frame: replace(frame, number=3)


def camera_loses_a_frame(rig: Rig) -> None:
    lost = int(rig.dice.integers(10))
    rig.camera.alter = lambda frame: None if frame.number % 10 == lost else frame


def pilot_raises(rig: Rig) -> None:
    def act() -> NoReturn:
        raise RuntimeError("the interpreter failed")

    rig.pilot.act = act


def pilot_hangs(rig: Rig) -> None:
    _take_time(rig, LONG_S)


def pilot_slow(rig: Rig) -> None:
    _take_time(rig, 0.3)


def _take_time(rig: Rig, duration_s: float) -> None:
    def act() -> Command:
        rig.pass_time(duration_s)
        return Command(0.2, 0.4)

    rig.pilot.act = act


def pilot_nan_steering(rig: Rig) -> None:
    rig.pilot.act = lambda: Command(math.nan, 0.4)


def pilot_nan_throttle(rig: Rig) -> None:
    rig.pilot.act = lambda: Command(0.0, math.nan)


def pilot_infinite(rig: Rig) -> None:
    rig.pilot.act = lambda: Command(0.0, math.inf)


def pilot_out_of_range(rig: Rig) -> None:
    rig.pilot.act = lambda: Command(0.0, 3.0)


def pilot_out_of_memory(rig: Rig) -> None:
    def act() -> NoReturn:
        raise MemoryError

    rig.pilot.act = act


def pilot_sees_no_road(rig: Rig) -> None:
    """Show grass everywhere, and after 2 s a road again: the car must not go on by itself."""
    rig.pilot.class_map = np.full((30, 40), RoadClass.GROUND, np.uint8)
    rig.later(2.0, lambda: setattr(rig.pilot, "class_map", np.zeros((30, 40), np.uint8)))


def pilot_clueless(rig: Rig) -> None:
    rig.pilot.steering_std = 0.57
    rig.later(2.0, lambda: setattr(rig.pilot, "steering_std", 0.05))


def pilot_unsure(rig: Rig) -> None:
    rig.pilot.steering_std = 0.45


def pilot_gives_up(rig: Rig) -> None:
    """Lose the line, and after 2 s find it again: the car must not go on by itself."""
    rig.pilot.stop = "the line is lost"
    rig.later(2.0, lambda: setattr(rig.pilot, "stop", None))


def prepare_pilot_steers_off_the_road(rig: Rig) -> None:
    """Road everywhere, in the hands of a monitor that may stop."""
    rig.config = replace_fields(rig.config, monitor=MonitorConfig(action="stop"))
    rig.pilot.class_map = np.full((30, 40), RoadClass.ROAD, np.uint8)


def pilot_steers_off_the_road(rig: Rig) -> None:
    """Leave road on the left only, while the pilot steers right."""
    assert rig.pilot.class_map is not None
    rig.pilot.class_map[:, 20:] = RoadClass.GROUND


def human_raises(rig: Rig) -> None:
    def act(now_s: float) -> NoReturn:
        raise DeviceError("the gamepad gave nonsense")

    rig.hands.act = act


def human_hangs(rig: Rig) -> None:
    def act(now_s: float) -> Wish:
        rig.pass_time(LONG_S)
        return Wish(Command(0.0, 0.0), now_s)

    rig.hands.act = act


def human_nan(rig: Rig) -> None:
    rig.hands.act = lambda now_s: Wish(Command(0.0, math.nan), now_s)


def human_out_of_range(rig: Rig) -> None:
    rig.hands.act = lambda now_s: Wish(Command(0.0, 2.0), now_s)


def nack_once(rig: Rig) -> None:
    rig.bus.faults = [Nack(1)]


def bus_stuck(rig: Rig) -> None:
    rig.bus.faults = [StuckBus()]
    _heal_after_a_second(rig)


def write_torn(rig: Rig) -> None:
    rig.bus.faults = [TornWrite(int(rig.dice.integers(1, 9)), 1)]


def write_torn_for_ever(rig: Rig) -> None:
    rig.bus.faults = [TornWrite(int(rig.dice.integers(1, 9)))]
    _heal_after_a_second(rig)


def _heal_after_a_second(rig: Rig) -> None:
    rig.later(1.0, lambda: setattr(rig.bus, "faults", []))


def chip_resets(rig: Rig) -> None:
    rig.chip.power_on()


def chip_resets_again(rig: Rig) -> None:
    rig.chip.power_on()
    rig.later(2.0, rig.chip.power_on)


def chip_falls_asleep(rig: Rig) -> None:
    """Another program, or a glitch on the wires, sets SLEEP in MODE1."""
    rig.chip.write(rig.chip.address, bytes((0x00, 0x30)))


def undervoltage(rig: Rig) -> None:
    rig.supply_bits = 0x50001


class GamepadInHand:
    """A thumb on an Xbox pad, as the kernel shows it: it trembles, as all thumbs do."""

    def __init__(self, rig: Rig) -> None:
        self.device = fake_pads.xbox()
        self._rig = rig
        self.shelf = [_pad(self.device)]
        self.trembles = True
        rig.human = GamepadHuman(self, CONFIG.human.stuck_after_s)

    def take(self) -> Gamepad | None:
        """The search: gives what lies on the shelf."""
        return self.shelf.pop() if self.shelf else None

    def choose(self, button: str) -> None:
        """Press a mode's button, and a little later the trigger."""
        self._rig.at(0.1, lambda: self.device.press(button))
        self._rig.at(0.2, self.tremble)

    def tremble(self) -> None:
        """Hold the trigger at about 0.4, for ever."""
        if self.trembles and not self.device.gone:
            self.device.move("ABS_RZ", 110 + int(self._rig.dice.integers(0, 10)))
            self.device.move("ABS_X", int(self._rig.dice.integers(8000, 9000)))
            self._rig.later(0.03, self.tremble)


def _pad(device: fake_pads.FakePad) -> Gamepad:
    layout = layout_of(device, load_layouts())
    assert layout is not None
    return Gamepad(device, layout)


def prepare_gamepad_unplugged(rig: Rig) -> None:
    rig.pad = GamepadInHand(rig)
    rig.pad.choose("BTN_A")


def gamepad_unplugged(rig: Rig) -> None:
    rig.pad.device.gone = True


prepare_gamepad_comes_back = prepare_gamepad_unplugged


def gamepad_comes_back(rig: Rig) -> None:
    """The pad that comes back still has its trigger pulled."""
    rig.pad.device.gone = True

    def plug_in() -> None:
        rig.pad.device = fake_pads.xbox()
        rig.pad.shelf = [_pad(rig.pad.device)]
        rig.pad.tremble()

    rig.later(1.0, plug_in)


prepare_gamepad_silent = prepare_gamepad_unplugged


def gamepad_silent(rig: Rig) -> None:
    """Out of reach for 4.5 s; then it trembles again."""
    rig.pad.trembles = False

    def hear_again() -> None:
        rig.pad.trembles = True
        rig.pad.tremble()

    rig.later(4.5, hear_again)


prepare_gamepad_stuck = prepare_gamepad_unplugged


def gamepad_stuck(rig: Rig) -> None:
    """The trigger does not come back, so the human presses the emergency button."""
    rig.pad.device.press("BTN_TL")


def prepare_gamepad_unplugged_in_pilot_mode(rig: Rig) -> None:
    rig.pad = GamepadInHand(rig)
    rig.pad.trembles = False
    rig.pad.choose("BTN_Y")


def gamepad_unplugged_in_pilot_mode(rig: Rig) -> None:
    rig.pad.device.gone = True


def bus_slow(rig: Rig) -> None:
    """Every transfer takes a second and fails; after two of them the bus is well again."""
    rig.bus.faults = [SlowBus(rig.pass_time_without_check, 1.0)]
    rig.later(2.0, lambda: setattr(rig.bus, "faults", []))
