"""What the service manager hears, on a real datagram socket."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from car.notify import Notifier


class Manager:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.setblocking(False)

    def heard(self) -> list[str]:
        messages = []
        while True:
            try:
                messages.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return messages


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(str(tmp_path / "notify"))
    yield manager
    manager.socket.close()


def environ(manager: Manager, **more: str) -> dict[str, str]:
    return {"NOTIFY_SOCKET": manager.socket.getsockname(), **more}


def test_ready_alive_and_stopping_reach_the_manager(manager: Manager) -> None:
    notifier = Notifier(environ(manager, WATCHDOG_USEC="300000"), lambda: 0.0)
    notifier.ready()
    notifier.alive("stopped")
    notifier.stopping("at neutral")
    assert manager.heard() == [
        "READY=1",
        "WATCHDOG=1\nSTATUS=stopped",
        "STOPPING=1\nSTATUS=at neutral",
    ]


def test_the_watchdog_is_fed_three_times_a_period_however_fast_the_loop_turns(
    manager: Manager,
) -> None:
    now_s = 0.0
    notifier = Notifier(environ(manager, WATCHDOG_USEC="300000"), lambda: now_s)
    for tick in range(1000):
        now_s = tick / 1000
        notifier.alive()
    notifier.close()
    heard = manager.heard()
    assert set(heard) == {"WATCHDOG=1"}
    assert len(heard) == 10


def test_an_unchanged_status_is_not_sent_again(manager: Manager) -> None:
    now_s = 0.0
    notifier = Notifier(environ(manager), lambda: now_s)
    for status in ("stopped", "stopped", "two\nlines"):
        notifier.alive(status)
        now_s += 1.0
    notifier.close()
    assert manager.heard() == ["STATUS=stopped", "STATUS=two lines"]


def test_another_process_s_watchdog_is_not_fed(manager: Manager) -> None:
    environment = environ(manager, WATCHDOG_USEC="300000", WATCHDOG_PID=str(os.getpid() + 1))
    notifier = Notifier(environment, lambda: 0.0)
    notifier.alive()
    notifier.close()
    assert manager.heard() == []


def test_an_abstract_socket_is_reached_too() -> None:
    name = f"everlap-test-{os.getpid()}"
    manager = Manager("\0" + name)
    notifier = Notifier({"NOTIFY_SOCKET": "@" + name})
    notifier.ready()
    notifier.close()
    assert manager.heard() == ["READY=1"]
    manager.socket.close()


@pytest.mark.parametrize(
    "environment",
    [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "relative"}, {"NOTIFY_SOCKET": "/gone/socket"}],
)
def test_nothing_is_raised_where_nobody_listens(environment: dict[str, str]) -> None:
    notifier = Notifier({**environment, "WATCHDOG_USEC": "nonsense"})
    notifier.ready()
    notifier.alive("alone")
    notifier.stopping()
    notifier.alive("closed")


def test_a_manager_that_does_not_read_never_blocks_the_loop(manager: Manager) -> None:
    now_s = 0.0
    notifier = Notifier(environ(manager, WATCHDOG_USEC="1000000"), lambda: now_s)
    for _ in range(5000):
        notifier.alive()
        now_s += 1.0
    notifier.close()
    assert len(manager.heard()) < 5000


def test_stopping_closes_its_file_descriptor(manager: Manager) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    notifier = Notifier(environ(manager))
    assert len(list(Path("/proc/self/fd").iterdir())) == before + 1
    notifier.stopping()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
