"""Pulses to the digit: prescale, length of a tick, microseconds, ticks and the way back."""

import math
from dataclasses import FrozenInstanceError

import pytest

from car.drivers.pulses import PulseRange, TickScale, prescale_for, tick_us
from car.errors import ConfigError, DeviceError

STEERING = PulseRange("steering", 1100, 1500, 1900)
FALLING = PulseRange("throttle", 2000, 1480, 1000)


@pytest.mark.parametrize(
    ("frequency_hz", "oscillator_hz", "prescale"),
    [
        (60.0, 25e6, 101),
        (50.0, 25e6, 121),
        (60.0, 26.5e6, 107),
        (59.546, 25e6, 102),
        (200.0, 25e6, 30),
        (24.0, 25e6, 253),
        (1525.0, 25e6, 3),
        (23.85, 25e6, 255),
        (64.0, 4096 * 64 * 3.5, 3),
        (64.0, 4096 * 64 * 256.49, 255),
    ],
)
def test_the_prescale_for_a_frequency(
    frequency_hz: float, oscillator_hz: float, prescale: int
) -> None:
    assert prescale_for(frequency_hz, oscillator_hz) == prescale


@pytest.mark.parametrize("frequency_hz", [1.0, 23.7, 1800.0, 9999.0])
def test_a_frequency_beyond_the_chip_is_refused_with_those_it_can_make(
    frequency_hz: float,
) -> None:
    words = rf"= {frequency_hz:g} cannot be made .*oscillator_hz = 2.5e\+07: 24 to 1525 Hz can"
    with pytest.raises(ConfigError, match=words):
        prescale_for(frequency_hz, 25_000_000)


@pytest.mark.parametrize("ideal", [3.49, 256.5, 257.0])
def test_one_step_beyond_the_register_is_refused(ideal: float) -> None:
    with pytest.raises(ConfigError, match="cannot be made"):
        prescale_for(64.0, 4096 * 64 * ideal)


def test_the_frequencies_that_can_be_made_are_rounded_inwards() -> None:
    with pytest.raises(ConfigError, match=r": 26 to 1647 Hz can$"):
        prescale_for(10.0, 27e6)
    with pytest.raises(ConfigError, match=r": 1 to 64 Hz can$"):
        prescale_for(500.0, 4096 * 256)
    with pytest.raises(ConfigError, match=r": 2 to 64 Hz can$"):
        prescale_for(500.0, 4096 * 257)


def test_the_length_of_a_tick() -> None:
    assert tick_us(101, 25e6) == pytest.approx(4.08)
    assert tick_us(121, 25e6) == pytest.approx(4.88)
    assert tick_us(0, 1e6) == 1.0


@pytest.mark.parametrize(
    ("value", "rising_us", "falling_us"),
    [
        (-1.0, 1100, 2000),
        (-0.5, 1300, 1740),
        (0.0, 1500, 1480),
        (0.25, 1600, 1360),
        (1.0, 1900, 1000),
    ],
)
def test_the_pulse_for_a_value_and_the_way_back(
    value: float, rising_us: float, falling_us: float
) -> None:
    assert STEERING.pulse_us(value) == rising_us
    assert FALLING.pulse_us(value) == falling_us
    assert STEERING.value(rising_us) == value
    assert FALLING.value(falling_us) == value


def test_a_lopsided_range_has_a_scale_on_each_side() -> None:
    lopsided = PulseRange("steering", 1000, 1200, 2000)
    assert [lopsided.pulse_us(value) for value in (-1.0, -0.5, 0.0, 0.5, 1.0)] == [
        1000,
        1100,
        1200,
        1600,
        2000,
    ]
    assert [lopsided.value(us) for us in (1000, 1100, 1200, 1600, 2000)] == [-1, -0.5, 0, 0.5, 1]


def test_beyond_the_ends_a_pulse_stands_for_the_end() -> None:
    assert [STEERING.value(us) for us in (500, 1099, 1901, 2500)] == [-1, -1, 1, 1]
    assert [FALLING.value(us) for us in (2500, 999)] == [-1, 1]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1.0000001, -1.0000001])
def test_no_pulse_is_made_of_what_is_not_within_the_units(value: float) -> None:
    words = r"^steering = .* is not within -1 to \+1: nothing was sent$"
    with pytest.raises(DeviceError, match=words):
        STEERING.pulse_us(value)
    with pytest.raises(DeviceError, match=words):
        TickScale(STEERING, 4.0).ticks(value)


@pytest.mark.parametrize(
    ("value", "ticks"),
    [
        (-1.0, 275),
        (-0.996, 275),
        (-0.994, 276),
        (0.0, 375),
        (0.0049, 375),
        (0.005, 376),
        (0.0051, 376),
        (1.0, 475),
    ],
)
def test_the_nearest_tick(value: float, ticks: int) -> None:
    assert TickScale(STEERING, 4.0).ticks(value) == ticks


def test_the_ends_are_the_last_ticks_within_the_range() -> None:
    scale = TickScale(PulseRange("steering", 1101, 1500, 1899), 4.0)
    assert [scale.ticks(value) for value in (-1.0, -0.999, 0.0, 0.999, 1.0)] == [
        276,
        276,
        375,
        474,
        474,
    ]
    falling = TickScale(PulseRange("throttle", 1899, 1500, 1101), 4.0)
    assert [falling.ticks(value) for value in (-1.0, 1.0)] == [474, 276]


def test_the_way_back_from_ticks() -> None:
    scale = TickScale(PulseRange("steering", 1100, 1501, 1900), 4.0)
    assert scale.zero == 375
    assert scale.value(375) == 0.0
    assert scale.value(376) == pytest.approx(3 / 399)
    assert scale.value(374) == pytest.approx(-5 / 401)
    assert scale.value(275) == -1.0
    assert scale.value(475) == 1.0


def test_a_range_longer_than_the_cycle_is_refused() -> None:
    TickScale(PulseRange("throttle", 1000, 1500, 4095.9), 1.0)
    words = r"^a throttle pulse of 4096 us does not fit in the chip's cycle of 4096 us: lower"
    with pytest.raises(ConfigError, match=words):
        TickScale(PulseRange("throttle", 1000, 1500, 4096), 1.0)
    with pytest.raises(ConfigError, match="cycle of 2048 us"):
        TickScale(PulseRange("throttle", 2500, 1500, 1000), 0.5)


def test_a_range_between_two_ticks_is_refused() -> None:
    one_tick = TickScale(PulseRange("steering", 1500, 1500.5, 1501), 4.0)
    assert {one_tick.ticks(value) for value in (-1.0, 0.0, 1.0)} == {375}
    words = r"^the steering pulses 1501 to 1503 us lie between two ticks of 4\.00 us: widen"
    with pytest.raises(ConfigError, match=words):
        TickScale(PulseRange("steering", 1503, 1502, 1501), 4.0)


def test_a_range_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        STEERING.plus_us = 2500  # type: ignore[misc]
