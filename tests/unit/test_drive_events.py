"""What happens in a drive is in its recording: modes, faults, emergencies, interventions, laps."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from car.command import STOP, Command
from car.config import CameraConfig, CarConfig
from car.drive_events import DriveEvents
from car.driver import driver_of
from car.errors import PilotError
from car.frame import Frame
from car.human import LONG_AGO_S, Wish
from car.lap_events import LapEvents
from car.loop import drive
from car.modes import Event as Happens
from car.pilots.pilot import Decision
from car.recorder import NoRecorder
from car.simulation.marshal import Marshal
from car.simulation.tracks import parse_track
from car.simulation.vehicle import Vehicle, VehicleParameters
from car.timing import Timing
from tubs.event import EMERGENCY, FAULT, INTERVENTION, LAP, MODE, Event

CONFIG = CarConfig(camera=CameraConfig(width_px=32, height_px=32))


class Notebook(NoRecorder):
    """A recorder that keeps the events."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def note(self, event: Event) -> None:
        self.events.append(event)

    @property
    def found(self) -> list[tuple[float, str, str]]:
        return [(round(each.at_s, 3), each.kind, each.text) for each in self.events]


class Hands:
    latched = False

    def __enter__(self) -> "Hands":
        return self

    def __exit__(self, *reason: object) -> None: ...

    def send(self, command: Command) -> Command:
        return command


class Pictures:
    now_s = 0.0

    def __init__(self, count: int) -> None:
        self._count = count

    def __enter__(self) -> "Pictures":
        return self

    def __exit__(self, *reason: object) -> None: ...

    def __iter__(self) -> Iterator[Frame]:
        for number in range(self._count):
            self.now_s = 0.05 * number
            image = np.random.default_rng(number).integers(0, 256, (32, 32, 3), np.uint8)
            yield Frame(image, self.now_s, number)

    def clock(self) -> float:
        return self.now_s


class Script:
    """A human who does one thing a tick, and is silent at None."""

    def __init__(self, happens: Sequence[Happens | str | None]) -> None:
        self._happens = iter(happens)

    def wish(self, now_s: float) -> Wish:
        each = next(self._happens)
        if each is None:
            return Wish(STOP, LONG_AGO_S)
        return Wish(STOP, now_s, (each,) if isinstance(each, Happens) else ())


class Ahead:
    def decide(self, frame: Frame) -> Decision:
        return Decision(Command(0.0, 0.2), 0.1)


def events_of(*happens: Happens | str | None, pilot: Ahead | None = None) -> Notebook:
    camera, notebook = Pictures(len(happens)), Notebook()
    driver = driver_of(CONFIG, Script(happens), pilot)
    events = DriveEvents(driver, notebook, lambda: "gamepad")
    drive(camera, driver, Hands(), notebook, camera.clock, Timing(0.05), events.watch)
    return notebook


def test_a_choice_is_noted_at_its_record_with_who_made_it() -> None:
    assert events_of("", Happens.CHOOSE_HUMAN, "", "").found == [
        (0.05, MODE, "stopped to human: chosen at the gamepad")
    ]


def test_a_stop_by_hand_is_a_change_of_mode_and_no_fault() -> None:
    assert events_of(Happens.CHOOSE_HUMAN, Happens.STOP).found[1:] == [
        (0.05, MODE, "human to stopped: the human stopped it")
    ]


def test_an_emergency_stop_and_its_end_are_noted() -> None:
    found = events_of(Happens.CHOOSE_HUMAN, Happens.EMERGENCY, "", Happens.REARM).found[1:]
    assert found == [
        (0.05, MODE, "human to stopped: emergency stop"),
        (0.05, EMERGENCY, "emergency stop"),
        (0.15, MODE, "emergency stop ended: re-armed; choose a mode"),
    ]


def test_an_emergency_stop_of_a_car_that_stands_is_noted_too() -> None:
    assert events_of(Happens.EMERGENCY).found == [(0.0, EMERGENCY, "emergency stop")]


def test_silence_is_a_fault_with_its_reason() -> None:
    found = events_of(Happens.CHOOSE_HUMAN, None).found[1:]
    assert [kind for _, kind, _ in found] == [MODE, FAULT]
    assert found[1][2] == "nothing was heard from the human"


@pytest.mark.parametrize(
    ("before", "after", "is_taken"),
    [
        (Happens.CHOOSE_PILOT, Happens.CHOOSE_HUMAN, True),
        (Happens.CHOOSE_PILOT, Happens.CHOOSE_ASSISTED, True),
        (Happens.CHOOSE_ASSISTED, Happens.CHOOSE_HUMAN, True),
        (Happens.CHOOSE_ASSISTED, Happens.CHOOSE_PILOT, False),
        (Happens.CHOOSE_HUMAN, Happens.CHOOSE_PILOT, False),
        (Happens.CHOOSE_PILOT, Happens.STOP, False),
    ],
)
def test_a_human_who_takes_over_from_the_pilot_intervenes(
    before: Happens, after: Happens, is_taken: bool
) -> None:
    found = events_of(before, after, pilot=Ahead()).found
    assert [kind for _, kind, _ in found].count(INTERVENTION) == is_taken


def test_a_car_that_stays_as_it_is_notes_nothing() -> None:
    assert events_of("", "", Happens.STOP, Happens.CHOOSE_PILOT).found == []


def test_what_ends_a_drive_is_noted() -> None:
    notebook = Notebook()
    events = DriveEvents(driver_of(CONFIG, Script([]), None), notebook)
    events.fail(str(PilotError("the pilot is broken")), 3.0)
    assert notebook.found == [(3.0, FAULT, "the pilot is broken")]


def test_laps_and_cars_put_back_are_noted_once() -> None:
    vehicle = Vehicle(VehicleParameters())
    marshal, notebook = Marshal(parse_track("oval"), vehicle), Notebook()
    laps = LapEvents(marshal, notebook)
    laps.look(0.1)
    marshal.standing.laps, marshal.standing.lap_times_s = 2, [12.5, 11.25]
    marshal.standing.interventions = 1
    laps.look(24.0)
    laps.look(24.1)
    assert notebook.found == [
        (24.0, LAP, "lap 1 in 12.50 s"),
        (24.0, LAP, "lap 2 in 11.25 s"),
        (24.0, INTERVENTION, "the marshal put the car back on the road"),
    ]
