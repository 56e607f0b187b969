"""The guard's desk in a thread: who may drive, who may look, and what happens to both."""

import errno
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from car.assembly import guard_settings
from car.command import STOP, Command
from car.config import CarConfig, ThrottleConfig
from car.drivers.pca9685 import ChipDriver
from car.errors import DeviceError, GuardError
from car.guard.client import GuardService
from car.guard.desk import MOST_ONLOOKERS, Desk, EndingError
from car.guard.door import open_door
from car.guard.guard import Guard, GuardState
from car.guard.keepers import connect
from car.guard.messages import (
    REPLY_TIMEOUT_S,
    Ask,
    Outcome,
    Reply,
    Request,
    receive_reply,
    request_bytes,
)
from car.guard.report import look_at_guard
from car.notify import Notifier
from car.simulation.bus_faults import Nack, SlowBus
from car.simulation.i2c import SimulatedI2c, open_chip

GO = Command(0.5, 0.4)
GO_US = pytest.approx(1700, abs=3)
NEUTRAL_US = pytest.approx(1500, abs=3)
PATIENCE_S = 3.0


class Service:
    """A guard with a desk in a thread of this process, so that its bus can be made to fail."""

    def __init__(self, folder: Path, arming_s: float = 0.0) -> None:
        self.path = folder / "guard.sock"
        self.chip = open_chip(folder / "chip")
        self.bus = SimulatedI2c([open_chip(folder / "chip")])
        self.settings = guard_settings(CarConfig(), f"simulated:{folder}/chip")
        self.wheels = ChipDriver(self.bus, self.settings, time.monotonic)
        self.guard = Guard(self.wheels, self.settings.deadline_s, time.monotonic, arming_s)
        self.told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.told.bind(os.fspath(folder / "notify"))
        self.told.settimeout(PATIENCE_S)
        self.notifier = Notifier({"NOTIFY_SOCKET": os.fspath(folder / "notify")})
        self.bell, self._rope = socket.socketpair()
        self.reason = ""
        self._thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        with self.guard, open_door(self.path) as door:
            desk = Desk(
                self.guard,
                self.bell,
                self.settings.digest,
                self.wheels.health,
                self.notifier,
            )
            desk.open(door)
            try:
                desk.serve()
            except EndingError as ending:
                self.reason = str(ending)
        desk.farewell(Reply(Outcome.LEFT))
        self.notifier.close()

    def __enter__(self) -> "Service":
        self._thread.start()
        wait_for(self._answers)
        return self

    def _answers(self) -> bool:
        with suppress(GuardError):
            return bool(look_at_guard(self.path))
        return False

    def end(self) -> None:
        self._rope.send(bytes([15]))
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()

    def __exit__(self, *error: object) -> None:
        if self._thread.is_alive():
            self.end()
        for one in (self.bell, self._rope, self.told):
            one.close()

    def driver(self) -> GuardService:
        return GuardService(self.settings, self.path)

    @property
    def throttle_us(self) -> float | None:
        return self.chip.pulse_us(0)


def wait_for(condition: Callable[[], bool]) -> None:
    give_up_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up_s
        time.sleep(0.001)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service(tmp_path) as service:
        yield service


def ask(link: socket.socket, request: Request) -> Reply:
    link.sendall(request_bytes(request))
    return receive_reply(link)


def is_closed(link: socket.socket) -> bool:
    link.settimeout(PATIENCE_S)
    try:
        return link.recv(1) == b""
    except ConnectionResetError:
        return True


def test_one_drives_leaves_and_the_next_may(service: Service) -> None:
    for _ in range(2):
        with service.driver() as driver:
            assert driver.send(GO) == pytest.approx(GO, abs=0.01)
            assert service.throttle_us == GO_US
        assert service.throttle_us == NEUTRAL_US
        assert service.chip.pulse_us(1) == GO_US


def test_a_second_driver_is_told_who_drives(service: Service) -> None:
    with service.driver() as driver:
        with pytest.raises(GuardError, match=f"process {os.getpid()} drives this car"):
            service.driver().__enter__()
        driver.send(GO)
        assert service.throttle_us == GO_US


def test_a_driver_with_other_settings_refuses_to_drive(service: Service) -> None:
    other = guard_settings(
        CarConfig(throttle=ThrottleConfig(neutral_us=1510)), service.settings.bus
    )
    with pytest.raises(GuardError, match=r"other settings.*systemctl restart everlap-guard"):
        GuardService(other, service.path).__enter__()
    with service.driver():
        pass


def test_a_driver_that_vanishes_leaves_neutral_latched_and_the_seat_free(service: Service) -> None:
    link = connect(service.path)
    assert ask(link, Request(Ask.DRIVE)).text == service.settings.digest
    assert ask(link, Request(Ask.APPLY, 1, time.monotonic(), GO)).sent.throttle > 0.3
    link.close()
    wait_for(lambda: service.throttle_us == NEUTRAL_US)
    report = look_at_guard(service.path)
    assert (report.state, report.driver) == ("latched", None)
    assert report.sent == pytest.approx([0.5, 0.0], abs=0.01)
    with service.driver() as driver:
        driver.send(STOP)


def test_a_driver_that_sends_nonsense_is_seen_off_at_neutral(service: Service) -> None:
    for data in (b"\x01", b"\x09" + bytes(28)):
        with connect(service.path) as link:
            ask(link, Request(Ask.DRIVE))
            ask(link, Request(Ask.APPLY, 1, time.monotonic(), GO))
            link.sendall(data)
            assert is_closed(link)
            wait_for(lambda: service.throttle_us == NEUTRAL_US)


def test_onlookers_see_all_and_command_nothing(service: Service) -> None:
    with service.driver() as driver, connect(service.path) as onlooker:
        driver.send(GO)
        for request in (Ask.APPLY, Ask.DRIVE, Ask.LEAVE):
            reply = ask(onlooker, Request(request, 99, time.monotonic(), Command(0.0, 1.0)))
            assert reply.outcome is Outcome.BUSY
        assert service.throttle_us == GO_US
        report = look_at_guard(service.path)
        assert report.state == "driving"
        assert report.arming is False
        assert report.age_s is not None
        assert 0 <= report.age_s < service.settings.deadline_s
        assert report.driver == report.guard == os.getpid()
        assert report.neutral_owed is False
        assert report.sent == pytest.approx([0.5, 0.4], abs=0.01)
        assert report.settings == service.settings.digest
        assert (report.failed_writes, report.restarts) == (0, 0)
    assert ask_anew(service, Request(Ask.APPLY)).text == "nobody drives: ask to drive first"


def ask_anew(service: Service, request: Request) -> Reply:
    with connect(service.path) as link:
        return ask(link, request)


def test_before_the_first_command_there_is_no_age(service: Service) -> None:
    report = look_at_guard(service.path)
    assert (report.state, report.age_s, report.driver) == ("waiting", None, None)


def test_the_oldest_onlooker_must_go_when_there_are_too_many(service: Service) -> None:
    links = [connect(service.path) for _ in range(MOST_ONLOOKERS)]
    for link in links:
        ask(link, Request(Ask.STATE))
    with service.driver() as driver:
        driver.send(GO)
        assert is_closed(links[0])
        assert ask(links[1], Request(Ask.STATE)).outcome is Outcome.DONE
    for link in links:
        link.close()


def test_an_old_command_and_an_old_number_are_refused(service: Service) -> None:
    with connect(service.path) as link:
        ask(link, Request(Ask.DRIVE))
        for sequence, made_s in ((1, time.monotonic() - REPLY_TIMEOUT_S), (2, 1e12), (3, -1e12)):
            reply = ask(link, Request(Ask.APPLY, sequence, made_s, GO))
            assert (reply.outcome, reply.sent) == (Outcome.STALE, STOP)
            assert "s old" in reply.text
        fresh = time.monotonic() - REPLY_TIMEOUT_S / 2
        assert ask(link, Request(Ask.APPLY, 4, fresh, GO)).outcome is Outcome.DONE
        assert ask(link, Request(Ask.APPLY, 4, time.monotonic(), GO)).text == "after 4"
        assert ask(link, Request(Ask.DRIVE, 5)).outcome is Outcome.STALE


def test_a_driver_that_does_not_listen_is_seen_off_at_neutral(service: Service) -> None:
    with connect(service.path) as link:
        ask(link, Request(Ask.DRIVE))
        link.settimeout(PATIENCE_S)
        with pytest.raises(OSError, match=r"Broken pipe|reset"):  # noqa: PT012
            for sequence in range(1, 100_000):
                link.sendall(request_bytes(Request(Ask.APPLY, sequence, time.monotonic(), GO)))
        wait_for(lambda: service.throttle_us == NEUTRAL_US)
    with service.driver() as driver:
        driver.send(GO)


def test_a_broken_bus_at_the_leave_is_said_and_healed_later(service: Service) -> None:
    def drive() -> None:
        with service.driver() as driver:
            driver.send(GO)
            service.bus.faults = [Nack()]

    with pytest.raises(DeviceError, match="the guard tries on"):
        drive()
    assert service.throttle_us == GO_US
    assert look_at_guard(service.path).neutral_owed
    service.bus.faults = []
    wait_for(lambda: service.throttle_us == NEUTRAL_US)


def test_a_bus_that_blocks_is_noticed_and_the_guard_recovers(service: Service) -> None:
    begun_s = [0.0]

    def drive() -> None:
        with service.driver() as driver:
            driver.send(GO)
            service.bus.faults = [SlowBus(time.sleep, 0.4, 4)]
            begun_s[0] = time.monotonic()
            driver.send(GO)

    with pytest.raises(GuardError, match=r"did not answer within 0\.1 s.*it is a service"):
        drive()
    assert time.monotonic() - begun_s[0] < 0.3
    assert service.throttle_us == NEUTRAL_US
    service.chip.write(0x40, bytes((6, 0, 0, 0xA0, 1)))
    wait_for(lambda: service.throttle_us == NEUTRAL_US)
    wait_for(lambda: service.guard.state is GuardState.LATCHED)
    with service.driver() as driver:
        driver.send(GO)
        assert service.throttle_us == GO_US


def test_the_guard_s_end_is_told_to_whoever_drives(service: Service) -> None:
    with connect(service.path) as onlooker:
        ask(onlooker, Request(Ask.STATE))
        driver = service.driver().__enter__()
        driver.send(GO)
        service.end()
        assert service.reason == "signal SIGTERM"
        assert service.throttle_us == NEUTRAL_US
        with pytest.raises(GuardError, match="neutral from the drive loop"):
            driver.send(GO)
        assert is_closed(onlooker)
    assert not service.path.exists()


def test_the_service_manager_hears_when_the_car_can_drive_and_who_does(service: Service) -> None:
    assert service.told.recv(100) == b"READY=1\nSTATUS=nobody drives"
    with service.driver() as driver:
        driver.send(STOP)
        assert service.told.recv(100) == f"STATUS=process {os.getpid()} drives".encode()


def test_nobody_drives_before_the_speed_controller_is_armed(tmp_path: Path) -> None:
    with Service(tmp_path, arming_s=0.3) as service:
        begun_s = time.monotonic()
        assert look_at_guard(service.path).arming
        with connect(service.path) as link:
            link.sendall(request_bytes(Request(Ask.DRIVE)))
            early = ask(link, Request(Ask.APPLY, 1, time.monotonic(), GO))
            assert early.outcome is Outcome.STALE
            assert receive_reply(link).outcome is Outcome.DONE
            assert time.monotonic() - begun_s > 0.25
            assert service.throttle_us == NEUTRAL_US
        assert not look_at_guard(service.path).arming


def test_a_driver_that_goes_while_it_waits_frees_the_seat(tmp_path: Path) -> None:
    with Service(tmp_path, arming_s=0.2) as service:
        with connect(service.path) as link:
            link.sendall(request_bytes(Request(Ask.DRIVE)))
        with service.driver() as driver:
            driver.send(GO)


def test_a_guard_that_is_not_there_is_said(tmp_path: Path) -> None:
    settings = guard_settings(CarConfig(), f"simulated:{tmp_path}/chip")
    with pytest.raises(GuardError, match=r"no guard listens at .*systemctl start everlap-guard"):
        GuardService(settings, tmp_path / "guard.sock").__enter__()
    with pytest.raises(GuardError, match="no guard listens"):
        look_at_guard(tmp_path / "guard.sock")


def test_what_is_no_guard_is_said(tmp_path: Path) -> None:
    with open_door(tmp_path / "guard.sock") as door:
        thread = threading.Thread(target=lambda: door.accept()[0].close())
        thread.start()
        with pytest.raises(GuardError, match="does not answer"):
            look_at_guard(tmp_path / "guard.sock")
        thread.join()


def test_running_out_of_descriptors_does_not_end_the_guard(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        desk = Desk(service.guard, service.bell, "", dict, service.notifier)
        closed = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        closed.close()
        with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
            closed.accept()
        desk._admit(closed)
        assert look_at_guard(service.path).driver is None
