"""The guard in one process, on a clock that the test moves and a simulated chip."""

import math

import pytest

from car.assembly import guard_settings
from car.command import STOP, Command
from car.config import CarConfig
from car.drivers.pca9685 import LOOK_PERIOD_S, ChipDriver
from car.errors import DeviceError, GuardError
from car.guard.guard import CHECK_EVERY_S, Guard, GuardState
from car.simulation.bus_faults import Nack, SlowBus
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

    def let_pass(self, seconds: float) -> None:
        self.now_s += seconds

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


def test_the_deadline_itself_is_too_late(bench: Bench) -> None:
    bench.now_s = 0.0
    with bench.guard as guard:
        guard.send(GO)
        bench.wait(DEADLINE_S)
        assert guard.latched
        assert bench.throttle_us == NEUTRAL_US


def test_without_a_time_to_arm_it_drives_at_once(bench: Bench) -> None:
    guard = Guard(bench.wheels, DEADLINE_S, lambda: bench.now_s)
    with guard:
        assert not guard.arming
        assert guard.send(GO).throttle > 0.3


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


def test_each_trouble_is_logged_once_and_again_when_it_comes_again(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    with bench.guard as guard:
        for _ in range(2):
            caplog.clear()
            guard.send(STOP)
            bench.bus.faults = [Nack()]
            for _ in range(5):
                bench.wait(LOOK_PERIOD_S)
            bench.bus.faults = []
            bench.wait(LOOK_PERIOD_S)
            messages = [record.message for record in caplog.records]
            assert len(messages) == 2
            assert "does not acknowledge" in messages[0]
            assert messages[1].startswith("neutral did not reach the chip, trying on: ")
            with pytest.raises(DeviceError, match="does not acknowledge"):
                guard.send(STOP)


def test_a_lapse_is_logged_with_the_time_that_passed(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    with bench.guard as guard:
        guard.send(GO)
        bench.wait(0.25)
        bench.wait(0.25)
    assert [record.message for record in caplog.records] == [
        "no command for 0.250 s: throttle at neutral"
    ]


def test_a_broken_bus_at_the_end_is_said(bench: Bench) -> None:
    with pytest.raises(DeviceError, match="does not acknowledge"), bench.guard:
        bench.bus.faults = [Nack()]


def test_waiting_needs_no_check(bench: Bench) -> None:
    with bench.guard as guard:
        assert guard.seconds_left() == CHECK_EVERY_S
        bench.wait(1000.0)
        assert guard.state is GuardState.WAITING


def test_a_latched_guard_waits_as_long_as_one_that_never_drove(bench: Bench) -> None:
    with bench.guard as guard:
        guard.send(GO)
        bench.wait(1000.0)
        assert (guard.latched, guard.seconds_left()) == (True, CHECK_EVERY_S)


def test_the_time_until_the_next_check_is_never_beyond_the_deadline(bench: Bench) -> None:
    with bench.guard as guard:
        guard.send(GO)
        bench.now_s += DEADLINE_S - 0.01
        assert guard.seconds_left() == pytest.approx(0.01)
        bench.now_s += 0.02
        assert guard.seconds_left() == 0.0


def test_what_was_sent_last_and_when_is_known(bench: Bench) -> None:
    with bench.guard as guard:
        assert (guard.sent, guard.silent_s) == (STOP, math.inf)
        sent = guard.send(GO)
        bench.now_s += 0.1
        assert (guard.sent, guard.silent_s) == (sent, pytest.approx(0.1))
        bench.wait(DEADLINE_S)
        assert guard.sent == (sent.steering, 0.0)


def test_a_command_counts_from_before_it_was_written(bench: Bench) -> None:
    with bench.guard as guard:
        bench.bus.faults = [SlowBus(bench.let_pass, 0.15, times=1)]
        with pytest.raises(DeviceError, match="bus is stuck"):
            guard.send(GO)
        guard.send(STOP)
        bench.bus.faults = [Late(bench)]
        guard.send(GO)
        bench.bus.faults = []
        bench.wait(0.0)
        assert (guard.latched, bench.throttle_us) == (True, NEUTRAL_US)


class Late:
    """A transfer that the bus takes, but only after the deadline."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def strike(self, data: bytes) -> bytes:
        self._bench.now_s += DEADLINE_S
        return data


def test_a_bus_that_took_long_to_fail_is_not_tried_three_times(bench: Bench) -> None:
    with bench.guard as guard:
        guard.send(GO)
        bench.bus.faults = [SlowBus(bench.let_pass)]
        begun_s = bench.now_s
        with pytest.raises(DeviceError, match="bus is stuck"):
            guard.send(GO)
        assert bench.now_s - begun_s == pytest.approx(2.0)
        assert guard.neutral_is_owed
        bench.bus.faults = []
        bench.wait(0.01)
        assert (bench.throttle_us, guard.neutral_is_owed) == (NEUTRAL_US, False)


def test_a_chip_that_restarts_latches_and_the_speed_controller_arms_again() -> None:
    bench = Bench(arming_s=2.0)
    with bench.guard as guard:
        bench.wait(2.0)
        guard.send(GO)
        bench.chip.power_on()
        bench.wait(LOOK_PERIOD_S)
        assert (bench.throttle_us, guard.latched) == (NEUTRAL_US, True)
        for command in (GO, STOP, GO):
            assert guard.send(command).throttle == 0.0
            assert guard.latched
        bench.wait(1.999)
        assert guard.arming
        guard.send(STOP)
        assert guard.latched
        bench.wait(0.002)
        assert not guard.arming
        assert guard.send(GO).throttle == 0.0
        guard.send(STOP)
        assert guard.state is GuardState.DRIVING
        assert guard.send(GO).throttle > 0.3


def test_no_throttle_goes_out_before_the_first_arming() -> None:
    bench = Bench(arming_s=0.5)
    with bench.guard as guard:
        assert guard.arming
        assert guard.send(GO).throttle == 0.0
        bench.wait(0.5)
        assert not guard.arming
        assert guard.send(GO).throttle == 0.0
        guard.send(STOP)
        assert guard.send(GO).throttle > 0.3


def test_a_restart_while_nobody_drives_is_seen_in_time(bench: Bench) -> None:
    with bench.guard as guard:
        bench.chip.power_on()
        waited_s = 0.0
        while bench.throttle_us is None:
            step_s = guard.seconds_left()
            bench.wait(step_s)
            waited_s += step_s
        assert waited_s <= LOOK_PERIOD_S + CHECK_EVERY_S
        assert bench.throttle_us == NEUTRAL_US


def test_trouble_between_commands_is_told_once_at_the_next(bench: Bench) -> None:
    with bench.guard as guard:
        guard.send(GO)
        bench.bus.faults = [Nack()]
        bench.wait(LOOK_PERIOD_S)
        bench.wait(LOOK_PERIOD_S)
        bench.bus.faults = []
        bench.wait(0.01)
        assert bench.throttle_us == NEUTRAL_US
        with pytest.raises(DeviceError, match="does not acknowledge"):
            guard.send(STOP)
        guard.send(STOP)
        assert guard.state is GuardState.DRIVING


def test_a_second_restart_is_told_at_the_next_command(bench: Bench) -> None:
    with bench.guard as guard:
        for _ in range(2):
            guard.send(STOP)
            bench.chip.power_on()
            bench.wait(LOOK_PERIOD_S)
        with pytest.raises(DeviceError, match="restarted by itself again"):
            guard.send(STOP)
        assert (bench.throttle_us, guard.latched) == (NEUTRAL_US, True)


def test_somebody_new_begins_anew_but_not_before_neutral_has_arrived(bench: Bench) -> None:
    with bench.guard as guard:
        guard.send(GO)
        guard.release()
        assert (bench.throttle_us, guard.latched) == (NEUTRAL_US, True)
        guard.welcome()
        assert guard.state is GuardState.WAITING
        guard.send(GO)
        bench.bus.faults = [Nack()]
        bench.wait(LOOK_PERIOD_S)
        guard.release()
        guard.welcome()
        assert guard.latched
        bench.bus.faults = []
        bench.wait(0.01)
        guard.send(STOP)
