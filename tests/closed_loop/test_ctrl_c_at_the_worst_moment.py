"""Ctrl-C while the throttle is not at neutral yet does not keep it from getting there."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from car.guard.undisturbed import PUT_OFF, undisturbed
from car.simulation.i2c import open_chip
from car.simulation.pca9685 import FOR_EVER
from tests.closed_loop.test_guard_process import PARENT

NEUTRAL_US = pytest.approx(1500, abs=3)
GO_US = pytest.approx(1700, abs=3)
PATIENCE_S = 10.0


@contextmanager
def driving(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A loop that drives, and its guard's process id."""
    with subprocess.Popen(
        [sys.executable, "-P", "-c", PARENT, str(folder / "chip")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    ) as loop:
        assert loop.stdout is not None
        yield loop, int(loop.stdout.readline())
        loop.kill()


@pytest.mark.parametrize("number", PUT_OFF, ids=lambda number: number.name)
def test_the_loop_tries_on_when_the_guard_is_gone_and_the_bus_is_dead(
    tmp_path: Path, number: signal.Signals
) -> None:
    chip = open_chip(tmp_path / "chip")
    with driving(tmp_path) as (loop, guard_id):
        chip.refuse(FOR_EVER)
        os.kill(guard_id, signal.SIGKILL)
        time.sleep(0.3)
        for _ in range(2):
            loop.send_signal(number)
            time.sleep(0.1)
        assert chip.pulse_us(0) == GO_US
        chip.refuse(0)
        _, told = loop.communicate(timeout=PATIENCE_S)
    assert chip.pulse_us(0) == NEUTRAL_US
    assert "the chip took neutral late, its bus was broken" in told


def test_signals_count_again_afterwards() -> None:
    before = [signal.getsignal(number) for number in PUT_OFF]
    with undisturbed():
        os.kill(os.getpid(), signal.SIGINT)
    assert [signal.getsignal(number) for number in PUT_OFF] == before
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)


def test_other_threads_need_no_such_care() -> None:
    seen = []

    def work() -> None:
        with undisturbed():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGINT)]
