"""A terminal, a pipe or a journal that takes no more words must not keep the guard from acting."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from car.log_thread import MOST_WAITING, LogThread
from car.simulation.i2c import open_chip
from tests.closed_loop.test_guard_process import PARENT

NEUTRAL_US = pytest.approx(1500, abs=3)
GO_US = pytest.approx(1700, abs=3)
PATIENCE_S = 3.0


class FullPipe:
    """A pipe that nobody reads, full to the last byte."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.writer, False)
        self.held = 0
        try:
            while True:
                self.held += os.write(self.writer, b"x")
        except BlockingIOError:
            os.set_blocking(self.writer, True)

    def drain(self) -> None:
        """Read what it was filled with."""
        while self.held:
            self.held -= len(os.read(self.reader, self.held))

    def close(self) -> None:
        """Let go of both ends."""
        os.close(self.reader)
        os.close(self.writer)


@pytest.fixture
def pipe() -> Iterator[FullPipe]:
    pipe = FullPipe()
    yield pipe
    pipe.close()


def record(text: str) -> logging.LogRecord:
    return logging.LogRecord("car", logging.WARNING, "", 0, text, (), None)


def test_the_guard_stops_the_car_although_its_log_is_stalled(
    tmp_path: Path, pipe: FullPipe
) -> None:
    chip = open_chip(tmp_path / "chip")
    loop = subprocess.Popen(
        [sys.executable, "-P", "-c", PARENT, str(tmp_path / "chip")],
        stdout=subprocess.PIPE,
        stderr=pipe.writer,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    try:
        assert loop.stdout is not None
        loop.stdout.readline()
        assert chip.pulse_us(0) == GO_US
        loop.send_signal(signal.SIGSTOP)
        begun_s = time.monotonic()
        while chip.pulse_us(0) != NEUTRAL_US and time.monotonic() < begun_s + PATIENCE_S:
            time.sleep(0.001)
        assert chip.pulse_us(0) == NEUTRAL_US
        pipe.drain()
        assert os.read(pipe.reader, 100).startswith(b"guard: no command for 0.")
    finally:
        loop.kill()
        loop.communicate()


def test_a_stalled_log_loses_lines_rather_than_wait(pipe: FullPipe) -> None:
    log = LogThread(pipe.writer)
    for number in range(MOST_WAITING + 10):
        log.emit(record(f"line {number}"))
    assert log.lost == 10
    begun_s = time.monotonic()
    log.flush()
    assert time.monotonic() < begun_s + PATIENCE_S
    pipe.drain()
    told = b""
    while told.count(b"\n") < MOST_WAITING:
        told += os.read(pipe.reader, 4096)
    assert told.splitlines()[-1] == f"line {MOST_WAITING - 1}".encode()
    log.flush()


def test_a_log_whose_reader_is_gone_is_lost_in_silence(pipe: FullPipe) -> None:
    log = LogThread(os.dup(pipe.writer))
    os.close(pipe.reader)
    pipe.reader = os.open(os.devnull, os.O_RDONLY)
    log.emit(record("nobody hears this"))
    log.flush()
    assert log.lost == 1


def test_what_was_said_last_is_out_when_the_program_ends() -> None:
    program = (
        "import logging; from car.log_thread import LogThread; "
        "logging.basicConfig(handlers=[LogThread()], format='%(message)s'); "
        "logging.warning('stopped'); logging.error('gone')"
    )
    told = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        timeout=20,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    assert told.stderr == b"stopped\ngone\n"


def test_a_guard_without_standard_error_writes_no_words_into_what_was_opened_instead(
    tmp_path: Path,
) -> None:
    program = (
        "import os, sys; bus = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT); assert bus == 2; "
        "from car.guard.process import main; sys.exit(main('nonsense'))"
    )
    closing = ["/bin/sh", "-c", 'exec "$@" 2>&-', "sh"]
    done = subprocess.run(
        [*closing, sys.executable, "-c", program, str(tmp_path / "bus")],
        stdin=subprocess.DEVNULL,
        timeout=20,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    assert done.returncode == 2
    assert (tmp_path / "bus").read_bytes() == b""
