"""The guard's desk keeps its times whatever visitors do, and serves a drive loop until it goes."""

import json
import os
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from car.assembly import guard_settings
from car.command import STOP, Command
from car.config import CarConfig
from car.drivers.pca9685 import ChipDriver
from car.guard.desk import MOST_ONLOOKERS, PAUSE_S, RETRY_S, Desk, EndingError
from car.guard.guard import Guard, GuardState
from car.guard.messages import Ask, Outcome, Reply, Request, receive_reply, request_bytes
from car.notify import Notifier
from car.simulation.bus_faults import Nack
from car.simulation.i2c import SimulatedI2c
from car.simulation.pca9685 import SimulatedPca9685

GO = Command(0.5, 0.4)
GO_US = pytest.approx(1700, abs=3)
NEUTRAL_US = pytest.approx(1500, abs=3)
PATIENCE_S = 3.0


class Bench:
    """A desk in a thread; guests are let in through `door`, or one drive loop has its seat."""

    def __init__(self) -> None:
        self.chip = SimulatedPca9685()
        self.bus = SimulatedI2c([self.chip])
        settings = guard_settings(CarConfig(), "simulated:memory")
        self.wheels = ChipDriver(self.bus, settings, time.monotonic)
        self.guard = Guard(self.wheels, settings.deadline_s, time.monotonic)
        self.bell, self.rope = socket.socketpair()
        self.reason = ""
        health = {"failed_writes": 3, "restarts": 1}
        self.desk = Desk(self.guard, self.bell, "digest", lambda: health, Notifier({}))
        self._thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        with self.guard:
            try:
                self.desk.serve()
            except EndingError as ending:
                self.reason = str(ending)
        self.desk.farewell(Reply(Outcome.LEFT, text=self.reason))

    @contextmanager
    def serving(self) -> Iterator["Bench"]:
        self._thread.start()
        yield self
        if self._thread.is_alive():
            with suppress(OSError):
                self.rope.send(bytes([signal.SIGTERM]))
        self.ended()
        for end in (self.bell, self.rope):
            end.close()

    def ended(self) -> str:
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()
        return self.reason

    @property
    def throttle_us(self) -> float | None:
        return self.chip.pulse_us(0)

    def when(self, condition: Callable[[], bool]) -> float:
        """Wait until something holds; gives how long that took."""
        begun_s = time.monotonic()
        while not condition():
            assert time.monotonic() < begun_s + PATIENCE_S
            time.sleep(0.001)
        return time.monotonic() - begun_s

    def neutral_after_s(self) -> float:
        return self.when(lambda: self.throttle_us == NEUTRAL_US)


@pytest.fixture
def seated() -> Iterator[tuple[Bench, socket.socket]]:
    """A desk that serves one drive loop, which already drives."""
    bench = Bench()
    here, there = socket.socketpair()
    here.settimeout(PATIENCE_S)
    bench.desk.seat(there)
    with here, bench.serving():
        assert receive_reply(here) == Reply(Outcome.DONE, text="digest")
        reply = apply(here, 1)
        assert (reply.outcome, reply.sequence) == (Outcome.DONE, 1)
        assert reply.state is GuardState.DRIVING
        yield bench, here


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[tuple[Bench, Callable[[], socket.socket]]]:
    """A desk that lets guests in, and how they come."""
    bench, links = Bench(), []
    path = os.fspath(tmp_path / "door")

    def come() -> socket.socket:
        link = socket.socket(socket.AF_UNIX)
        link.settimeout(PATIENCE_S)
        link.connect(path)
        links.append(link)
        return link

    with socket.socket(socket.AF_UNIX) as door:
        door.bind(path)
        door.listen()
        bench.desk.open(door)
        with bench.serving():
            yield bench, come
            for link in links:
                link.close()


def ask(link: socket.socket, request: Request) -> Reply:
    link.sendall(request_bytes(request))
    return receive_reply(link)


def apply(link: socket.socket, sequence: int, command: Command = GO) -> Reply:
    return ask(link, Request(Ask.APPLY, sequence, time.monotonic(), command))


def test_a_drive_loop_that_leaves_ends_its_guard(seated: tuple[Bench, socket.socket]) -> None:
    bench, link = seated
    reply = ask(link, Request(Ask.LEAVE, 2))
    assert (reply.outcome, reply.text) == (Outcome.LEFT, "the drive loop left")
    assert bench.ended() == "the drive loop left"
    assert bench.throttle_us == NEUTRAL_US


def test_a_drive_loop_that_is_gone_ends_its_guard(seated: tuple[Bench, socket.socket]) -> None:
    bench, link = seated
    link.close()
    assert bench.ended() == "the drive loop: it is gone"
    assert bench.throttle_us == NEUTRAL_US


def test_a_drive_loop_that_is_gone_before_it_was_greeted_ends_its_guard() -> None:
    bench = Bench()
    here, there = socket.socketpair()
    bench.desk.seat(there)
    here.close()
    with bench.serving():
        assert bench.ended() == "the drive loop: it is gone"


def test_what_has_nothing_to_say_or_is_not_known_any_more_is_passed_over() -> None:
    bench = Bench()
    here, there = socket.socketpair()
    bench.desk.seat(there)
    for number in (there.fileno(), 9999):
        bench.desk._turn_to(number, gone=False)
    here.settimeout(0.01)
    with pytest.raises(TimeoutError):
        here.recv(1)
    for end in (here, there, bench.bell, bench.rope):
        end.close()


def test_a_door_at_which_nobody_stands_any_more_is_not_waited_at(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench()
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(os.fspath(tmp_path / "door"))
        door.listen()
        bench.desk.open(door)
        for number in (0, 9999):
            bench.desk._turn_to(number, gone=False)
        assert not caplog.records
        bench.desk._turn_to(door.fileno(), gone=False)
    assert "somebody could not be let in" in caplog.text
    for end in (bench.bell, bench.rope):
        end.close()


def test_a_drive_loop_that_sends_nonsense_ends_its_guard(
    seated: tuple[Bench, socket.socket],
) -> None:
    bench, link = seated
    link.sendall(b"\x01\x02")
    words = "the drive loop: it sent nonsense: it sent 2 bytes, a request has 29"
    assert bench.ended() == words


def test_what_a_drive_loop_asked_before_it_went_is_not_done_any_more(
    seated: tuple[Bench, socket.socket],
) -> None:
    bench, link = seated
    bench.guard.release()
    for sequence in range(2, 9):
        link.sendall(request_bytes(Request(Ask.APPLY, sequence, time.monotonic(), STOP)))
    link.close()
    bench.ended()
    assert bench.throttle_us == NEUTRAL_US


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_is_named(seated: tuple[Bench, socket.socket], number: signal.Signals) -> None:
    bench, link = seated
    bench.rope.send(bytes([number, signal.SIGUSR1]))
    assert bench.ended() == f"signal {number.name}"
    assert receive_reply(link) == Reply(Outcome.LEFT, text=f"signal {number.name}")
    assert link.recv(1) == b""


def test_a_drive_loop_that_is_silent_is_at_neutral_in_time(
    seated: tuple[Bench, socket.socket],
) -> None:
    bench, link = seated
    apply(link, 2)
    assert 0.1 < bench.neutral_after_s() < 0.3
    assert ask(link, Request(Ask.STATE, 7)).sequence == 7


def test_the_state_is_told_in_full(seated: tuple[Bench, socket.socket]) -> None:
    _, link = seated
    sent = apply(link, 2).sent
    reply = ask(link, Request(Ask.STATE, 9))
    assert (reply.outcome, reply.sequence, reply.sent) == (Outcome.DONE, 9, sent)
    report = json.loads(reply.text)
    age_s = report.pop("age_s")
    assert 0.0 <= age_s < 0.18
    assert age_s == round(age_s, 4)
    assert report == {
        "state": "driving",
        "arming": False,
        "driver": os.getppid(),
        "neutral_owed": False,
        "sent": [round(value, 4) for value in sent],
        "settings": "digest",
        "guard": os.getpid(),
        "failed_writes": 3,
        "restarts": 1,
    }


def test_errors_of_a_command_are_told_with_the_state(seated: tuple[Bench, socket.socket]) -> None:
    bench, link = seated
    reply = apply(link, 2, Command(0.0, float("nan")))
    assert (reply.outcome, reply.sequence, reply.sent) == (Outcome.NONSENSE, 2, STOP)
    assert reply.state is GuardState.LATCHED
    assert "whoever decides is broken" in reply.text
    bench.bus.faults = [Nack()]
    reply = apply(link, 3, STOP)
    assert (reply.outcome, reply.sequence, reply.sent) == (Outcome.DEVICE, 3, STOP)
    assert reply.state is GuardState.LATCHED
    assert "does not acknowledge" in reply.text
    bench.bus.faults = []


def test_numbers_must_rise_by_one_or_more(seated: tuple[Bench, socket.socket]) -> None:
    _, link = seated
    assert apply(link, 0).text == "after 1"
    assert apply(link, 1).text == "after 1"
    assert apply(link, 2).outcome is Outcome.DONE
    assert apply(link, 9).outcome is Outcome.DONE
    reply = apply(link, 8)
    assert (reply.outcome, reply.sequence, reply.sent) == (Outcome.STALE, 8, STOP)
    assert (reply.text, reply.state) == ("after 9", GuardState.DRIVING)


def test_whoever_drives_already_cannot_take_the_seat_again(
    seated: tuple[Bench, socket.socket],
) -> None:
    bench, link = seated
    apply(link, 2, STOP)
    reply = ask(link, Request(Ask.DRIVE, 3, time.monotonic(), GO))
    assert (reply.outcome, reply.sequence, reply.text) == (Outcome.STALE, 3, "after 2")
    assert bench.throttle_us == NEUTRAL_US


@pytest.mark.parametrize(("age_s", "outcome"), [(0.08, Outcome.DONE), (0.1, Outcome.STALE)])
def test_a_command_is_applied_until_it_is_a_tenth_of_a_second_old(
    seated: tuple[Bench, socket.socket], age_s: float, outcome: Outcome
) -> None:
    _, link = seated
    reply = ask(link, Request(Ask.APPLY, 2, time.monotonic() - age_s, GO))
    assert reply.outcome is outcome
    reply = ask(link, Request(Ask.APPLY, 3, time.monotonic() + 0.5, GO))
    assert (reply.outcome, reply.sequence, reply.sent) == (Outcome.STALE, 3, STOP)
    assert reply.text.startswith("-0.")
    assert reply.text.endswith(" s old")


def test_neutral_that_is_owed_is_tried_every_few_milliseconds(
    seated: tuple[Bench, socket.socket],
) -> None:
    bench, link = seated
    bench.bus.faults = [Nack()]
    assert apply(link, 2).outcome is Outcome.DEVICE
    before = bench.bus.transactions
    time.sleep(0.1)
    assert 0.1 / RETRY_S / 4 < bench.bus.transactions - before < 20 * 0.1 / RETRY_S
    bench.bus.faults = []
    assert bench.neutral_after_s() < 0.1


def test_leaving_with_neutral_owed_keeps_a_desk_with_a_door(
    opened: tuple[Bench, Callable[[], socket.socket]],
) -> None:
    bench, come = opened
    link = come()
    assert ask(link, Request(Ask.DRIVE)) == Reply(Outcome.DONE, text="digest")
    apply(link, 1)
    bench.bus.faults = [Nack()]
    reply = ask(link, Request(Ask.LEAVE))
    assert reply.outcome is Outcome.DEVICE
    assert "the guard tries on" in reply.text
    bench.bus.faults = []
    assert bench.neutral_after_s() < 0.1
    assert ask(link, Request(Ask.DRIVE)).outcome is Outcome.DONE
    assert ask(link, Request(Ask.LEAVE)).outcome is Outcome.LEFT
    assert ask(link, Request(Ask.LEAVE)).outcome is Outcome.BUSY


def test_whoever_drove_looks_on_afterwards_and_another_may_drive(
    opened: tuple[Bench, Callable[[], socket.socket]],
) -> None:
    bench, come = opened
    first, second = come(), come()
    ask(first, Request(Ask.DRIVE))
    assert apply(first, 0).text == "after 0"
    apply(first, 5)
    reply = ask(second, Request(Ask.DRIVE, 6))
    assert (reply.outcome, reply.sequence) == (Outcome.BUSY, 6)
    assert reply.text == f"process {os.getpid()} drives this car: end it first"
    ask(first, Request(Ask.LEAVE))
    assert bench.throttle_us == NEUTRAL_US
    reply = apply(first, 6)
    assert (reply.outcome, reply.text) == (Outcome.BUSY, "nobody drives: ask to drive first")
    assert ask(second, Request(Ask.DRIVE)).outcome is Outcome.DONE
    assert apply(second, 1).outcome is Outcome.DONE
    assert apply(first, 7).outcome is Outcome.BUSY
    second.close()
    assert bench.neutral_after_s() < 0.1
    assert ask(first, Request(Ask.DRIVE)).outcome is Outcome.DONE


def test_eight_may_look_on_and_the_oldest_goes_for_the_ninth(
    opened: tuple[Bench, Callable[[], socket.socket]],
) -> None:
    _, come = opened
    links = [come() for _ in range(8)]
    assert len(links) == MOST_ONLOOKERS
    for link in links:
        assert ask(link, Request(Ask.STATE)).outcome is Outcome.DONE
    ninth = come()
    assert ask(ninth, Request(Ask.STATE)).outcome is Outcome.DONE
    assert links[0].recv(1) == b""
    for link in links[1:]:
        assert ask(link, Request(Ask.STATE)).outcome is Outcome.DONE


def test_a_driver_that_joins_full_onlookers_does_not_open_the_door_wider(
    opened: tuple[Bench, Callable[[], socket.socket]],
) -> None:
    _, come = opened
    driver = come()
    ask(driver, Request(Ask.DRIVE))
    links = [come() for _ in range(MOST_ONLOOKERS)]
    for link in links:
        ask(link, Request(Ask.STATE))
    assert ask(driver, Request(Ask.LEAVE)).outcome is Outcome.LEFT
    assert ask(come(), Request(Ask.STATE)).outcome is Outcome.DONE
    assert links[0].recv(1) == b""
    assert ask(driver, Request(Ask.STATE)).outcome is Outcome.DONE


def test_the_end_is_told_to_all_who_look_on(
    opened: tuple[Bench, Callable[[], socket.socket]],
) -> None:
    bench, come = opened
    driver, onlooker = come(), come()
    ask(driver, Request(Ask.DRIVE))
    ask(onlooker, Request(Ask.STATE))
    bench.rope.send(bytes([signal.SIGINT]))
    assert receive_reply(driver) == Reply(Outcome.LEFT, text="signal SIGINT")
    assert driver.recv(1) == onlooker.recv(1) == b""


def test_an_onlooker_that_is_gone_or_sends_nonsense_disturbs_nobody(
    opened: tuple[Bench, Callable[[], socket.socket]],
) -> None:
    bench, come = opened
    driver, gone, odd = come(), come(), come()
    ask(driver, Request(Ask.DRIVE))
    for link in (gone, odd):
        ask(link, Request(Ask.STATE))
    gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    gone.close()
    odd.sendall(b"nonsense")
    assert odd.recv(1) == b""
    assert apply(driver, 1).outcome is Outcome.DONE
    assert bench.throttle_us == GO_US


def test_a_door_that_cannot_be_opened_holds_the_guard_up_for_no_more_than_a_moment() -> None:
    bench = Bench()
    closed = socket.socket(socket.AF_UNIX)
    closed.close()
    begun_s = time.monotonic()
    for _ in range(10):
        bench.desk._admit(closed)
    assert 10 * PAUSE_S <= time.monotonic() - begun_s < 0.2
    assert PAUSE_S > 0
    for end in (bench.bell, bench.rope):
        end.close()
