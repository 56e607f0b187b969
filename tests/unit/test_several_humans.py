"""Several people at the controls: one has the wheel, each can stop."""

import pytest

from car.command import STOP, Command
from car.errors import DeviceError
from car.human import LONG_AGO_S, NOBODY, Status, Wish
from car.humans.several import Several
from car.modes import Event

EXPIRY_S = 0.2
CHOICES = [Event.CHOOSE_HUMAN, Event.CHOOSE_ASSISTED, Event.CHOOSE_PILOT]


class Told:
    """A source that wishes what it is told to, and hears the status."""

    def __init__(self) -> None:
        self.next: Wish | DeviceError = NOBODY
        self.heard: list[Status] = []

    def wish(self, now_s: float) -> Wish:
        if isinstance(self.next, DeviceError):
            raise self.next
        wish, self.next = self.next, self.next._replace(events=())
        return wish

    def tell(self, status: Status) -> None:
        self.heard.append(status)


class Two:
    """A pad and a phone."""

    def __init__(self) -> None:
        self.pad, self.phone = Told(), Told()
        self.both = Several({"pad": self.pad, "phone": self.phone}, EXPIRY_S, [self.phone])

    def look(self, pad: Wish | DeviceError, phone: Wish | DeviceError = NOBODY) -> Wish:
        self.pad.next, self.phone.next = pad, phone
        return self.both.wish(1.0)


def say(*events: Event, throttle: float = 0.0, made_s: float = 1.0) -> Wish:
    return Wish(Command(0.3, throttle), made_s, events)


@pytest.fixture
def two() -> Two:
    return Two()


@pytest.mark.parametrize("choice", CHOICES)
def test_whoever_chooses_has_the_wheel_and_the_other_has_not(two: Two, choice: Event) -> None:
    assert two.look(NOBODY, say(choice)) == (Command(0.3, 0.0), 1.0, (choice,))
    assert two.look(say(Event.CHOOSE_PILOT, throttle=0.9), say(throttle=0.2)) == (
        Command(0.3, 0.2),
        1.0,
        (),
    )
    assert two.both.driver == "phone"


@pytest.mark.parametrize("event", [Event.STOP, Event.EMERGENCY])
@pytest.mark.parametrize("made_s", [1.0, LONG_AGO_S])
def test_a_stop_counts_from_anyone_even_late_and_comes_last(
    two: Two, event: Event, made_s: float
) -> None:
    two.look(say(Event.CHOOSE_HUMAN))
    wish = two.look(say(Event.CHOOSE_PILOT), say(event, made_s=made_s))
    assert wish.events == (Event.CHOOSE_PILOT, event)
    assert two.both.driver == ""
    assert two.look(NOBODY, say(Event.CHOOSE_PILOT)).events == (Event.CHOOSE_PILOT,)


def test_a_driver_that_falls_silent_is_not_replaced_by_one_that_is_there(two: Two) -> None:
    two.look(say(Event.CHOOSE_HUMAN))
    wish = two.look(say(throttle=0.5, made_s=0.7), say())
    assert wish.made_s == 0.7
    back = two.look(say(throttle=0.5), say())
    assert back == (STOP, 1.0, ())


def test_a_late_choice_gets_nothing(two: Two) -> None:
    assert two.look(say(Event.CHOOSE_PILOT, made_s=0.5)).events == ()
    assert two.both.driver == ""


def test_with_nobody_there_the_wish_never_counts(two: Two) -> None:
    assert two.look(NOBODY) == NOBODY
    assert Several({}, EXPIRY_S).wish(1.0) == NOBODY


def test_rearming_needs_the_own_throttle_let_go(two: Two) -> None:
    assert two.look(say(Event.REARM, throttle=0.3)).events == ()
    assert two.look(say(Event.REARM)) == (STOP, 1.0, (Event.REARM,))


def test_a_source_whose_device_fails_is_lost_and_stops_the_car_once(
    two: Two, caplog: pytest.LogCaptureFixture
) -> None:
    two.look(NOBODY, say(Event.CHOOSE_PILOT))
    assert two.look(DeviceError("the socket broke"), say()).events == (Event.STOP,)
    assert two.look(DeviceError("the socket broke"), say(Event.CHOOSE_PILOT)).events == (
        Event.CHOOSE_PILOT,
    )
    assert caplog.text.count("lost the pad: the socket broke") == 1
    two.look(say(), say())
    assert two.look(DeviceError("again"), say()).events == (Event.STOP,)


def test_other_errors_are_not_swallowed() -> None:
    class Broken:
        def wish(self, now_s: float) -> Wish:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Several({"broken": Broken()}, EXPIRY_S).wish(1.0)


def test_mode_stopped_frees_the_wheel_and_listeners_hear_who_drives(two: Two) -> None:
    two.look(say(Event.CHOOSE_PILOT))
    two.both.tell(Status("pilot", throttle=0.3))
    assert two.phone.heard == [Status("pilot", throttle=0.3, driver="pad")]
    two.both.tell(Status("stopped", reason="fault"))
    assert two.phone.heard[-1] == Status("stopped", reason="fault")
    assert two.look(NOBODY, say(Event.CHOOSE_HUMAN)).events == (Event.CHOOSE_HUMAN,)


@pytest.mark.parametrize("made_s", [float("nan"), 1.1, float("inf")])
def test_a_wish_from_the_future_or_from_no_time_gets_nothing(two: Two, made_s: float) -> None:
    wish = two.look(say(Event.CHOOSE_PILOT, throttle=0.5, made_s=made_s))
    assert wish.events == ()
    assert wish.command == STOP
