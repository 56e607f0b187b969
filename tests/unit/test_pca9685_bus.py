"""The simulated bus: what it counts, and the faults that can be hung on it."""

import pytest

from car.errors import SimulationError
from car.simulation.bus_faults import ChipReset, Nack, StuckBus, TornWrite
from car.simulation.i2c import SimulatedI2c
from car.simulation.pca9685 import FOR_EVER, SimulatedPca9685


@pytest.fixture
def bus() -> SimulatedI2c:
    bus = SimulatedI2c([SimulatedPca9685()])
    assert bus.try_lock()
    return bus


def test_it_reads_back_what_was_written_into_the_middle_of_buffers(bus: SimulatedI2c) -> None:
    bus.writeto(0x40, b"xx\xfe\x79yy", start=2, end=4)
    buffer = bytearray(b"....")
    bus.writeto_then_readfrom(0x40, b".\xfe.", buffer, out_start=1, out_end=2, in_start=2, in_end=3)
    assert buffer == b"..\x79."
    bus.readfrom_into(0x40, buffer, end=1)
    assert buffer == b"\x79.\x79."


def test_a_burst_of_two_channels_takes_230_us_at_400_khz(bus: SimulatedI2c) -> None:
    bus.writeto(0x40, bytes([6, 0, 0, 0, 1, 0, 0, 0, 1]))
    assert (bus.transactions, bus.wire_s) == (1, pytest.approx(230e-6))


def test_an_address_without_a_chip_is_errno_121(bus: SimulatedI2c) -> None:
    with pytest.raises(OSError, match="121"):
        bus.writeto(0x41, b"\x00")
    with pytest.raises(OSError, match="121"):
        bus.readfrom_into(0x41, bytearray(1))


def test_a_general_call_that_means_nothing_is_not_acknowledged(bus: SimulatedI2c) -> None:
    with pytest.raises(OSError, match="121"):
        bus.writeto(0x00, b"\x04")


def test_the_lock_is_exclusive_and_needed(bus: SimulatedI2c) -> None:
    assert not bus.try_lock()
    bus.unlock()
    with pytest.raises(SimulationError, match="lock"):
        bus.writeto(0x40, b"")
    assert bus.try_lock()


@pytest.mark.parametrize(("fault", "number"), [(Nack, 121), (StuckBus, 110)])
def test_a_fault_strikes_so_often_after_so_many(
    bus: SimulatedI2c, fault: type[Nack] | type[StuckBus], number: int
) -> None:
    bus.faults.append(fault(2, after=1))
    failed = []
    for _ in range(5):
        try:
            bus.writeto(0x40, b"\x00")
            failed.append(0)
        except OSError as error:
            failed.append(error.errno or 0)
    assert failed == [0, number, number, 0, 0]


def test_a_torn_write_leaves_its_first_bytes_behind(bus: SimulatedI2c) -> None:
    bus.writeto(0x40, b"\x00\x31")
    bus.faults.append(TornWrite(3, times=1))
    with pytest.raises(OSError, match="121"):
        bus.writeto(0x40, bytes([6, 1, 2, 3, 4]))
    buffer = bytearray(4)
    bus.writeto_then_readfrom(0x40, b"\x06", buffer)
    assert buffer == bytes([1, 2, 0, 0x10])


def test_a_chip_can_reset_between_two_writes() -> None:
    chip = SimulatedPca9685()
    bus = SimulatedI2c([chip], [ChipReset(chip, after=1)])
    assert bus.try_lock()
    bus.writeto(0x40, b"\x00\x20")
    buffer = bytearray(1)
    bus.writeto_then_readfrom(0x40, b"\x00", buffer)
    assert buffer == b"\x11"


def test_a_chip_can_refuse_for_a_while_or_for_ever() -> None:
    chip = SimulatedPca9685()
    chip.refuse(2)
    assert [chip.answers(0x40) for _ in range(4)] == [False, False, True, True]
    chip.refuse(FOR_EVER)
    assert not any(chip.answers(0x40) for _ in range(1000))
