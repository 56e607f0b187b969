"""Every drive train on the simulated chip: no command, torn write or turn makes it do wrong."""

from hypothesis import given
from hypothesis import strategies as st

from car.command import Command
from car.drivers.drive_trains import drive_train, from_sides, sides
from car.drivers.pca9685 import ChipDriver
from car.errors import DeviceError
from car.guard.settings import (
    BridgeOutputs,
    GuardSettings,
    HBridgeSettings,
    PulseOutput,
    ServoAndEscSettings,
    TwoEscsSettings,
    Wheels,
)
from car.simulation.bus_faults import TornWrite
from car.simulation.i2c import SimulatedI2c
from car.simulation.pca9685 import SimulatedPca9685

UNITS = st.floats(-1.0, 1.0)
COMMANDS = st.builds(Command, UNITS, UNITS)
TURNS = st.floats(0.0, 1.0)


@st.composite
def wheels(draw: st.DrawFn) -> Wheels:
    one, two, three, four = draw(st.permutations(range(16)))[:4]
    pulses = draw(st.permutations([1000, 2000]))
    first = PulseOutput(one, pulses[0], 1500, pulses[1])
    second = PulseOutput(two, 1100, 1480, 1900)
    turn = draw(TURNS)
    choices: list[Wheels] = [
        ServoAndEscSettings(first, second),
        TwoEscsSettings(first, second, turn),
        HBridgeSettings(BridgeOutputs(one, two), BridgeOutputs(three, four), turn),
    ]
    return draw(st.sampled_from(choices))


@given(COMMANDS, TURNS)
def test_sides_stay_in_range_and_agree_with_the_throttle(command: Command, turn: float) -> None:
    left, right = sides(command, turn)
    assert -1.0 <= left <= 1.0
    assert -1.0 <= right <= 1.0
    assert left * command.throttle >= 0
    assert right * command.throttle >= 0
    assert (left == right == 0) == (command.throttle == 0)
    sent = from_sides(left, right, turn)
    assert abs(sent.throttle) <= abs(command.throttle) + 1e-9
    if turn > 0.01 and abs(command.throttle) > 0.01:
        assert abs(sent.steering - command.steering) < 1e-6


@given(wheels(), COMMANDS)
def test_what_went_out_asks_for_nearly_the_same_again(wheels: Wheels, command: Command) -> None:
    train = drive_train(wheels, 4.08)
    ticks = train.ticks(command)
    again = train.ticks(train.command(ticks))
    assert all(abs(one - other) <= 1 for one, other in zip(ticks, again, strict=True))


@given(wheels(), st.lists(st.tuples(COMMANDS, st.integers(0, 17)), max_size=8))
def test_torn_writes_never_drive_both_ways_and_neutral_is_neutral(
    wheels: Wheels, turns: list[tuple[Command, int]]
) -> None:
    chip, now_s = Witness(wheels), 0.0
    bus = SimulatedI2c([chip])
    settings = GuardSettings("simulated:memory", 0x40, 60.0, 25_000_000, wheels, 0.18, 0.0)
    driver = ChipDriver(bus, settings, lambda: now_s)
    driver.__enter__()
    for command, kept in turns:
        bus.faults = [TornWrite(kept, times=4)]
        try:
            driver.write(command)
        except DeviceError:
            bus.faults = []
            driver.neutral()
    bus.faults = []
    driver.neutral()
    for channel, us in wheels.rest:
        pulse_us = chip.pulse_us(channel)
        assert pulse_us is None if us == 0 else abs((pulse_us or 0) - us) <= 2.1


class Witness(SimulatedPca9685):
    """Refuses to see both inputs of a side on."""

    def __init__(self, wheels: Wheels) -> None:
        super().__init__()
        bridge = isinstance(wheels, HBridgeSettings)
        self._pairs = (
            [(side.ahead, side.reverse) for side in (wheels.left, wheels.right)] if bridge else []
        )

    def write(self, address: int, data: bytes) -> int:
        taken = super().write(address, data)
        for ahead, reverse in self._pairs:
            assert not (self._is_on(ahead) and self._is_on(reverse))
        return taken

    def _is_on(self, channel: int) -> bool:
        on_high, off_high = self._state[7 + 4 * channel], self._state[9 + 4 * channel]
        return not off_high & 0x10 and (bool(on_high & 0x10) or self.pulse_us(channel) is not None)
