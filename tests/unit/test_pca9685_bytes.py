"""The chip driver on the bus, byte by byte and try by try."""

import logging
from collections.abc import Sequence

import pytest

from car.command import STOP, Command
from car.drivers.pca9685 import LOOK_PERIOD_S, Bursts, ChipDriver
from car.errors import DeviceError
from car.guard.settings import (
    BridgeOutputs,
    GuardSettings,
    HBridgeSettings,
    PulseOutput,
    ServoAndEscSettings,
    Wheels,
)
from car.simulation.bus_faults import Nack, SlowBus
from car.simulation.i2c import SimulatedI2c
from car.simulation.pca9685 import SimulatedPca9685

SERVO = ServoAndEscSettings(PulseOutput(1, 1100, 1500, 1900), PulseOutput(0, 1000, 1500, 2000))
BRIDGE = HBridgeSettings(BridgeOutputs(8, 9), BridgeOutputs(11, 10), 0.5)
NEUTRAL = bytes((0x06, 0, 0, 0x70, 0x01, 0, 0, 0x70, 0x01))
ADAFRUIT_BEGINS = [b"\x00\x00"]
TOTEM_POLE, ALL_OFF = b"\x01\x04", b"\xfd\x10"
FREQUENCY_60_HZ = [b"\x00\x10", b"\xfe\x65", b"\x00\x00", b"\x00\xa0"]
OFF = bytes((0x06 + 32, *(0, 0, 0, 0x10) * 4))


class Heard(SimulatedPca9685):
    """A chip that keeps what is written to it, without the mere naming of a register."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[bytes] = []

    def write(self, address: int, data: bytes) -> int:
        if len(data) > 1:
            self.heard.append(bytes(data))
        return super().write(address, data)


class Bench:
    """A driver on a bus, and a clock."""

    def __init__(self, wheels: Wheels = SERVO, frequency_hz: float = 60.0) -> None:
        self.now_s = 0.0
        self.chip = Heard()
        self.bus = SimulatedI2c([self.chip])
        settings = GuardSettings("simulated:x", 0x40, frequency_hz, 25_000_000, wheels, 0.18, 0.0)
        self.driver = ChipDriver(self.bus, settings, lambda: self.now_s)

    def let_pass(self, seconds: float) -> None:
        self.now_s += seconds

    def heard(self) -> list[bytes]:
        heard, self.chip.heard = self.chip.heard, []
        return heard

    def tries(self) -> int:
        tries, self.bus.transactions = self.bus.transactions, 0
        return tries


def test_a_chip_fresh_from_its_supply_is_set_up_with_these_writes() -> None:
    bench = Bench()
    bench.driver.__enter__()
    assert bench.heard() == [*ADAFRUIT_BEGINS, TOTEM_POLE, ALL_OFF, *FREQUENCY_60_HZ, NEUTRAL]
    assert bench.chip.pulse_us(0) == bench.chip.pulse_us(1) == pytest.approx(1500, abs=3)


def test_a_chip_that_runs_right_is_told_no_frequency() -> None:
    bench = Bench()
    bench.driver.__enter__()
    bench.heard()
    bench.driver.__enter__()
    assert bench.heard() == [*ADAFRUIT_BEGINS, TOTEM_POLE, b"\x00\x20", NEUTRAL]


@pytest.mark.parametrize("mode1", [b"\x00\x30", b"\x00\x10"])
def test_a_chip_asleep_at_the_right_frequency_is_cut_before_it_wakes(mode1: bytes) -> None:
    bench = Bench()
    bench.driver.__enter__()
    bench.chip.write(0x40, mode1)
    bench.heard()
    bench.driver.__enter__()
    assert bench.heard() == [*ADAFRUIT_BEGINS, TOTEM_POLE, ALL_OFF, *FREQUENCY_60_HZ, NEUTRAL]


def test_a_chip_at_another_frequency_is_cut_before_it_gets_the_right_one() -> None:
    bench, other = Bench(frequency_hz=60.0), Bench(frequency_hz=50.0)
    other.bus.targets[0] = bench.chip
    other.driver.__enter__()
    assert b"\xfe\x79" in bench.heard()
    bench.driver.__enter__()
    heard = bench.heard()
    assert heard.index(b"\xfd\x10") < heard.index(b"\xfe\x65")


def test_a_command_is_one_burst_and_neutral_holds_the_steering() -> None:
    bench = Bench()
    with bench.driver as driver:
        bench.heard()
        driver.write(Command(0.5, 1.0))
        assert bench.heard() == [bytes((0x06, 0, 0, 0xEA, 0x01, 0, 0, 0xA1, 0x01))]
        assert driver.neutral() == (pytest.approx(0.5, abs=0.01), 0.0)
        assert bench.heard() == [bytes((0x06, 0, 0, 0x70, 0x01, 0, 0, 0xA1, 0x01))]
        driver.write(Command(-1.0, -1.0))
        assert bench.heard() == [bytes((0x06, 0, 0, 0xF6, 0x00, 0, 0, 0x0E, 0x01))]


def test_a_bridge_that_turns_round_is_switched_off_between() -> None:
    bench = Bench(BRIDGE)
    with bench.driver as driver:
        bench.heard()
        driver.write(Command(0.0, 1.0))
        on, off = (0, 0x10, 0, 0), (0, 0, 0, 0x10)
        assert bench.heard() == [bytes((38, *on, *off, *off, *on))]
        driver.write(Command(0.0, -0.5))
        half = (0, 0, 0x00, 0x08)
        assert bench.heard() == [OFF, bytes((38, *off, *half, *half, *off))]
        driver.neutral()
        assert bench.heard() == [OFF]


@pytest.mark.parametrize(
    ("channels", "first_registers"),
    [
        ((0, 1), [0x06]),
        ((1, 0), [0x06]),
        ((15, 14), [0x06 + 56]),
        ((0, 2), [0x06, 0x0E]),
        ((9, 3), [0x2A, 0x12]),
        ((5, 8, 6, 2), [0x1A, 0x26, 0x0E]),
        ((4, 2, 3, 5), [0x0E]),
    ],
)
def test_neighbours_share_a_burst_and_the_first_named_goes_first(
    channels: Sequence[int], first_registers: list[int]
) -> None:
    bursts = Bursts(channels)
    assert [message[0] for message in bursts.messages] == first_registers
    assert sum(len(message) - 1 for message in bursts.messages) == 4 * len(channels)
    bursts.put(tuple(0x100 * channel + channel + 1 for channel in channels))
    for message in bursts.messages:
        for number in range(len(message) // 4):
            channel = (message[0] - 0x06) // 4 + number
            assert bytes(message[1 + 4 * number :][:4]) == bytes((0, 0, channel + 1, channel))


def test_always_on_and_always_off_have_bits_of_their_own_that_go_again() -> None:
    bursts = Bursts((0,))
    for ticks, data in (
        (4096, (0, 0x10, 0, 0)),
        (4095, (0, 0, 0xFF, 0x0F)),
        (0, (0, 0, 0, 0x10)),
        (1, (0, 0, 1, 0)),
        (256, (0, 0, 0, 1)),
    ):
        bursts.put((ticks,))
        assert bursts.messages == [bytes((0x06, *data))]


def test_a_transfer_that_fails_at_once_is_tried_so_often() -> None:
    bench = Bench()
    with bench.driver as driver:
        bench.now_s += LOOK_PERIOD_S
        bench.bus.faults = [Nack()]
        for action, tries in (
            (lambda: driver.write(STOP), 3),
            (driver.neutral, 5),
            (driver.look, 3),
        ):
            bench.tries()
            before = driver.failed_writes
            with pytest.raises(DeviceError, match="does not acknowledge"):
                action()
            assert bench.tries() == driver.failed_writes - before == tries
        bench.bus.faults = []


def test_a_chip_that_does_not_answer_is_looked_for_three_times() -> None:
    bench = Bench()
    bench.bus.faults = [Nack()]
    with pytest.raises(DeviceError, match="0x40"):
        bench.driver.__enter__()
    assert bench.driver.failed_writes == 3


@pytest.mark.parametrize(
    ("fails_after_s", "tries"), [(0.0, 5), (0.009, 3), (0.01, 3), (0.02, 2), (0.021, 1), (1.0, 1)]
)
def test_a_transfer_that_fails_late_is_tried_less_often(fails_after_s: float, tries: int) -> None:
    bench = Bench()
    with bench.driver as driver:
        bench.now_s = 0.0
        bench.bus.faults = [SlowBus(bench.let_pass, fails_after_s)]
        bench.tries()
        with pytest.raises(DeviceError, match="bus is stuck"):
            driver.neutral()
        assert bench.tries() == tries
        bench.bus.faults = []


@pytest.mark.parametrize(
    ("mode1", "seen"),
    [
        (0x20, None),
        (0x21, None),
        (0x6F, None),
        (0x00, 0x00),
        (0x01, 0x01),
        (0x11, 0x91),
        (0x30, 0xB0),
        (0x31, 0xB1),
    ],
)
def test_a_chip_has_restarted_when_it_sleeps_or_lost_its_mode(
    mode1: int, seen: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    bench, has_restarted = Bench(), seen is not None
    with bench.driver as driver:
        driver.write(Command(1.0, 1.0))
        bench.chip.write(0x40, bytes((0x00, mode1)))
        assert not driver.look()
        bench.now_s += LOOK_PERIOD_S
        assert driver.look() is has_restarted
        assert driver.health() == {"failed_writes": 0, "restarts": int(has_restarted)}
        throttle_us = 1500 if has_restarted else 2000
        assert bench.chip.pulse_us(0) == pytest.approx(throttle_us, abs=3)
        assert bench.chip.pulse_us(1) == pytest.approx(1900, abs=3)
    words = f"the PCA9685 restarted by itself (MODE1 0x{seen or 0:02x}); it was set up again"
    expected = [("car.drivers.pca9685", logging.WARNING, words)] if has_restarted else []
    assert caplog.record_tuples == expected


def test_a_start_is_the_first_look() -> None:
    bench = Bench()
    bench.now_s = 50.0
    with bench.driver as driver:
        bench.tries()
        bench.now_s += 0.99 * LOOK_PERIOD_S
        assert not driver.look()
        assert bench.tries() == 0
        bench.now_s += 0.02 * LOOK_PERIOD_S
        assert not driver.look()
        assert bench.tries() == 1
    assert LOOK_PERIOD_S == 0.1


def test_supply_that_breaks_down_again_is_said_with_the_address() -> None:
    bench = Bench()
    with bench.driver as driver:
        bench.chip.power_on()
        bench.now_s += LOOK_PERIOD_S
        assert driver.look()
        bench.chip.power_on()
        bench.now_s += 9.9
        with pytest.raises(DeviceError, match=r"^the PCA9685 at 0x40 restarted by itself again"):
            driver.look()
        assert driver.restarts == 2
        bench.chip.power_on()
        bench.now_s += 10.0
        assert driver.look()
