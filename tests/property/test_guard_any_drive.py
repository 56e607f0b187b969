"""Whatever comes in whatever order, throttle stands only while somebody renews it."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from car.assembly import guard_settings
from car.command import Command
from car.config import CarConfig
from car.drivers.pca9685 import ChipDriver
from car.errors import DeviceError
from car.guard.guard import Guard, GuardState
from car.simulation.bus_faults import Nack, TornWrite
from car.simulation.i2c import SimulatedI2c
from car.simulation.pca9685 import SimulatedPca9685

DEADLINE_S = 0.2
UNITS = st.floats(-1.0, 1.0)


class AnyDrive(RuleBasedStateMachine):
    """Commands, silence, nonsense and a bus that fails and heals."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = self.commanded_s = 0.0
        self.throttle = 0.0
        self.bus_is_sound, self.bus_was_broken = True, False
        self.chip = SimulatedPca9685()
        self.bus = SimulatedI2c([self.chip])
        settings = guard_settings(CarConfig(), "simulated:memory")
        wheels = ChipDriver(self.bus, settings, lambda: self.now_s)
        self.guard = Guard(wheels, DEADLINE_S, lambda: self.now_s)
        self.guard.__enter__()

    @rule(steering=UNITS, throttle=UNITS | st.just(0.0))
    def command(self, steering: float, throttle: float) -> None:
        was_latched = self.guard.latched
        try:
            sent = self.guard.send(Command(steering, throttle))
        except DeviceError:
            assert self.bus_was_broken
            assert self.guard.latched
            self.bus_was_broken = not self.bus_is_sound
        else:
            self.bus_was_broken = not self.bus_is_sound
            assert not was_latched or throttle == 0 or sent.throttle == 0
            self.commanded_s, self.throttle = self.now_s, sent.throttle

    @rule(steering=st.floats(), throttle=st.floats())
    def anything(self, steering: float, throttle: float) -> None:
        if not (-1 <= steering <= 1 and -1 <= throttle <= 1):
            try:
                self.guard.send(Command(steering, throttle))
            except DeviceError:
                assert self.guard.latched
            else:
                raise AssertionError("nonsense was taken")

    @rule(seconds=st.floats(0.001, 0.5))
    def wait(self, seconds: float) -> None:
        self.now_s += seconds
        self.guard.check()

    @rule(kept=st.integers(0, 8), refused=st.booleans())
    def break_bus(self, kept: int, refused: bool) -> None:
        self.bus_is_sound, self.bus_was_broken = False, True
        self.bus.faults = [Nack() if refused else TornWrite(kept)]

    @rule()
    def heal_bus(self) -> None:
        self.bus_is_sound, self.bus.faults = True, []
        self.guard.check()

    @invariant()
    def no_throttle_that_nobody_renews(self) -> None:
        if not self.bus_is_sound:
            return
        pulse_us = self.chip.pulse_us(0)
        assert pulse_us is not None
        if self.guard.state is not GuardState.DRIVING:
            assert abs(pulse_us - 1500) < 3
        else:
            assert self.now_s - self.commanded_s <= DEADLINE_S
            assert abs(pulse_us - 1500 - 500 * self.throttle) < 5


AnyDrive.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestAnyDrive = AnyDrive.TestCase
