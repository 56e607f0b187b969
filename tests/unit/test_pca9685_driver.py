"""Adafruit's real driver under ServoAndEsc, on the simulated chip."""

import pytest

from car.assembly import guard_settings
from car.command import Command
from car.config import CarConfig, ChipConfig, SteeringConfig, ThrottleConfig
from car.drivers.pca9685 import LOOK_PERIOD_S, TWICE_WITHIN_S, ChipDriver
from car.errors import ConfigError, DeviceError
from car.simulation.bus_faults import Nack, StuckBus, TornWrite
from car.simulation.i2c import SimulatedI2c
from car.simulation.pca9685 import SimulatedPca9685, powered_on

TICK_US = 102 / 25


class Bench:
    """A chip, its bus, a clock and a drive train on them."""

    def __init__(self, steering: int = 1, throttle: int = 0) -> None:
        self.memory = powered_on()
        self.chip = SimulatedPca9685(self.memory)
        self.bus = SimulatedI2c([self.chip])
        self.now_s = 0.0
        self.steering, self.throttle = steering, throttle
        self.wheels = self.drive_train()

    def drive_train(self) -> ChipDriver:
        config = CarConfig(
            steering=SteeringConfig(channel=self.steering),
            throttle=ThrottleConfig(channel=self.throttle),
        )
        return ChipDriver(self.bus, guard_settings(config), lambda: self.now_s)

    def pulses_us(self) -> tuple[float | None, float | None]:
        return self.chip.pulse_us(self.steering), self.chip.pulse_us(self.throttle)


def near(*pulses_us: float) -> object:
    return pytest.approx(pulses_us, abs=TICK_US)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize(("steering", "throttle"), [(1, 0), (0, 1), (14, 15), (0, 8), (15, 3)])
def test_both_pulses_come_out_wherever_the_channels_are(steering: int, throttle: int) -> None:
    bench = Bench(steering, throttle)
    with bench.wheels as wheels:
        assert bench.pulses_us() == near(1500, 1500)
        sent = wheels.write(Command(-0.5, 0.4))
        assert bench.pulses_us() == near(1300, 1700)
        assert sent == pytest.approx((-0.5, 0.4), abs=0.01)
    assert bench.pulses_us() == near(1300, 1500)
    others = set(range(16)) - {steering, throttle}
    assert all(bench.chip.pulse_us(channel) is None for channel in others)


def test_what_went_out_is_said_to_the_tick(bench: Bench) -> None:
    with bench.wheels as wheels:
        sent = wheels.write(Command(0.123, 0.456))
        steering_us, throttle_us = bench.pulses_us()
    assert sent.steering == pytest.approx(((steering_us or 0) - 1500) / 400)
    assert sent.throttle == pytest.approx(((throttle_us or 0) - 1500) / 500)


def test_neighbours_are_one_burst_and_others_are_two_writes() -> None:
    for bench, writes in ((Bench(1, 0), 1), (Bench(5, 0), 2)):
        with bench.wheels as wheels:
            before = bench.bus.transactions
            wheels.write(Command(0.1, 0.1))
            assert bench.bus.transactions - before == writes


class Witness(SimulatedPca9685):
    """Writes down the throttle pulse after each write to a chip, which it shares with another."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench.memory)
        self.seen_us: list[float | None] = []
        bench.bus.targets[0] = self

    def write(self, address: int, data: bytes) -> int:
        taken = super().write(address, data)
        self.seen_us.append(self.pulse_us(0))
        return taken


def test_old_pulses_do_not_come_back_at_the_start(bench: Bench) -> None:
    with bench.wheels as wheels:
        wheels.write(Command(1.0, 1.0))
        for data in (b"\x00\x30", b"\xfe\x79", b"\x00\x20"):
            bench.chip.write(0x40, data)
        witness = Witness(bench)
        with bench.drive_train():
            assert bench.pulses_us() == near(1500, 1500)
    assert {pulse for pulse in witness.seen_us if pulse is not None} == {368 * TICK_US}


def test_a_chip_that_already_runs_right_is_never_cut(bench: Bench) -> None:
    with bench.wheels as wheels:
        wheels.write(Command(0.0, 0.5))
    witness = Witness(bench)
    with bench.drive_train():
        assert len(witness.seen_us) > 3
    assert set(witness.seen_us) == {368 * TICK_US}


def test_outputs_that_another_program_inverted_are_put_right(bench: Bench) -> None:
    bench.chip.write(0x40, b"\x01\x14")
    with bench.wheels:
        assert bench.pulses_us() == near(1500, 1500)


def test_a_chip_put_to_sleep_does_not_resume_other_channels(bench: Bench) -> None:
    with bench.wheels:
        bench.chip.write(0x40, bytes([0x06 + 4 * 9, 0, 0, 100, 1]))
    bench.chip.write(0x40, b"\x00\x30")
    with bench.drive_train():
        assert bench.pulses_us() == near(1500, 1500)
        assert bench.chip.pulse_us(9) is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.001, 2.0])
def test_nonsense_never_reaches_the_chip(bench: Bench, value: float) -> None:
    with bench.wheels as wheels:
        wheels.write(Command(0.2, 0.2))
        before = bench.pulses_us()
        with pytest.raises(DeviceError, match="not within -1 to"):
            wheels.write(Command(value, 0.5))
        with pytest.raises(DeviceError, match="not within -1 to"):
            wheels.write(Command(0.5, value))
        assert bench.pulses_us() == before


def test_a_fault_that_passes_is_retried_and_counted(bench: Bench) -> None:
    with bench.wheels as wheels:
        bench.bus.faults = [Nack(2)]
        wheels.write(Command(0.0, 0.5))
        assert bench.pulses_us() == near(1500, 1750)
        assert wheels.failed_writes == 2


@pytest.mark.parametrize("kept", range(9))
def test_a_torn_burst_is_made_whole_by_the_retry(bench: Bench, kept: int) -> None:
    with bench.wheels as wheels:
        bench.bus.faults = [TornWrite(kept, times=1)]
        wheels.write(Command(-1.0, -0.5))
        assert bench.pulses_us() == near(1100, 1250)


@pytest.mark.parametrize(
    ("fault", "words"), [(Nack(), "does not acknowledge"), (StuckBus(), "bus is stuck")]
)
def test_a_fault_that_stays_says_what_to_look_at(
    bench: Bench, fault: Nack | StuckBus, words: str
) -> None:
    with bench.wheels as wheels:
        bench.bus.faults = [fault]
        with pytest.raises(DeviceError, match=words):
            wheels.write(Command(0.0, 0.5))
        with pytest.raises(DeviceError, match=words):
            wheels.neutral()
        bench.bus.faults = []


def test_an_absent_chip_is_said_at_the_start(bench: Bench) -> None:
    bench.bus.targets.clear()
    with pytest.raises(DeviceError, match=r"0x40.*does not acknowledge"), bench.wheels:
        pass


def test_a_glitch_during_the_start_is_survived() -> None:
    for after in range(12):
        bench = Bench()
        bench.bus.faults = [Nack(1, after=after)]
        with bench.wheels:
            assert bench.pulses_us() == near(1500, 1500)


def test_a_chip_that_restarted_alone_is_set_up_again_at_neutral(bench: Bench) -> None:
    with bench.wheels as wheels:
        wheels.write(Command(0.5, 0.5))
        bench.chip.power_on()
        wheels.write(Command(0.25, 0.5))
        assert bench.pulses_us() == (None, None)
        assert not wheels.look()
        bench.now_s += LOOK_PERIOD_S
        assert wheels.look()
        assert bench.pulses_us() == near(1600, 1500)
        assert wheels.health() == {"failed_writes": 0, "restarts": 1}
        assert not wheels.look()


def test_a_second_restart_soon_after_is_an_error_with_the_chip_set_up_all_the_same(
    bench: Bench,
) -> None:
    with bench.wheels as wheels:
        for _ in range(2):
            bench.now_s += TWICE_WITHIN_S
            bench.chip.power_on()
            assert wheels.look()
        bench.now_s += TWICE_WITHIN_S - 0.01
        bench.chip.power_on()
        with pytest.raises(DeviceError, match="separate supplies"):
            wheels.look()
        assert bench.pulses_us() == near(1500, 1500)
        assert wheels.restarts == 3


def test_a_chip_that_cannot_be_set_up_again_yet_is_not_counted_as_two_restarts(
    bench: Bench,
) -> None:
    with bench.wheels as wheels:
        bench.chip.power_on()
        bench.now_s += LOOK_PERIOD_S
        bench.bus.faults = [Nack(after=1)]
        with pytest.raises(DeviceError, match="does not acknowledge"):
            wheels.look()
        bench.bus.faults = []
        bench.now_s += LOOK_PERIOD_S
        assert wheels.look()
        assert (wheels.restarts, bench.pulses_us()) == (1, near(1500, 1500))


def test_looking_costs_one_read_now_and_then(bench: Bench) -> None:
    with bench.wheels as wheels:
        before = bench.bus.transactions
        for _ in range(100):
            bench.now_s += LOOK_PERIOD_S / 3.9
            assert not wheels.look()
        assert bench.bus.transactions - before == 25


def test_a_glitch_while_looking_is_retried_and_a_dead_bus_is_said(bench: Bench) -> None:
    with bench.wheels as wheels:
        bench.now_s += LOOK_PERIOD_S
        bench.bus.faults = [Nack(2)]
        assert not wheels.look()
        assert wheels.failed_writes == 2
        bench.now_s += LOOK_PERIOD_S
        bench.bus.faults = [Nack(3)]
        with pytest.raises(DeviceError, match="does not acknowledge"):
            wheels.look()


def test_writing_before_the_start_is_refused(bench: Bench) -> None:
    with pytest.raises(DeviceError, match="with statement"):
        bench.wheels.write(Command(0.0, 0.0))


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (
            CarConfig(chip=ChipConfig(frequency_hz=400.0), steering=SteeringConfig(right_us=2500)),
            "does not fit",
        ),
        (CarConfig(chip=ChipConfig(frequency_hz=24.0, oscillator_hz=27_000_000)), "26 to"),
        (
            CarConfig(steering=SteeringConfig(left_us=1502, centre_us=1503, right_us=1504)),
            "between two ticks",
        ),
    ],
)
def test_pulses_that_cannot_be_made_are_refused(config: CarConfig, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        ChipDriver(SimulatedI2c([]), guard_settings(config), lambda: 0.0)
