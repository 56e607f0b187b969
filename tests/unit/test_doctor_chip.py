"""The doctor at the chip: it tells how it stands, and leaves every register as it was."""

from dataclasses import replace
from pathlib import Path

import pytest
from doctor_machines import answering, raspberry_pi, refuses, subject, write

from car.bus import open_bus
from car.config import CarConfig, ChipConfig
from car.doctor.check import Check
from car.doctor.chip import check_chip
from car.doctor.i2c import check_i2c
from car.doctor.machine import Answer, Machine
from car.simulation.bus_faults import Nack, StuckBus
from car.simulation.i2c import SimulatedI2c
from car.simulation.pca9685 import (
    AUTO_INCREMENT,
    FOR_EVER,
    MODE1,
    PRE_SCALE,
    SimulatedPca9685,
    powered_on,
)

POINTER = 256
"""Where the simulated chip remembers which register was read last; reading moves it."""


def examined(
    machine: Machine, *targets: SimulatedPca9685, config: CarConfig | None = None
) -> dict[str, Check]:
    machine = replace(machine, open_bus=lambda name: SimulatedI2c(targets))
    return by_name(check_chip(machine, subject(machine.root, config)))


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def awake() -> bytearray:
    """A chip that sends pulses at 60 Hz, as the driver leaves it: auto-increment, no all-call."""
    state = powered_on()
    state[MODE1], state[PRE_SCALE] = AUTO_INCREMENT, 101
    return state


def test_a_chip_fresh_from_power_on_is_well_and_asleep(tmp_path: Path) -> None:
    checks = examined(raspberry_pi(tmp_path), SimulatedPca9685())
    assert checks["chip"] == Check("chip", True, "a PCA9685 answers at 0x40")
    assert checks["chip mode"].ok is True
    assert "asleep: it sends no pulses" in checks["chip mode"].detail
    assert checks["chip frequency"].ok is None
    assert checks["other chips"].detail == "0x70 (a PCA9685's all-call address)"


def test_a_chip_that_the_driver_set_up_is_awake_at_the_frequency_of_car_toml(
    tmp_path: Path,
) -> None:
    checks = examined(raspberry_pi(tmp_path), SimulatedPca9685(awake()))
    assert "awake: it sends pulses, as Everlap sets it up" in checks["chip mode"].detail
    assert checks["chip frequency"].ok is True
    assert (
        checks["chip frequency"].detail == "PRE_SCALE 101: 59.8 pulses a second, as car.toml asks"
    )
    assert checks["other chips"].ok is None


def test_no_register_is_changed_and_no_byte_written_but_register_addresses(tmp_path: Path) -> None:
    for state in (powered_on(), awake()):
        before = bytes(state)
        examined(raspberry_pi(tmp_path), SimulatedPca9685(state))
        after = bytes(state)
        assert after[:POINTER] == before[:POINTER]
        assert after[POINTER + 1 :] == before[POINTER + 1 :]


def test_an_awake_chip_at_another_frequency_fails(tmp_path: Path) -> None:
    config = CarConfig(chip=ChipConfig(frequency_hz=50.0))
    checks = examined(raspberry_pi(tmp_path), SimulatedPca9685(awake()), config=config)
    assert checks["chip frequency"].ok is False
    assert "car.toml asks for 50" in checks["chip frequency"].detail


def test_a_frequency_that_no_chip_can_make_fails(tmp_path: Path) -> None:
    config = CarConfig(chip=ChipConfig(frequency_hz=24.0, oscillator_hz=27_000_000))
    checks = examined(raspberry_pi(tmp_path), SimulatedPca9685(), config=config)
    assert checks["chip frequency"].ok is False
    assert "chip.frequency_hz = 24" in checks["chip frequency"].detail


def test_a_chip_on_an_external_clock_fails_until_its_power_is_cut(tmp_path: Path) -> None:
    state = powered_on()
    state[0] |= 0x40
    mode = examined(raspberry_pi(tmp_path), SimulatedPca9685(state))["chip mode"]
    assert mode.ok is False
    assert "VCC off and on" in mode.remedy


def test_a_chip_asleep_under_a_running_guard_has_restarted_by_itself(tmp_path: Path) -> None:
    machine = answering(
        raspberry_pi(tmp_path), {"systemctl is-active everlap-guard": Answer(0, "active\n")}
    )
    assert examined(machine, SimulatedPca9685(awake()))["chip mode"].ok is True
    mode = examined(machine, SimulatedPca9685())["chip mode"]
    assert mode.ok is False
    assert "restarted by itself" in mode.detail


def test_another_kind_of_chip_at_the_address_is_doubted(tmp_path: Path) -> None:
    state = powered_on()
    state[2:6] = b"\x00\x00\x00\x00"
    chip = examined(raspberry_pi(tmp_path), SimulatedPca9685(state))["chip"]
    assert chip.ok is None
    assert "INA219" in chip.remedy


def test_without_an_answer_the_wiring_is_named_and_who_answers_instead(tmp_path: Path) -> None:
    state = powered_on(0x41)
    checks = examined(raspberry_pi(tmp_path), SimulatedPca9685(state))
    assert checks["chip"].ok is False
    assert "0x40" in checks["chip"].detail
    assert "SDA (pin 3)" in checks["chip"].remedy
    assert "0x41" in checks["other chips"].detail
    assert set(checks) == {"chip", "other chips"}


def test_a_chip_that_misses_one_transfer_is_reported_and_not_a_traceback(tmp_path: Path) -> None:
    for number in range(6):
        bus = SimulatedI2c([SimulatedPca9685()], [Nack(1, after=number)])
        machine = replace(raspberry_pi(tmp_path), open_bus=lambda name, bus=bus: bus)
        assert by_name(check_chip(machine, subject(tmp_path)))["chip"].ok is False


def test_a_stuck_bus_is_not_scanned_for_minutes(tmp_path: Path) -> None:
    bus = SimulatedI2c([SimulatedPca9685()], [StuckBus(FOR_EVER)])
    machine = replace(raspberry_pi(tmp_path), open_bus=lambda name: bus)
    checks = by_name(check_chip(machine, subject(tmp_path)))
    assert checks["chip"].ok is False
    assert "shorted" in checks["chip"].remedy
    assert bus.transactions == 1


def test_a_bus_that_sticks_during_the_scan_ends_it(tmp_path: Path) -> None:
    bus = SimulatedI2c([SimulatedPca9685()], [StuckBus(FOR_EVER, after=6)])
    machine = replace(raspberry_pi(tmp_path), open_bus=lambda name: bus)
    checks = by_name(check_chip(machine, subject(tmp_path)))
    assert checks["chip"].ok is True
    assert checks["other chips"].ok is False
    assert bus.transactions == 7


def test_the_lock_of_the_bus_is_given_back(tmp_path: Path) -> None:
    bus = SimulatedI2c([SimulatedPca9685()])
    machine = replace(raspberry_pi(tmp_path), open_bus=lambda name: bus)
    check_chip(machine, subject(tmp_path))
    assert bus.try_lock()
    assert by_name(check_chip(machine, subject(tmp_path)))["chip"].ok is None


def test_a_simulated_chip_in_a_file_goes_the_same_way(tmp_path: Path) -> None:
    file = tmp_path / "chip"
    config = CarConfig(chip=ChipConfig(bus=f"simulated:{file}"))
    machine = replace(raspberry_pi(tmp_path), open_bus=open_bus)
    car = subject(tmp_path, config)
    assert check_chip(machine, car) == []
    assert check_i2c(machine, car)[0].ok is None
    assert not file.exists()
    file.write_bytes(awake())
    assert by_name(check_chip(machine, car))["chip frequency"].ok is True
    assert check_i2c(machine, car)[0] == Check("I2C bus", True, f"simulated, in {file}")


def test_a_file_that_holds_no_chip_is_a_finding(tmp_path: Path) -> None:
    file = tmp_path / "chip"
    file.write_text("not a chip")
    config = CarConfig(chip=ChipConfig(bus=f"simulated:{file}"))
    machine = replace(raspberry_pi(tmp_path), open_bus=open_bus)
    (check,) = check_chip(machine, subject(tmp_path, config))
    assert check.ok is False
    assert "delete the chip file" in check.detail


@pytest.mark.parametrize(
    ("speed_hz", "ok", "shown", "advised"),
    [
        (400_000, True, "400 kHz: a command takes 230 us", False),
        (100_000, True, "100 kHz: a command takes 920 us", True),
        (2_000_000, False, "takes up to 1000 kHz", True),
    ],
)
def test_the_speed_of_the_bus_is_judged(
    tmp_path: Path, speed_hz: int, ok: bool, shown: str, advised: bool
) -> None:
    machine = raspberry_pi(tmp_path)
    place = "sys/class/i2c-adapter/i2c-1/of_node/clock-frequency"
    write(tmp_path, {place: speed_hz.to_bytes(4, "big")})
    speed = by_name(check_i2c(machine, subject(tmp_path)))["I2C speed"]
    assert speed.ok is ok
    assert shown in speed.detail
    assert bool(speed.remedy) is advised


def test_a_speed_that_the_device_tree_does_not_tell_is_unknown(tmp_path: Path) -> None:
    machine = raspberry_pi(tmp_path)
    write(tmp_path, {"sys/class/i2c-adapter/i2c-1/of_node/clock-frequency": b"\x00"})
    assert by_name(check_i2c(machine, subject(tmp_path)))["I2C speed"].ok is None


def test_a_bus_that_may_not_be_opened_names_the_group(tmp_path: Path) -> None:
    machine = replace(raspberry_pi(tmp_path), open_device=refuses)
    (bus,) = check_i2c(machine, subject(tmp_path))
    assert bus.ok is False
    assert bus.remedy == "`sudo usermod -aG i2c pi`, then log out and in again"


def test_whatever_the_chip_holds_is_put_into_words(tmp_path: Path) -> None:
    machine = raspberry_pi(tmp_path)
    for value in range(0, 256, 5):
        state = powered_on()
        state[MODE1], state[PRE_SCALE] = value, 255 - value
        checks = examined(machine, SimulatedPca9685(state))
        assert f"MODE1 0x{value:02x}" in checks["chip mode"].detail
        assert ("asleep: it sends no pulses" in checks["chip mode"].detail) is bool(value & 0x10)
        assert (checks["chip mode"].ok is False) is bool(value & 0x40)
