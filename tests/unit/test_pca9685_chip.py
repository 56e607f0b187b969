"""The simulated chip against the datasheet, byte by byte, without any driver."""

import mmap
from pathlib import Path

import pytest

from car.errors import SimulationError
from car.simulation.i2c import SimulatedI2c, open_chip, open_simulated_bus
from car.simulation.pca9685 import STATE_BYTES, PulseWatch, SimulatedPca9685

ADDRESS = 0x40


@pytest.fixture
def chip() -> SimulatedPca9685:
    return SimulatedPca9685()


def read(chip: SimulatedPca9685, register: int, count: int = 1) -> bytes:
    chip.write(ADDRESS, bytes([register]))
    return chip.read(count)


def wake(chip: SimulatedPca9685, *, prescale: int = 101) -> None:
    chip.write(ADDRESS, bytes([0xFE, prescale]))
    chip.write(ADDRESS, b"\x00\x20")


def set_ticks(chip: SimulatedPca9685, channel: int, ticks: int) -> None:
    chip.write(ADDRESS, bytes([0x06 + 4 * channel, 0, 0, ticks & 0xFF, ticks >> 8]))


def test_power_on_state_is_the_datasheets(chip: SimulatedPca9685) -> None:
    chip.write(ADDRESS, b"\x00\x31")
    assert read(chip, 0, 6) == bytes([0x31, 0x04, 0xE2, 0xE4, 0xE8, 0xE0])
    assert read(chip, 0x06, 64) == bytes([0, 0, 0, 0x10]) * 16
    assert read(chip, 0xFE) == b"\x1e"
    assert read(SimulatedPca9685(), 0) == b"\x11"


def test_a_sleeping_chip_sends_no_pulses(chip: SimulatedPca9685) -> None:
    set_ticks(chip, 0, 368)
    assert chip.pulse_us(0) is None


def test_a_pulse_is_ticks_times_prescale_over_the_oscillator() -> None:
    chip = SimulatedPca9685(oscillator_hz=24_000_000)
    wake(chip, prescale=121)
    set_ticks(chip, 3, 300)
    assert chip.pulse_us(3) == pytest.approx(300 * 122 / 24)


def test_a_pulse_may_begin_late_and_run_over_the_end_of_the_cycle(chip: SimulatedPca9685) -> None:
    wake(chip)
    chip.write(ADDRESS, bytes([0x06, 0xA0, 0x0F, 0x64, 0x00]))
    assert chip.pulse_us(0) == pytest.approx((100 - 4000) % 4096 * 102 / 25)


def test_full_on_and_full_off_are_no_pulses(chip: SimulatedPca9685) -> None:
    wake(chip)
    set_ticks(chip, 0, 368)
    chip.write(ADDRESS, b"\x07\x10")
    assert chip.pulse_us(0) is None
    chip.write(ADDRESS, b"\x07\x00")
    assert chip.pulse_us(0) is not None
    chip.write(ADDRESS, b"\x09\x11")
    assert chip.pulse_us(0) is None


def test_equal_on_and_off_counts_are_no_pulse(chip: SimulatedPca9685) -> None:
    wake(chip)
    chip.write(ADDRESS, bytes([0x06, 5, 0, 5, 0]))
    assert chip.pulse_us(0) is None


def test_invert_turns_pulses_into_their_gaps(chip: SimulatedPca9685) -> None:
    wake(chip)
    set_ticks(chip, 0, 400)
    chip.write(ADDRESS, b"\x01\x14")
    assert chip.pulse_us(0) == pytest.approx(3696 * 102 / 25)


def test_prescale_is_writable_only_asleep_and_never_below_3(chip: SimulatedPca9685) -> None:
    chip.write(ADDRESS, b"\xfe\x01")
    assert read(chip, 0xFE) == b"\x03"
    wake(chip, prescale=121)
    chip.write(ADDRESS, b"\xfe\x50")
    assert read(chip, 0xFE) == b"\x79"


def test_without_auto_increment_every_byte_lands_in_the_same_register(
    chip: SimulatedPca9685,
) -> None:
    chip.write(ADDRESS, b"\x00\x00")
    chip.write(ADDRESS, bytes([0x06, 1, 2, 3, 4]))
    assert [read(chip, register)[0] for register in (6, 7, 8, 9)] == [4, 0, 0, 0x10]


@pytest.mark.parametrize("last", [0x45, 0xFE])
def test_auto_increment_goes_on_at_mode1(chip: SimulatedPca9685, last: int) -> None:
    chip.write(ADDRESS, b"\x00\x31")
    assert read(chip, last, 3)[1:] == bytes([0x31, 0x04])


def test_all_led_writes_every_channel_and_reads_as_zero(chip: SimulatedPca9685) -> None:
    wake(chip)
    chip.write(ADDRESS, bytes([0xFA, 0, 0, 0x70, 0x01]))
    assert {chip.pulse_us(channel) for channel in range(16)} == {368 * 102 / 25}
    assert read(chip, 0xFA, 4) == bytes(4)


def test_sleep_with_running_channels_asks_for_a_restart(chip: SimulatedPca9685) -> None:
    wake(chip)
    set_ticks(chip, 0, 368)
    chip.write(ADDRESS, b"\x00\x30")
    assert read(chip, 0) == b"\xb0"
    chip.write(ADDRESS, b"\x00\x20")
    assert chip.pulse_us(0) is None
    chip.write(ADDRESS, b"\x00\xa0")
    assert read(chip, 0) == b"\x20"
    assert chip.pulse_us(0) == pytest.approx(368 * 102 / 25)


def test_restart_is_ignored_while_asleep(chip: SimulatedPca9685) -> None:
    wake(chip)
    set_ticks(chip, 0, 368)
    chip.write(ADDRESS, b"\x00\x30")
    chip.write(ADDRESS, b"\x00\xb0")
    chip.write(ADDRESS, b"\x00\xa0")
    assert read(chip, 0) == b"\xa0"


def test_sleep_after_an_orderly_shutdown_needs_no_restart(chip: SimulatedPca9685) -> None:
    wake(chip)
    set_ticks(chip, 0, 368)
    chip.write(ADDRESS, b"\xfd\x10")
    chip.write(ADDRESS, b"\x00\x30")
    assert read(chip, 0) == b"\x30"


def test_writing_a_channel_clears_restart(chip: SimulatedPca9685) -> None:
    wake(chip)
    set_ticks(chip, 0, 368)
    chip.write(ADDRESS, b"\x00\x30")
    set_ticks(chip, 0, 300)
    assert read(chip, 0) == b"\x30"


def test_the_external_clock_bit_sticks_and_stops_the_pulses(chip: SimulatedPca9685) -> None:
    chip.write(ADDRESS, b"\x00\x20")
    chip.write(ADDRESS, b"\x00\x60")
    assert read(chip, 0) == b"\x20"
    chip.write(ADDRESS, b"\x00\x30")
    chip.write(ADDRESS, b"\x00\x70")
    chip.write(ADDRESS, b"\x00\x20")
    assert read(chip, 0) == b"\x60"
    set_ticks(chip, 0, 368)
    assert chip.pulse_us(0) is None


def test_software_reset_is_a_general_call_of_exactly_06(chip: SimulatedPca9685) -> None:
    wake(chip)
    assert chip.write(0, b"\x06\x06") == 0
    assert chip.write(0, b"\x07") == 0
    assert read(chip, 0) == b"\x20"
    assert chip.write(0, b"\x06") == 1
    assert read(chip, 0) == b"\x11"


def test_it_answers_its_address_all_call_and_the_subaddresses_switched_on(
    chip: SimulatedPca9685,
) -> None:
    assert SimulatedI2c([chip]).scan() == [0x40, 0x70]
    chip.write(ADDRESS, b"\x00\x08")
    assert SimulatedI2c([chip]).scan() == [0x40, 0x71]
    chip.write(ADDRESS, b"\x00\x02")
    assert SimulatedI2c([chip]).scan() == [0x40, 0x74]


def test_reserved_registers_and_bits_keep_nothing(chip: SimulatedPca9685) -> None:
    chip.write(ADDRESS, b"\x50\xff")
    chip.write(ADDRESS, b"\x01\xff")
    chip.write(ADDRESS, b"\x02\xff")
    chip.write(ADDRESS, b"\x07\xff")
    got = [read(chip, register)[0] for register in (0x50, 0x01, 0x02, 0x07)]
    assert got == [0, 0x1F, 0xFE, 0x1F]


def test_a_watch_sees_every_change(chip: SimulatedPca9685) -> None:
    watch = PulseWatch(chip, 1)
    assert watch.pulse_us() is None
    wake(chip)
    for ticks in (300, 400, 400, 500):
        set_ticks(chip, 1, ticks)
        assert watch.pulse_us() == chip.pulse_us(1) == pytest.approx(ticks * 102 / 25)
    chip.power_on()
    assert watch.pulse_us() is None


def test_a_chip_in_a_file_outlives_the_one_who_wrote_to_it(tmp_path: Path) -> None:
    writer = open_chip(tmp_path / "chip")
    watcher = PulseWatch(open_chip(tmp_path / "chip"), 0)
    wake(writer)
    set_ticks(writer, 0, 368)
    del writer
    assert open_chip(tmp_path / "chip").pulse_us(0) == pytest.approx(1501.44)
    assert watcher.pulse_us() == pytest.approx(1501.44)


def test_a_chip_in_a_file_keeps_its_address(tmp_path: Path) -> None:
    open_chip(tmp_path / "chip", 0x41).power_on()
    assert open_chip(tmp_path / "chip").address == 0x41


@pytest.mark.parametrize("size", [0, 7, STATE_BYTES, STATE_BYTES + 1])
def test_a_file_that_holds_no_chip_is_refused(tmp_path: Path, size: int) -> None:
    path = tmp_path / "chip"
    path.write_bytes(b"x" * size)
    with pytest.raises(SimulationError, match="does not hold a simulated PCA9685"):
        open_simulated_bus(path)


def test_a_folder_is_no_chip(tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match="cannot open the chip file"):
        open_chip(tmp_path)


def test_a_buffer_of_zeros_is_no_chip() -> None:
    memory = mmap.mmap(-1, STATE_BYTES)
    with pytest.raises(SimulationError):
        SimulatedPca9685(memory)
    memory.close()
