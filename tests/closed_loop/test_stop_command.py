"""`everlap stop` against a drive loop in another thread: real socket, real status."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from car.cli import main
from car.human import Status
from car.humans.remote import RemoteHuman
from car.modes import Mode, ModeState, next_state

FLOOD = """
import socket, sys
link = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
link.connect(sys.argv[1])
print("begun", flush=True)
while True:
    try:
        link.send(b"x" * 50)
    except BlockingIOError:
        pass
"""


@contextmanager
def flooded(path: Path) -> Iterator[None]:
    """Another process sends nonsense to the drive as fast as it can."""
    command = [sys.executable, "-c", FLOOD, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as flood:
        assert flood.stdout is not None
        flood.stdout.readline()
        try:
            yield
        finally:
            flood.kill()


@contextmanager
def driving(path: Path, is_deaf: bool = False) -> Iterator[list[ModeState]]:
    """A loop of 50 ticks a second that is in mode pilot and does what its human says."""
    states = [ModeState(Mode.PILOT)]
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(0.02):
            wish = human.wish(time.monotonic())
            for event in () if is_deaf else wish.events:
                states.append(next_state(states[-1], event, wish.command.throttle))
            state = states[-1]
            throttle = 0.0 if state.mode is Mode.STOPPED else 0.3
            human.tell(Status(state.mode.value, state.latched, throttle=throttle))

    with RemoteHuman(0.2, path) as human:
        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield states
        finally:
            ended.set()
            thread.join()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EVERLAP_RUN", str(tmp_path))
    return tmp_path


def test_the_car_stops_and_stays_stopped(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    began_s = time.monotonic()
    with driving(folder / "human.sock") as states:
        assert main(["stop"]) == 0
    assert states[-1] == ModeState(Mode.STOPPED, latched=True)
    assert time.monotonic() - began_s < 1.0
    assert "stopped, until someone re-arms" in capsys.readouterr().out


def test_it_gets_through_a_flood(folder: Path) -> None:
    for _ in range(6):
        with driving(folder / "human.sock") as states, flooded(folder / "human.sock"):
            assert main(["stop"]) == 0
        assert states[-1] == ModeState(Mode.STOPPED, latched=True)


def test_without_a_drive_it_says_so_and_what_to_do(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["stop"]) == 1
    error = capsys.readouterr().err
    assert f"no drive loop answers at {folder / 'human.sock'}" in error
    assert "pull the battery" in error


def test_a_dead_drives_socket_is_no_drive(folder: Path) -> None:
    (folder / "human.sock").touch()
    assert main(["stop"]) == 1


def test_a_drive_that_does_not_stop_is_a_failure_within_a_second(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with driving(folder / "human.sock", is_deaf=True):
        began_s = time.monotonic()
        assert main(["stop"]) == 1
        assert time.monotonic() - began_s < 2.0
    assert "did not say that it stopped" in capsys.readouterr().err
