"""The guard in one process, on a clock that the test moves and a simulated chip."""

import math

import pytest

from car.assembly import guard_settings
from car.command import STOP, Command
from car.config import CarConfig
from car.drivers.pca9685 import ChipDriver
from car.errors import DeviceError, GuardError
from car.guard import CHECK_EVERY_S, Guard, GuardState
from car.simulation.bus_faults import Nack
from car.simulation.i2c import SimulatedI2c
from car.simulation.pca9685 import SimulatedPca9685

DEADLINE_S = 0.2
NEUTRAL_US = pytest.approx(1500, abs=3)
GO = Command(0.5, 0.4)


class Bench:
    """A guard on a simulated chip."""

    def __init__(self, arming_s: float = 0.0) -> None:
        self.now_s = 100.0
        self.chip = SimulatedPca9685()
        self.bus = SimulatedI2c([self.chip])
        settings = guard_settings(CarConfig(), "simulated:memory")
        self.wheels = ChipDriver(self.bus, settings, lambda: self.now_s)
        self.guard = Guard(self.wheels, DEADLINE_S, lambda: self.now_s, arming_s)

    def wait(self, seconds: float) -> None:
        self.now_s += seconds
        self.guard.check()

    @property
    def throttle_us(self) -> float | None:
        return self.chip.pulse_us(0)

    @property
    def steering_us(self) -> float | None:
        return self.chip.pulse_us(1)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_it_begins_and_ends_at_neutral_with_steering_held(bench: Bench) -> None:
    with bench.guard as guard:
        assert (bench.throttle_us, guard.state) == (NEUTRAL_US, GuardState.WAITING)
        guard.send(GO)
        assert bench.throttle_us == pytest.approx(1700, abs=3)
    assert bench.throttle_us == NEUTRAL_US
    assert bench.steering_us == pytest.approx(1700, abs=3)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_it_ends_at_neutral_whatever_is_raised(bench: Bench, error: type[BaseException]) -> None:
    def drive() -> None:
        with bench.guard as guard:
            guard.send(GO)
            raise error

    with pytest.raises(error):
        drive()
    assert bench.throttle_us == NEUTRAL_US


def test_a_command_counts_until_the_deadline_and_not_longer(bench: Bench) -> None:
    with bench.guard as guard:
        guard.send(GO)
        assert guard.seconds_left() == CHECK_EVERY_S
        bench.wait(DEADLINE_S - 0.001)
        assert bench.throttle_us == pytest.approx(1700, abs=3)
        bench.wait(0.002)
        assert bench.throttle_us == NEUTRAL_US
        assert bench.steering_us == pytest.approx(1700, abs=3)
        assert guard.latched


def test_commands_in_time_never_lapse(bench: Bench) -> None:
    with bench.guard as guard:
        for _ in range(50):
            assert guard.send(GO).throttle == pytest.approx(0.4, abs=0.01)
            bench.wait(DEADLINE_S * 0.9)
        assert guard.state is GuardState.DRIVING


def test_a_lapse_withholds_throttle_until_a_zero_comes_but_lets_steering_through(
    bench: Bench,
) -> None:
    with bench.guard as guard:
        guard.send(GO)
        bench.wait(1.0)
        assert guard.send(Command(-0.5, 0.4)) == pytest.approx((-0.5, 0.0), abs=0.01)
        assert (bench.throttle_us, guard.latched) == (NEUTRAL_US, True)
        guard.send(STOP)
        assert guard.state is GuardState.DRIVING
        guard.send(GO)
        assert bench.throttle_us == pytest.approx(1700, abs=3)


def test_a_command_after_a_lapse_that_nobody_checked_is_too_late_as_well(bench: Bench) -> None:
    with bench.guard as guard:
        guard.send(GO)
        bench.now_s += 1.0
        assert guard.send(GO).throttle == 0.0
        assert bench.throttle_us == NEUTRAL_US


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1.0001, -1.0001])
@pytest.mark.parametrize("field", ["steering", "throttle"])
def test_nonsense_is_neutral_at_once(bench: Bench, field: str, value: float) -> None:
    with bench.guard as guard:
        guard.send(GO)
        with pytest.raises(GuardError, match="within -1 to"):
            guard.send(GO._replace(**{field: value}))
        assert (bench.throttle_us, guard.latched) == (NEUTRAL_US, True)


def test_a_broken_bus_is_reported_and_neutral_is_tried_until_it_arrives(bench: Bench) -> None:
    with bench.guard as guard:
        guard.send(GO)
        bench.bus.faults = [Nack()]
        with pytest.raises(DeviceError, match="does not acknowledge"):
            guard.send(GO)
        assert guard.seconds_left() == 0.0
        bench.wait(0.01)
        assert bench.throttle_us == pytest.approx(1700, abs=3)
        bench.bus.faults = []
        bench.wait(0.01)
        assert bench.throttle_us == NEUTRAL_US
        assert guard.seconds_left() == CHECK_EVERY_S


def test_a_broken_bus_at_the_end_is_said(bench: Bench) -> None:
    with pytest.raises(DeviceError, match="does not acknowledge"), bench.guard:
        bench.bus.faults = [Nack()]


def test_waiting_needs_no_check(bench: Bench) -> None:
    with bench.guard as guard:
        assert guard.seconds_left() == CHECK_EVERY_S
        bench.wait(1000.0)
        assert guard.state is GuardState.WAITING
