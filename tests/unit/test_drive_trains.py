"""Drive trains, to the tick: what a command becomes, what standing still is, and the way back."""

import math

import pytest

from car.command import STOP, Command
from car.drivers.drive_trains import (
    HBridge,
    ServoAndEsc,
    TwoEscs,
    drive_train,
    from_sides,
    sides,
)
from car.errors import DeviceError
from car.guard.settings import (
    BridgeOutputs,
    HBridgeSettings,
    PulseOutput,
    ServoAndEscSettings,
    TwoEscsSettings,
)

TICK_US = 4.0
SERVO = ServoAndEscSettings(PulseOutput(5, 1100, 1500, 1900), PulseOutput(2, 1000, 1500, 2000))
ESCS = TwoEscsSettings(PulseOutput(3, 1000, 1500, 2000), PulseOutput(7, 2000, 1480, 1000), 0.5)
BRIDGE = HBridgeSettings(BridgeOutputs(8, 9), BridgeOutputs(11, 10), 0.5)


def test_a_servo_and_a_speed_controller() -> None:
    train = drive_train(SERVO, TICK_US)
    assert isinstance(train, ServoAndEsc)
    assert train.channels == (2, 5)
    assert train.ticks(STOP) == (375, 375)
    ticks = train.ticks(Command(-1.0, 0.4))
    assert ticks == (425, 275)
    assert train.command(ticks) == (-1.0, pytest.approx(0.4))
    assert train.at_rest(ticks) == (375, 275)
    assert train.command((375, 275)) == (-1.0, 0.0)
    assert train.between(ticks, train.ticks(Command(1.0, -1.0))) is None


def test_two_speed_controllers() -> None:
    train = drive_train(ESCS, TICK_US)
    assert isinstance(train, TwoEscs)
    assert train.channels == (3, 7)
    assert train.ticks(STOP) == (375, 370)
    ticks = train.ticks(Command(1.0, 0.4))
    assert ticks == (375 + 75, 370 - 24)
    assert train.command(ticks) == pytest.approx((1.0, 0.4))
    assert train.at_rest(ticks) == (375, 370)
    assert train.command((375, 370)) == STOP
    assert train.between(ticks, train.ticks(Command(0.0, -1.0))) is None


def test_an_h_bridge() -> None:
    train = drive_train(BRIDGE, TICK_US)
    assert isinstance(train, HBridge)
    assert train.channels == (8, 9, 11, 10)
    assert train.ticks(STOP) == (0, 0, 0, 0)
    ahead, back = train.ticks(Command(-1.0, 0.5)), train.ticks(Command(0.0, -1.0))
    assert ahead == (1024, 0, 3072, 0)
    assert back == (0, 4096, 0, 4096)
    assert train.ticks(Command(0.0, -0.5)) == (0, 2048, 0, 2048)
    assert train.ticks(Command(0.0, 1 / 8192)) == (1, 0, 1, 0)
    assert train.ticks(Command(0.0, -1 / 8193)) == (0, 0, 0, 0)
    assert train.command(ahead) == (-1.0, 0.5)
    assert train.command(back) == (0.0, -1.0)
    assert train.at_rest(ahead) == (0, 0, 0, 0)


def test_a_bridge_is_off_before_a_side_turns_round() -> None:
    train = HBridge(BRIDGE)
    off = (0, 0, 0, 0)
    assert train.between((5, 0, 9, 0), (0, 5, 0, 9)) == off
    assert train.between((0, 5, 0, 0), (5, 0, 0, 0)) == off
    assert train.between((0, 0, 9, 0), (0, 0, 0, 9)) == off
    assert train.between((0, 0, 0, 9), (0, 0, 9, 0)) == off
    assert train.between((5, 0, 9, 0), (6, 0, 0, 0)) is None
    assert train.between((5, 0, 0, 9), (6, 0, 0, 1)) is None
    assert train.between(off, (0, 5, 5, 0)) is None
    assert train.between((0, 5, 5, 0), off) is None


@pytest.mark.parametrize(
    ("command", "turn", "expected"),
    [
        (Command(0.0, 0.4), 0.5, (0.4, 0.4)),
        (Command(1.0, 0.4), 0.5, (0.6, 0.2)),
        (Command(-0.5, -0.4), 0.5, (-0.3, -0.5)),
        (Command(1.0, 0.0), 1.0, (0.0, 0.0)),
        (Command(1.0, 0.3), 1.0, (0.6, 0.0)),
        (Command(1.0, 1.0), 0.5, (1.0, 1 / 3)),
        (Command(-1.0, -0.8), 1.0, (0.0, -1.0)),
        (Command(1.0, 0.7), 0.0, (0.7, 0.7)),
    ],
)
def test_the_throttle_is_shared(
    command: Command, turn: float, expected: tuple[float, float]
) -> None:
    assert sides(command, turn) == pytest.approx(expected)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1.0001, -1.0001])
@pytest.mark.parametrize("wheels", [SERVO, ESCS, BRIDGE])
def test_what_is_not_within_the_units_is_refused(
    wheels: ServoAndEscSettings | TwoEscsSettings | HBridgeSettings, value: float
) -> None:
    train = drive_train(wheels, TICK_US)
    for command in (Command(value, 0.1), Command(0.1, value)):
        with pytest.raises(DeviceError, match=r"not (both )?within -1 to \+1: nothing was sent"):
            train.ticks(command)


@pytest.mark.parametrize("command", [(1.0, 1.0), (-1.0, 1.0), (1.0, -1.0), (-1.0, -1.0)])
def test_the_ends_of_the_range_are_not_refused(command: tuple[float, float]) -> None:
    for wheels in (SERVO, ESCS, BRIDGE):
        drive_train(wheels, TICK_US).ticks(Command(*command))


def test_the_way_back_from_two_sides() -> None:
    assert from_sides(0.0, 0.0, 0.5) == STOP
    assert from_sides(0.7, 0.7, 0.0) == (0.0, 0.7)
    assert from_sides(0.6, 0.2, 0.5) == (pytest.approx(1.0), pytest.approx(0.4))
    assert from_sides(0.2, 0.0, 0.5) == (1.0, 0.1)
    assert from_sides(0.0, 0.2, 0.5) == (-1.0, 0.1)
    assert from_sides(-0.3, -0.5, 0.5) == (pytest.approx(-0.5), pytest.approx(-0.4))
