"""Whatever stands in car.toml: it is refused by name, or no pulse ever leaves its limits."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from car.assembly import guard_settings
from car.command import Command
from car.config import CarConfig, load_config
from car.drivers.pca9685 import ChipDriver
from car.errors import CarError
from car.simulation.i2c import SimulatedI2c
from car.simulation.pca9685 import CHANNELS, SimulatedPca9685, powered_on

LOWEST_US, HIGHEST_US = 500.0, 2500.0
ROUNDING_US = 12.0
"""A tick at 24 Hz is 10.2 us."""

ANYTHING = st.one_of(
    st.integers(-(2**40), 2**40),
    st.integers(0, 3000),
    st.floats(),
    st.floats(0.0, 10.0),
    st.booleans(),
    st.text(max_size=12),
    st.sampled_from(["two-escs", "h-bridge", "servo-and-esc", "i2c-1", "usb:0", "picamera2"]),
    st.lists(st.integers(), max_size=2),
)
COMMAND = st.builds(Command, st.floats(-1, 1), st.floats(-1, 1))


def keys_of(struct: type[msgspec.Struct], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, kind in get_type_hints(struct).items():
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            yield from keys_of(kind, (*path, name))
        else:
            yield (*path, name)


KEYS = list(keys_of(CarConfig))


def toml_of(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case float():
            return "nan" if math.isnan(value) else repr(value)
        case str():
            escaped = "".join(f"\\U{ord(letter):08x}" for letter in value)
            return f'"{escaped}"'
        case list():
            return "[" + ", ".join(map(toml_of, value)) + "]"
    return str(value)


def written(folder: Path, settings: list[tuple[tuple[str, ...], Any]]) -> Path:
    path = folder / "car.toml"
    lines = [f"{'.'.join(key)} = {toml_of(value)}" for key, value in dict(settings).items()]
    path.write_text("\n".join(lines), "utf-8")
    return path


def drive_with(config: CarConfig, commands: list[Command]) -> None:
    """Send commands through the real driver, and measure every pulse that comes out."""
    chip = SimulatedPca9685(
        powered_on(config.chip.address), oscillator_hz=config.chip.oscillator_hz
    )
    settings = guard_settings(config, "simulated:memory")
    with ChipDriver(SimulatedI2c([chip]), settings, lambda: 0.0) as wheels:
        for command in commands:
            wheels.write(command)
            check_pulses(chip, config)
    check_pulses(chip, config)


def check_pulses(chip: SimulatedPca9685, config: CarConfig) -> None:
    if config.wheels.kind == "h-bridge":
        return
    for channel in range(CHANNELS):
        pulse = chip.pulse_us(channel)
        assert pulse is None or LOWEST_US - ROUNDING_US <= pulse <= HIGHEST_US + ROUNDING_US


def outcome(act: Callable[[], object]) -> object:
    """What a step gives, or the words in which it was refused."""
    try:
        return act()
    except CarError as error:
        return str(error)


@pytest.mark.parametrize("key", KEYS, ids=".".join)
@given(value=ANYTHING, commands=st.lists(COMMAND, min_size=1, max_size=3))
def test_any_value_of_any_key_is_refused_by_name_or_safe(
    tmp_path_factory: pytest.TempPathFactory,
    key: tuple[str, ...],
    value: Any,
    commands: list[Command],
) -> None:
    path = written(tmp_path_factory.getbasetemp(), [(key, value)])
    config = outcome(lambda: load_config(path))
    if isinstance(config, CarConfig):
        assert outcome(lambda: drive_with(config, commands)) != ""
    else:
        assert key[-1] in str(config)


@given(
    settings=st.lists(st.tuples(st.sampled_from(KEYS), ANYTHING), max_size=6),
    commands=st.lists(COMMAND, min_size=1, max_size=3),
)
def test_any_values_together_are_refused_or_safe(
    tmp_path_factory: pytest.TempPathFactory,
    settings: list[tuple[tuple[str, ...], Any]],
    commands: list[Command],
) -> None:
    path = written(tmp_path_factory.getbasetemp(), settings)
    assert outcome(lambda: drive_with(load_config(path), commands)) != ""


@given(data=st.binary(max_size=300))
def test_a_damaged_file_is_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "car.toml"
    path.write_bytes(data)
    config = outcome(lambda: load_config(path))
    assert isinstance(config, CarConfig) or str(path) in str(config)
