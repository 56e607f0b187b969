"""car.toml: the shipped default is complete and true, and every fault is named."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
import pytest

import car
from car.config import CarConfig, load_config
from car.config_faults import allowed
from car.errors import ConfigError

SHIPPED = Path(car.__file__).with_name("car.toml")


def written(folder: Path, text: str) -> Path:
    path = folder / "car.toml"
    path.write_text(text)
    return path


def fault(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(written(folder, text))
    return str(caught.value)


def keys_of(struct: type[msgspec.Struct]) -> Iterator[tuple[str, Any]]:
    for name, annotation in get_type_hints(struct, include_extras=True).items():
        if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
            yield from keys_of(annotation)
        else:
            yield name, annotation


def test_the_shipped_file_is_the_default() -> None:
    assert load_config(SHIPPED) == CarConfig()


def test_an_empty_file_is_the_default(tmp_path: Path) -> None:
    assert load_config(written(tmp_path, "")) == CarConfig()


def test_the_shipped_file_lists_every_key() -> None:
    assert tomllib.loads(SHIPPED.read_text()) == msgspec.to_builtins(CarConfig())


def test_the_shipped_file_gives_the_range_of_every_key() -> None:
    """In the order of the structs, each line's comment holds both bounds of its key."""
    lines = [line for line in SHIPPED.read_text().splitlines() if " = " in line]
    for line, (name, annotation) in zip(lines, keys_of(CarConfig), strict=True):
        key, _, rest = line.partition(" = ")
        value, _, comment = rest.partition("  # ")
        assert key == name
        assert value
        words = words_of(annotation)
        assert words, f"{name} has no range"
        for word in words:
            assert word in comment, line


def words_of(annotation: Any) -> list[str]:
    """What a key's comment must mention: its bounds, or its choices."""
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    meta = get_args(annotation)[1]
    if meta.pattern is not None:
        first, *others = re.split(r", | or ", meta.description)
        return [choice.partition(":")[0] for choice in others] or [first]
    bounds = (meta.ge, meta.gt, meta.le, meta.lt)
    return [str(bound) for bound in bounds if bound is not None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[limits]\nthrottle_max = 1.5",
            "limits.throttle_max = 1.5 must be a number from 0.0 to 1.0",
        ),
        (
            "[limits]\nthrottle_max = nan",
            "limits.throttle_max = nan must be a number from 0.0 to 1.0",
        ),
        (
            "[limits]\nthrottle_max = true",
            "limits.throttle_max = true must be a number from 0.0 to 1.0",
        ),
        (
            "[camera.lens]\nheight_m = 0",
            "camera.lens.height_m = 0 must be a number above 0.02 and below 1.0",
        ),
        (
            "[steering]\nleft_us = 'far'",
            "steering.left_us = 'far' must be a whole number from 500 to 2500",
        ),
        (
            "[steering]\nleft_us = 1100.5",
            "steering.left_us = 1100.5 must be a whole number from 500 to 2500",
        ),
        (
            "[camera]\nmax_age_s = -1",
            "camera.max_age_s = -1 must be a number above 0.0 and up to 2.0",
        ),
        ("chip = 3", "chip = 3 must be a section with keys of its own"),
        (
            "[limits]\nthrotle_max = 0.5",
            "there is no key throtle_max in [limits]; did you mean throttle_max?",
        ),
        ("[camra]", "there is no key camra in the file; did you mean camera?"),
        (
            "[camera]\npitch_deg = 3",
            "there is no key pitch_deg in [camera]; did you mean camera.lens.pitch_deg?",
        ),
        (
            "[guard]\nxyzzy = 3",
            "there is no key xyzzy in [guard]; known here: deadline_s",
        ),
        (
            "[camera]\ndevice = 'webcam'",
            "camera.device = 'webcam' must be a text: picamera2, usb:NUMBER or replay:FOLDER",
        ),
        (
            "[chip]\nbus = 1",
            "chip.bus = 1 must be a text: i2c-NUMBER or simulated:FILE",
        ),
        (
            "[wheels]\nkind = 'tracks'",
            "wheels.kind = 'tracks' must be 'servo-and-esc' or 'two-escs' or 'h-bridge'",
        ),
        (
            "[wheels]\nkind = 'h-bridge'\n[differential.right]\nchannel = 1",
            "differential.left.reverse_channel and differential.right.channel are both 1: "
            "each needs its own",
        ),
        (
            "[steering]\nchannel = 0",
            "steering.channel and throttle.channel are both 0: each needs its own",
        ),
    ],
)
def test_a_fault_names_key_value_range_and_what_was_meant(
    tmp_path: Path, text: str, expected: str
) -> None:
    assert fault(tmp_path, text) == f"{tmp_path / 'car.toml'}: {expected}"


def test_pulses_out_of_order_are_refused(tmp_path: Path) -> None:
    assert "steering.centre_us = 1000" in fault(tmp_path, "[steering]\ncentre_us = 1000")
    assert "throttle.neutral_us = 2100" in fault(tmp_path, "[throttle]\nneutral_us = 2100")


def test_a_reversed_servo_is_accepted(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, "[steering]\nleft_us = 1900\nright_us = 1100"))
    assert config.steering.left_us == 1900


def test_what_is_not_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    assert "line 1" in fault(tmp_path, "width = = 3")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read .*absent\.toml"):
        load_config(tmp_path / "absent.toml")


def test_a_config_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        CarConfig().limits.throttle_max = 1.0  # type: ignore[misc]


def test_optional_values_are_described_by_what_they_may_hold() -> None:
    assert allowed(int | None) == "a whole number"
