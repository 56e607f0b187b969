"""A signal ends the drive, also when it arrives where exceptions are swallowed."""

import logging
import os
import signal
from typing import TextIO, cast

import pytest

from car.commands.road import ENDING_SIGNALS, signals_end_the_drive
from car.errors import DriveEndedError


class SignalledStream:
    """A stream in the middle of whose writing a signal comes."""

    def write(self, text: str) -> int:
        os.kill(os.getpid(), signal.SIGTERM)
        return len(text)

    def flush(self) -> None:
        pass


@pytest.mark.parametrize("number", ENDING_SIGNALS)
def test_each_of_them_ends_the_drive_at_once(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(DriveEndedError, match=number.name), signals_end_the_drive():
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


def test_a_signal_that_a_library_swallowed_ends_the_drive_at_the_next_tick(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    handler = logging.StreamHandler(cast(TextIO, SignalledStream()))
    with signals_end_the_drive() as ending:
        ending.check()
        handler.handle(logging.LogRecord("car", logging.WARNING, "", 0, "hold", (), None))
        with pytest.raises(DriveEndedError, match="ended by SIGTERM"):
            ending.check()


def test_one_that_follows_does_not_disturb_the_end() -> None:
    with signals_end_the_drive():
        with pytest.raises(DriveEndedError, match="SIGHUP"):
            os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGQUIT)
