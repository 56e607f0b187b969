"""The drive loop with plain parts: order, neutral on every exit, and what is recorded."""

import math
from collections.abc import Iterator
from types import TracebackType

import numpy as np
import pytest

from car.command import STOP, Command
from car.config import CameraConfig, CarConfig, HumanConfig
from car.driver import driver_of
from car.errors import DeviceError, PilotError, StaleFrameError
from car.frame import Frame
from car.human import Starter, Wish
from car.loop import Tick, drive
from car.modes import Event, Mode
from car.pilots.pilot import Decision
from car.recorder import NoRecorder
from car.timing import Spread, Timing
from tubs.record import Record

CONFIG = CarConfig(camera=CameraConfig(width_px=32, height_px=32))


class Hands:
    """Actuators that remember; their clock is set by the camera."""

    def __init__(self, fails_at: int = -1) -> None:
        self.sent: list[Command] = []
        self.neutral = self.latched = False
        self.fails_at = fails_at

    def __enter__(self) -> "Hands":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.neutral = True

    def send(self, command: Command) -> Command:
        if len(self.sent) == self.fails_at:
            raise DeviceError("the bus is gone")
        self.sent.append(command)
        return Command(round(command.steering, 1), round(command.throttle, 1))


class Pictures:
    """A camera of some frames, each as old as wished when it arrives."""

    is_open = False

    def __enter__(self) -> "Pictures":
        self.is_open = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.is_open = False

    def __init__(self, count: int, age_s: float = 0.02) -> None:
        self.now_s = 0.0
        self.count = count
        self.age_s = age_s

    def __iter__(self) -> Iterator[Frame]:
        for number in range(self.count):
            self.now_s = 0.05 * number + self.age_s
            image = np.random.default_rng(number).integers(0, 256, (32, 32, 3), np.uint8)
            yield Frame(image, 0.05 * number, number)

    def clock(self) -> float:
        return self.now_s


class Straight:
    """A pilot that always wants the same, and may fail."""

    def __init__(self, command: Command, error: Exception | None = None) -> None:
        self.command = command
        self.error = error

    def decide(self, frame: Frame) -> Decision:
        if self.error is not None and frame.number == 3:
            raise self.error
        return Decision(self.command, 0.1)


class Memory(NoRecorder):
    """A recorder that keeps its records."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def append(self, record: Record) -> None:
        self.records.append(record)


class Stick:
    """A human who chooses once and then holds the stick; from some time on they are silent."""

    def __init__(self, choice: Event, command: Command, silent_after_s: float = math.inf) -> None:
        self.choice: tuple[Event, ...] = (choice,)
        self.command = command
        self.silent_after_s = silent_after_s

    def wish(self, now_s: float) -> Wish:
        events, self.choice = self.choice, ()
        command = STOP if events else self.command
        return Wish(command, min(now_s, self.silent_after_s), events)


def run(
    camera: Pictures, human: Starter | Stick, pilot: Straight | None, hands: Hands
) -> tuple[list[Tick], Memory, Timing]:
    ticks: list[Tick] = []
    memory, timing = Memory(), Timing(0.05)
    driver = driver_of(CONFIG, human, pilot)
    drive(camera, driver, hands, memory, camera.clock, timing, ticks.append)
    return ticks, memory, timing


def test_every_frame_is_one_tick_and_the_end_of_the_camera_is_neutral() -> None:
    hands = Hands()
    ticks, memory, timing = run(
        Pictures(5), Starter(Event.CHOOSE_PILOT), Straight(Command(0.44, 0.3)), hands
    )
    assert len(ticks) == len(memory.records) == timing.ticks == len(hands.sent) == 5
    assert hands.neutral


def test_what_was_really_sent_is_what_is_recorded() -> None:
    _, memory, _ = run(
        Pictures(9), Starter(Event.CHOOSE_PILOT), Straight(Command(0.44, 0.3)), Hands()
    )
    last = memory.records[-1]
    assert (last.steering, last.throttle) == (0.4, 0.3)
    assert last.pilot_steering == 0.44
    assert last.human_steering is None
    assert last.mode == "pilot"
    assert last.applied_s - last.captured_s == pytest.approx(0.02)


@pytest.mark.parametrize(
    "error", [PilotError("nan"), KeyboardInterrupt(), MemoryError(), RuntimeError("any")]
)
def test_whatever_a_pilot_throws_leaves_the_car_at_neutral(error: Exception) -> None:
    hands = Hands()
    with pytest.raises(type(error)):
        run(Pictures(9), Starter(Event.CHOOSE_PILOT), Straight(Command(0, 0.3), error), hands)
    assert hands.neutral
    assert len(hands.sent) == 3


def test_a_bus_that_fails_leaves_the_car_at_neutral() -> None:
    hands = Hands(fails_at=2)
    with pytest.raises(DeviceError):
        run(Pictures(9), Starter(Event.CHOOSE_PILOT), Straight(Command(0, 0.3)), hands)
    assert hands.neutral


class LatchingHands(Hands):
    """Actuators that withhold throttle once, as a guard does that waited too long."""

    def send(self, command: Command) -> Command:
        self.latched = len(self.sent) == 4
        return super().send(command)


def test_a_guard_that_withheld_throttle_stops_the_car_for_good() -> None:
    hands = LatchingHands()
    ticks, _, _ = run(Pictures(12), Starter(Event.CHOOSE_PILOT), Straight(Command(0.2, 0.4)), hands)
    assert ticks[4].sent.throttle > 0
    assert ticks[-1].mode is Mode.STOPPED
    assert not any(command.throttle for command in hands.sent[5:])


def test_a_stale_frame_ends_the_drive_at_neutral() -> None:
    hands = Hands()
    with pytest.raises(StaleFrameError):
        run(Pictures(9, age_s=0.5), Starter(Event.CHOOSE_PILOT), Straight(Command(0, 1)), hands)
    assert hands.neutral
    assert not hands.sent


def test_without_a_choice_nothing_moves() -> None:
    hands = Hands()
    run(Pictures(9), Starter(Event.STOP), Straight(Command(0.5, 0.5)), hands)
    assert set(hands.sent) == {STOP}


def test_a_silent_human_stops_the_car_within_the_expiry() -> None:
    hands = Hands()
    ticks, _, _ = run(
        Pictures(20), Stick(Event.CHOOSE_HUMAN, Command(0.1, 0.3), silent_after_s=0.3), None, hands
    )
    throttle = [command.throttle for command in hands.sent]
    assert throttle[5] > 0
    silent_from = math.ceil((0.3 + HumanConfig().expiry_s) / 0.05) + 1
    assert not any(throttle[silent_from:])
    assert ticks[-1].mode is Mode.STOPPED


def test_in_assisted_mode_the_pilot_steers_and_the_human_has_the_throttle() -> None:
    hands = Hands()
    _, memory, _ = run(
        Pictures(9),
        Stick(Event.CHOOSE_ASSISTED, Command(-0.9, 0.2)),
        Straight(Command(0.5, 0.6)),
        hands,
    )
    assert hands.sent[-1] == Command(0.5, 0.2)
    assert memory.records[-1].human_steering == -0.9


def test_a_tick_longer_than_the_period_counts_as_late() -> None:
    times = iter([0.0, 0.01, 0.02, 0.08, 1.0, 1.01, 1.02, 1.03])
    timing = Timing(0.05, lambda: next(times))
    for captured in (0.0, 0.05):
        began, decided, sent = timing.stopwatch(), timing.stopwatch(), timing.stopwatch()
        timing.add(captured, 0.02, began, decided, sent)
    assert timing.late_ticks == 1
    assert timing.summary()["tick"]["max"] == pytest.approx(80.0)
    assert timing.summary()["period"]["p50"] == pytest.approx(50.0, rel=0.0025)
    assert "1 late" in timing.table()


class LateChooser:
    """A human whose choice arrives long after it was made, or from the future."""

    def __init__(self, made_s: float) -> None:
        self.made_s = made_s

    def wish(self, now_s: float) -> Wish:
        return Wish(STOP, self.made_s, (Event.CHOOSE_PILOT,))


@pytest.mark.parametrize("made_s", [-1.0, 1000.0])
def test_a_choice_that_comes_late_or_from_the_future_starts_nothing(made_s: float) -> None:
    hands = Hands()
    ticks: list[Tick] = []
    camera = Pictures(9)
    driver = driver_of(CONFIG, LateChooser(made_s), Straight(Command(0, 1)))
    drive(camera, driver, hands, Memory(), camera.clock, Timing(0.05), ticks.append)
    assert {tick.mode for tick in ticks} == {Mode.STOPPED}
    assert set(hands.sent) == {STOP}


class Dark(Pictures):
    """A camera whose pictures turn black, and then show something again."""

    def __iter__(self) -> Iterator[Frame]:
        for frame in super().__iter__():
            if 5 <= frame.number < 30:
                frame.image[:] = 0
            yield frame


def test_a_camera_that_sees_nothing_stops_the_car_and_does_not_let_it_go_on_by_itself() -> None:
    hands = Hands()
    ticks, _, _ = run(Dark(40), Starter(Event.CHOOSE_PILOT), Straight(Command(0, 0.3)), hands)
    throttle = [command.throttle for command in hands.sent]
    assert throttle[5] > 0
    assert not any(throttle[14:])
    assert ticks[-1].mode is Mode.STOPPED


def test_a_hazard_stops_the_car_and_is_remembered_as_the_reason() -> None:
    hands, camera = Hands(), Pictures(20)

    def hazard() -> str | None:
        return "undervoltage" if camera.now_s > 0.5 else None

    human = Stick(Event.CHOOSE_PILOT, STOP)
    driver = driver_of(CONFIG, human, Straight(Command(0, 0.3)), hazard)
    drive(camera, driver, hands, Memory(), camera.clock, Timing(0.05), lambda tick: None)
    assert hands.sent[9].throttle > 0
    assert not any(command.throttle for command in hands.sent[11:])
    assert driver.why_stopped == "undervoltage"


def test_the_camera_opens_after_and_closes_after_the_car_is_at_neutral() -> None:
    events: list[str] = []

    class Loud(Hands):
        def __enter__(self) -> "Hands":
            events.append("neutral")
            return self

        def __exit__(self, *error: object) -> None:
            events.append("neutral")

    class LoudPictures(Pictures):
        def __enter__(self) -> "Pictures":
            events.append("open")
            return self

        def __exit__(self, *error: object) -> None:
            events.append("closed")

    run(LoudPictures(3), Starter(Event.CHOOSE_PILOT), Straight(Command(0, 0.3)), Loud())
    assert events == ["neutral", "open", "neutral", "closed"]


def test_durations_take_bounded_memory_and_keep_a_quarter_of_a_percent() -> None:
    spread = Spread()
    for number in range(1, 20_001):
        spread.add(number * 1e-5)
    summary = spread.summary()
    assert summary["p50"] == pytest.approx(100.0, rel=0.003)
    assert summary["p99"] == pytest.approx(198.0, rel=0.003)
    assert summary["max"] == pytest.approx(200.0)
    assert len(spread._counts) < 2500


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1.001, -7.0])
@pytest.mark.parametrize("what", ["steering", "throttle"])
def test_a_pilot_that_wants_nonsense_ends_the_drive_at_neutral(what: str, value: float) -> None:
    hands = Hands()
    wants = Command(0.1, 0.1)._replace(**{what: value})
    with pytest.raises(PilotError, match="it is broken"):
        run(Pictures(9), Starter(Event.CHOOSE_PILOT), Straight(wants), hands)
    assert hands.neutral
    assert not hands.sent


@pytest.mark.parametrize("value", [math.nan, math.inf, -1.5])
@pytest.mark.parametrize("what", ["steering", "throttle"])
def test_controls_that_give_nonsense_stop_the_car(what: str, value: float) -> None:
    hands = Hands()
    wish = Command(0.1, 0.1)._replace(**{what: value})
    ticks, _, _ = run(Pictures(9), Stick(Event.CHOOSE_HUMAN, wish), None, hands)
    assert set(hands.sent) == {STOP}
    assert ticks[-1].mode is Mode.STOPPED
