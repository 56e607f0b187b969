"""Pulse arithmetic over every frequency, oscillator, direction and range."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from car.assembly import guard_settings
from car.command import Command
from car.config import CarConfig, ChipConfig
from car.drivers.pca9685 import ChipDriver
from car.drivers.pulses import PulseRange, TickScale, prescale_for, tick_us
from car.errors import ConfigError, DeviceError
from car.simulation.i2c import SimulatedI2c
from car.simulation.pca9685 import SimulatedPca9685

UNITS = st.floats(-1.0, 1.0)
OSCILLATORS_HZ = st.integers(23_000_000, 27_000_000)
FREQUENCIES_HZ = st.floats(27.0, 390.0)


@st.composite
def ranges(draw: st.DrawFn) -> PulseRange:
    low, middle, high = sorted(draw(st.sets(st.integers(500, 2500), min_size=3, max_size=3)))
    ends = draw(st.permutations([low, high]))
    return PulseRange("steering", ends[0], middle, ends[1])


@st.composite
def scales(draw: st.DrawFn) -> TickScale:
    oscillator_hz = draw(OSCILLATORS_HZ)
    tick = tick_us(prescale_for(draw(FREQUENCIES_HZ), oscillator_hz), oscillator_hz)
    pulses = draw(ranges())
    low_us, high_us = sorted((pulses.minus_us, pulses.plus_us))
    assume(high_us - low_us >= 2 * tick)
    assume(high_us < 4095 * tick)
    return TickScale(pulses, tick)


@given(scales(), UNITS)
def test_a_pulse_is_half_a_tick_from_the_one_asked_for_and_a_whole_one_at_the_ends(
    scale: TickScale, value: float
) -> None:
    asked_us = scale.pulses.pulse_us(value)
    ends = (scale.pulses.minus_us, scale.pulses.plus_us)
    inside = min(abs(asked_us - end) for end in ends) >= scale.tick_us
    allowed_us = scale.tick_us * (0.5 if inside else 1.0)
    assert abs(scale.ticks(value) * scale.tick_us - asked_us) <= allowed_us + 1e-6


@given(scales(), UNITS)
def test_no_pulse_lies_outside_its_range(scale: TickScale, value: float) -> None:
    low_us, high_us = sorted((scale.pulses.minus_us, scale.pulses.plus_us))
    assert low_us - 1e-6 <= scale.ticks(value) * scale.tick_us <= high_us + 1e-6


@given(scales(), UNITS, UNITS)
def test_more_is_never_less(scale: TickScale, one: float, other: float) -> None:
    low, high = sorted((one, other))
    rising = scale.pulses.plus_us > scale.pulses.minus_us
    first, second = scale.ticks(low), scale.ticks(high)
    assert first <= second if rising else first >= second


@given(scales(), UNITS)
def test_what_went_out_asks_for_the_same_ticks_again(scale: TickScale, value: float) -> None:
    sent = scale.value(scale.ticks(value))
    assert -1.0 <= sent <= 1.0
    assert scale.ticks(sent) == scale.ticks(value)


@given(scales())
def test_zero_comes_back_as_exactly_zero(scale: TickScale) -> None:
    assert scale.value(scale.ticks(0.0)) == 0.0


@given(ranges(), UNITS)
def test_a_pulse_stands_for_the_value_that_made_it(pulses: PulseRange, value: float) -> None:
    assert pulses.value(pulses.pulse_us(value)) == pytest.approx(value, abs=1e-9)


@given(ranges(), st.floats().filter(lambda value: not -1 <= value <= 1))
def test_what_is_not_within_the_units_is_refused(pulses: PulseRange, value: float) -> None:
    with pytest.raises(DeviceError, match="nothing was sent"):
        pulses.pulse_us(value)


@given(st.floats(1.0, 2000.0), OSCILLATORS_HZ)
def test_the_prescale_is_the_nearest_or_refused(frequency_hz: float, oscillator_hz: int) -> None:
    try:
        prescale = prescale_for(frequency_hz, oscillator_hz)
    except ConfigError:
        ideal = oscillator_hz / 4096 / frequency_hz - 1
        assert not 2.5 < ideal < 255.5 or math.isclose(ideal, 2.5) or math.isclose(ideal, 255.5)
        return
    assert 3 <= prescale <= 255
    assert abs(prescale + 1 - oscillator_hz / 4096 / frequency_hz) <= 0.5 + 1e-9


@given(UNITS, UNITS, OSCILLATORS_HZ)
def test_the_servo_sees_the_pulse_asked_for_within_3_us_at_60_hz(
    steering: float, throttle: float, oscillator_hz: int
) -> None:
    """Within a tick of the ends, where no pulse may reach beyond, it may be 4.1 us short."""
    chip = SimulatedPca9685(oscillator_hz=oscillator_hz)
    settings = guard_settings(CarConfig(chip=ChipConfig(oscillator_hz=oscillator_hz)))
    wheels = ChipDriver(SimulatedI2c([chip]), settings, lambda: 0.0)
    with wheels:
        wheels.write(Command(steering, throttle))
        for channel, asked_us, reach_us in (
            (1, 1500 + 400 * steering, 400),
            (0, 1500 + 500 * throttle, 500),
        ):
            allowed_us = 3.0 if abs(asked_us - 1500) < reach_us - 4.1 else 4.1
            assert chip.pulse_us(channel) == pytest.approx(asked_us, abs=allowed_us)
