"""The simulated chip under any bytes at all: it stays a chip, and what it says is consistent."""

from hypothesis import given
from hypothesis import strategies as st

from car.simulation.pca9685 import PulseWatch, SimulatedPca9685

WRITES = st.lists(st.binary(max_size=12), max_size=30)


@given(WRITES)
def test_any_bytes_leave_a_chip_whose_watch_agrees_with_it(writes: list[bytes]) -> None:
    chip = SimulatedPca9685()
    watches = [PulseWatch(chip, channel) for channel in range(16)]
    for data in writes:
        chip.write(0x40, data)
        for channel, watch in enumerate(watches):
            assert watch.pulse_us() == chip.pulse_us(channel)


@given(WRITES)
def test_no_pulse_is_longer_than_the_cycle(writes: list[bytes]) -> None:
    chip = SimulatedPca9685()
    for data in writes:
        chip.write(0x40, data)
    chip.write(0x40, b"\xfe")
    cycle_us = 4096 * (chip.read(1)[0] + 1) / 25
    pulses = [pulse for channel in range(16) if (pulse := chip.pulse_us(channel)) is not None]
    assert all(0 < pulse < cycle_us for pulse in pulses)


@given(WRITES)
def test_a_software_reset_forgets_everything(writes: list[bytes]) -> None:
    chip, new = SimulatedPca9685(), SimulatedPca9685()
    for data in writes:
        chip.write(0x40, data)
    chip.write(0x00, b"\x06")
    new.write(0x40, b"\x00\x31")
    chip.write(0x40, b"\x00\x31")
    for one in (chip, new):
        one.write(0x40, b"\x00")
    assert chip.read(70) == new.read(70)
