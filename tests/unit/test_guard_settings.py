"""The guard's settings: whole, exact and refused by name when anything in them is wrong."""

import json
import math
from dataclasses import FrozenInstanceError, asdict
from pathlib import Path
from typing import Any

import pytest

from car.assembly import guard_settings
from car.config import CarConfig, ChipConfig, ThrottleConfig, WheelsConfig
from car.errors import ConfigError
from car.guard.settings import (
    BridgeOutputs,
    GuardSettings,
    HBridgeSettings,
    PulseOutput,
    ServoAndEscSettings,
    TwoEscsSettings,
    read_settings,
    settings_from_json,
)

KINDS = ("servo-and-esc", "two-escs", "h-bridge")
REST = {
    "servo-and-esc": [[0, 1500]],
    "two-escs": [[0, 1500], [2, 1500]],
    "h-bridge": [[0, 0.0], [1, 0.0], [2, 0.0], [3, 0.0]],
}


def settings(kind: Any = "servo-and-esc") -> GuardSettings:
    return guard_settings(CarConfig(wheels=WheelsConfig(kind=kind)))


def damaged(document: Any) -> str:
    with pytest.raises(ConfigError, match=r"^the guard's settings are damaged: ") as caught:
        settings_from_json(document if isinstance(document, str) else json.dumps(document))
    return str(caught.value).removeprefix("the guard's settings are damaged: ")


def test_all_that_the_guard_needs_comes_from_the_car_s_settings() -> None:
    assert settings() == GuardSettings(
        "i2c-1",
        0x40,
        60.0,
        25_000_000,
        ServoAndEscSettings(PulseOutput(1, 1100, 1500, 1900), PulseOutput(0, 1000, 1500, 2000)),
        0.18,
        2.0,
    )
    side = (1000, 1500, 2000)
    assert settings("two-escs").wheels == TwoEscsSettings(
        PulseOutput(0, *side), PulseOutput(2, *side), 0.5
    )
    assert settings("h-bridge").wheels == HBridgeSettings(
        BridgeOutputs(0, 1), BridgeOutputs(2, 3), 0.5
    )


def test_a_simulated_speed_controller_needs_no_arming() -> None:
    config = CarConfig(throttle=ThrottleConfig(arming_s=3.0))
    assert guard_settings(config).arming_s == 3.0
    simulated = guard_settings(config, "simulated:here")
    assert (simulated.bus, simulated.arming_s) == ("simulated:here", 0.0)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_written_is_read_again(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "guard.json"
    path.write_text(settings(kind).to_json())
    assert read_settings(path) == settings(kind)
    document = json.loads(path.read_text())
    assert document["rest"] == REST[kind]
    assert document["wheels"]["kind"] == kind


def test_the_digest_tells_any_two_settings_apart() -> None:
    some = [settings(kind) for kind in KINDS]
    some.append(guard_settings(CarConfig(chip=ChipConfig(address=0x41))))
    assert len({one.digest for one in some}) == 4
    assert settings().digest == settings().digest
    assert len(settings().digest) == 8


def test_the_digest_depends_on_values_and_not_on_the_order_of_their_names() -> None:
    text = settings().to_json()
    assert text == json.dumps(json.loads(text), sort_keys=True)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read .*none\.json: No such file"):
        read_settings(tmp_path / "none.json")
    path = tmp_path / "guard.json"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"guard\.json: the guard's settings are damaged"):
        read_settings(path)
    path.write_text("{}")
    with pytest.raises(ConfigError, match=r"guard\.json: the guard's settings are damaged"):
        read_settings(path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_cut_anywhere_is_refused(kind: str) -> None:
    text = settings(kind).to_json()
    for length in range(len(text)):
        damaged(text[:length])


@pytest.mark.parametrize("text", ["[]", "7", "null", "[" * 100_000])
def test_other_json_is_refused(text: str) -> None:
    damaged(text)


def fault(kind: str, path: str, value: object) -> str:
    document = json.loads(settings(kind).to_json())
    *sections, key = path.split(".")
    place = document
    for section in sections:
        place = place[section]
    place[key] = value
    return damaged(document)


@pytest.mark.parametrize(
    ("path", "bad", "message"),
    [
        ("bus", [7], "bus = {} is not a text"),
        (
            "address",
            [63, 128, 64.0, True, "64", None],
            "address = {} is not a whole number within 64 to 127",
        ),
        (
            "oscillator_hz",
            [22_999_999, 27_000_001],
            "oscillator_hz = {} is not a whole number within 23000000 to 27000000",
        ),
        (
            "frequency_hz",
            [23.9, 400.1, math.nan, math.inf, True, "60", 10**400],
            "frequency_hz = {} is not a number within 24 to 400",
        ),
        (
            "deadline_s",
            [0.019, 1.001, math.nan, -math.inf, None, [], 0],
            "deadline_s = {} is not a number within 0.02 to 1",
        ),
        ("arming_s", [-0.001, 10.001], "arming_s = {} is not a number within 0 to 10"),
        (
            "wheels.steering.minus_us",
            [499, 2501],
            "wheels: steering: minus_us = {} is not a number within 500 to 2500",
        ),
        (
            "wheels.throttle.plus_us",
            [499, 2501, math.nan],
            "wheels: throttle: plus_us = {} is not a number within 500 to 2500",
        ),
        (
            "wheels.throttle.zero_us",
            [1000, 2000, 2400, 600],
            "wheels: throttle: zero_us = {} must lie between 1000 and 2000",
        ),
        (
            "wheels.steering.zero_us",
            [1100, 1900],
            "wheels: steering: zero_us = {} must lie between 1100 and 1900",
        ),
        (
            "wheels.steering.channel",
            [-1, 16, 1.0, True],
            "wheels: steering: channel = {} is not a whole number within 0 to 15",
        ),
        ("wheels.steering.channel", [0], "steering and throttle are both on channel {}"),
        (
            "wheels.kind",
            ["tracks", 7, None, []],
            "wheels.kind = {} is not one of servo-and-esc, two-escs, h-bridge",
        ),
        ("wheels", [7, None], "wheels.kind = None is not one of servo-and-esc, two-escs, h-bridge"),
        ("wheels.steering", [7], "wheels: steering = {} is not an object"),
        ("rest", [[], [[0, 1501]], None], "rest = {} does not fit the wheels"),
        ("speed", [1], "the settings: speed is missing or unknown"),
        ("wheels.speed", [1], "wheels: speed is missing or unknown"),
    ],
)
def test_a_value_that_cannot_be_is_named(path: str, bad: list[object], message: str) -> None:
    for value in bad:
        assert fault("servo-and-esc", path, value) == message.replace("{}", repr(value))


@pytest.mark.parametrize("kind", ["two-escs", "h-bridge"])
def test_a_turn_beyond_its_range_is_named(kind: str) -> None:
    for value in (-0.001, 1.001):
        text = f"wheels: turn = {value} is not a number within 0 to 1"
        assert fault(kind, "wheels.turn", value) == text


@pytest.mark.parametrize("zero_us", [900, 1000, 2000, 2100])
def test_pulses_that_fall_are_put_in_order_too(zero_us: float) -> None:
    words = f"^zero_us = {zero_us} must lie between 2000 and 1000$"
    with pytest.raises(ConfigError, match=words):
        PulseOutput(0, 2000, zero_us, 1000)


@pytest.mark.parametrize("ends_us", [(1500, 1500), (1600, 1600)])
def test_pulses_that_never_change_are_refused(ends_us: tuple[float, float]) -> None:
    with pytest.raises(ConfigError, match="must lie between"):
        PulseOutput(0, ends_us[0], 1500, ends_us[1])


def test_channels_of_a_bridge_are_checked() -> None:
    text = "wheels: left: {} = {} is not a whole number within 0 to 15"
    assert fault("h-bridge", "wheels.left.ahead", 16) == text.format("ahead", 16)
    assert fault("h-bridge", "wheels.left.reverse", -1) == text.format("reverse", -1)
    same = "left.ahead and right.reverse are both on channel 0"
    assert fault("h-bridge", "wheels.right.reverse", 0) == same
    assert fault("two-escs", "wheels.right.channel", 0) == "left and right are both on channel 0"


def test_values_at_the_ends_of_their_ranges_are_taken() -> None:
    wheels = ServoAndEscSettings(PulseOutput(15, 500, 501, 2500), PulseOutput(0, 2500, 600, 500))
    low = GuardSettings("i2c-0", 0x40, 24.0, 23_000_000, wheels, 0.02, 0.0)
    high = GuardSettings("i2c-9", 0x7F, 400.0, 27_000_000, wheels, 1.0, 10.0)
    for one in (low, high):
        assert settings_from_json(one.to_json()) == one
    for turn in (0.0, 1.0):
        HBridgeSettings(BridgeOutputs(0, 15), BridgeOutputs(15, 0), turn)


def test_settings_cannot_be_changed_once_they_were_checked() -> None:
    for kind in KINDS:
        checked = settings(kind)
        first = next(iter(asdict(checked.wheels)))
        for place in (checked, checked.wheels, getattr(checked.wheels, first)):
            with pytest.raises(FrozenInstanceError):
                setattr(place, next(iter(asdict(place))), 7)
