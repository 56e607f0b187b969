"""Which bus a short text names, and that only one guard holds it."""

from pathlib import Path

import pytest

from car.bus import _no_bus, bus_node, locked_bus, open_bus
from car.errors import ConfigError, DeviceError, SimulationError
from car.simulation.i2c import SimulatedI2c, open_chip


def test_a_text_names_a_node() -> None:
    assert bus_node("i2c-0") == Path("/dev/i2c-0")
    assert bus_node("i2c-07") == Path("/dev/i2c-7")
    assert bus_node("simulated:/tmp/a:b") == Path("/tmp/a:b")


@pytest.mark.parametrize("spec", ["", "i2c", "i2c-", "i2c-x", "i2c-1x", "1", "simulated:", "spi-1"])
def test_other_texts_are_refused(spec: str) -> None:
    for use in (bus_node, open_bus, lambda text: locked_bus(text).__enter__()):
        with pytest.raises(ConfigError, match="names no I2C bus: write i2c-1 or simulated:FILE"):
            use(spec)


def test_a_simulated_bus_has_its_chip_on_it(tmp_path: Path) -> None:
    open_chip(tmp_path / "chip", 0x41)
    bus = open_bus(f"simulated:{tmp_path}/chip")
    assert isinstance(bus, SimulatedI2c)
    assert 0x41 in bus.scan()


def test_a_bus_that_is_not_there_is_said() -> None:
    with pytest.raises(DeviceError, match=r"no I2C bus /dev/i2c-250: switch I2C on"):
        open_bus("i2c-250")
    with (
        pytest.raises(DeviceError, match=r"no I2C bus /dev/i2c-250: switch I2C on"),
        locked_bus("i2c-250"),
    ):
        pass


def test_a_bus_that_may_not_be_opened_is_said() -> None:
    error = _no_bus(Path("/dev/i2c-1"), PermissionError(13, "Permission denied"))
    assert str(error) == (
        "/dev/i2c-1 may not be opened: sudo usermod -aG i2c $USER, then log in again"
    )


def test_only_one_holds_a_bus_until_it_lets_go(tmp_path: Path) -> None:
    spec = f"simulated:{tmp_path}/chip"
    with locked_bus(spec):
        state = (tmp_path / "chip").read_bytes()
        with (
            pytest.raises(DeviceError, match=r"another guard drives .*stop everlap-guard"),
            locked_bus(spec),
        ):
            pass
        assert (tmp_path / "chip").read_bytes() == state
        with locked_bus(f"simulated:{tmp_path}/other"):
            pass
    with locked_bus(spec):
        pass


def test_a_file_that_holds_no_chip_is_not_locked(tmp_path: Path) -> None:
    (tmp_path / "chip").write_text("mine")
    with pytest.raises(SimulationError), locked_bus(f"simulated:{tmp_path}/chip"):
        pass
    assert (tmp_path / "chip").read_text() == "mine"
