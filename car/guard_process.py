"""The guard as a program of its own: it serves one drive loop and outlives it by a pulse.

Started with the number of an inherited socket and its settings as JSON. Light on purpose: the
standard library, msgspec and the chip's driver. It ends when the other end of the socket is gone,
however that happened, and on SIGTERM, SIGINT, SIGHUP and SIGQUIT.
"""

import logging
import select
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import msgspec

from car.assembly import open_bus
from car.command import STOP
from car.config import ChipConfig, GuardConfig, SteeringConfig, ThrottleConfig
from car.drivers.pca9685 import ServoAndEsc
from car.errors import DeviceError, GuardError
from car.guard import Guard
from car.guard_messages import (
    LAST_TRIES_S,
    Ask,
    Outcome,
    Reply,
    Request,
    receive_request,
    reply_bytes,
)
from car.real_time import run_in_real_time
from tubs.errors import EverlapError

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
RETRY_S = 0.01
HALF_A_MESSAGE_S = 0.05
"""Longest wait for the rest of a message, and for the other end to take a reply."""

log = logging.getLogger("car.guard_process")


class GuardSettings(msgspec.Struct, frozen=True):
    """All that the guard needs to know, and nothing of the rest of the car."""

    bus: str
    chip: ChipConfig
    steering: SteeringConfig
    throttle: ThrottleConfig
    guard: GuardConfig


class EndingError(Exception):
    """The guard is to end: a signal came, or the drive loop left or is gone."""


class Desk:
    """Answers one drive loop until it leaves.

    Args:
        link: the socket to the drive loop.
        bell: becomes readable when a signal came.
        guard: already entered.
    """

    def __init__(self, link: socket.socket, bell: socket.socket, guard: Guard) -> None:
        self._link, self._bell, self._guard = link, bell, guard
        link.settimeout(HALF_A_MESSAGE_S)
        self._sequence = 0
        self._poll = select.poll()
        self._poll.register(link, select.POLLIN)
        self._poll.register(bell, select.POLLIN)

    def serve(self) -> None:
        """Answer requests and keep the deadline.

        Raises:
            EndingError: the guard is to end.
        """
        while True:
            ready = self._poll.poll(self._patience_ms())
            if any(number == self._bell.fileno() for number, _ in ready):
                raise EndingError(f"signal {signal.Signals(self._bell.recv(1)[0]).name}")
            if ready:
                self._reply(self._answer(self._receive()))
            else:
                self._guard.check()

    def _patience_ms(self) -> float | None:
        left_s = self._guard.seconds_left()
        return None if left_s is None else 1e3 * max(left_s, RETRY_S)

    def _receive(self) -> Request:
        try:
            return receive_request(self._link)
        except (EOFError, OSError) as error:
            raise EndingError("the drive loop is gone") from error
        except ValueError as error:
            raise EndingError(f"the drive loop sent nonsense: {error}") from error

    def _reply(self, reply: Reply) -> None:
        try:
            self._link.sendall(reply_bytes(reply))
        except OSError as error:
            raise EndingError("the drive loop is gone") from error

    def _answer(self, request: Request) -> Reply:
        guard, sequence = self._guard, request.sequence
        if request.ask is Ask.LEAVE:
            raise EndingError("the drive loop left")
        if sequence <= self._sequence:
            guard.check()
            return Reply(Outcome.STALE, sequence, STOP, guard.state, f"after {self._sequence}")
        self._sequence = sequence
        try:
            sent = guard.send(request.command)
        except GuardError as error:
            return Reply(Outcome.NONSENSE, sequence, STOP, guard.state, str(error))
        except DeviceError as error:
            return Reply(Outcome.DEVICE, sequence, STOP, guard.state, str(error))
        return Reply(Outcome.DONE, sequence, sent, guard.state)


@contextmanager
def signal_bell() -> Iterator[socket.socket]:
    """Turn signals into bytes on a socket, so that none cuts a write to the chip in half."""
    heard, rung = socket.socketpair()
    with heard, rung:
        rung.setblocking(False)
        signal.set_wakeup_fd(rung.fileno(), warn_on_full_buffer=False)
        for number in ENDING_SIGNALS:
            signal.signal(number, _leave_it_to_the_bell)
        yield heard
        signal.set_wakeup_fd(-1)


def _leave_it_to_the_bell(number: int, frame: FrameType | None) -> None:
    pass


def run(link: socket.socket, bell: socket.socket, settings: GuardSettings) -> None:
    """Own the chip until the drive loop leaves, then say that it is at neutral.

    Raises:
        EverlapError: the guard cannot begin, or neutral did not reach the chip at the end.
    """
    wheels = ServoAndEsc(
        open_bus(settings.bus),
        settings.chip,
        settings.steering,
        settings.throttle,
        time.monotonic,
    )
    reason = ""
    try:
        with Guard(wheels, settings.guard.deadline_s, time.monotonic) as guard:
            run_in_real_time()
            link.sendall(reply_bytes(Reply(Outcome.DONE)))
            try:
                Desk(link, bell, guard).serve()
            except EndingError as ending:
                reason = str(ending)
    except DeviceError:
        if not reason:
            raise
        _try_neutral_on(wheels)
    log.info("%s: the throttle is at neutral", reason)


def _try_neutral_on(wheels: ServoAndEsc) -> None:
    """Go on trying for LAST_TRIES_S.

    Raises:
        DeviceError: the bus stayed broken.
    """
    give_up_s = time.monotonic() + LAST_TRIES_S
    while True:
        try:
            wheels.neutral()
            return
        except DeviceError:
            if time.monotonic() > give_up_s:
                raise
            time.sleep(RETRY_S)


def main(socket_number: str, settings_json: str) -> int:
    """Serve the drive loop at the other end of an inherited socket; give the exit code."""
    logging.basicConfig(level=logging.WARNING, format="guard: %(message)s")
    logging.raiseExceptions = False
    settings = msgspec.json.decode(settings_json, type=GuardSettings)
    with signal_bell() as bell, socket.socket(fileno=int(socket_number)) as link:
        try:
            run(link, bell, settings)
            farewell, exit_code = Reply(Outcome.LEFT), 0
        except EverlapError as error:
            kind = Outcome.DEVICE if isinstance(error, DeviceError) else Outcome.CONFIG
            farewell, exit_code = Reply(kind, text=str(error)), error.exit_code
        try:
            link.sendall(reply_bytes(farewell))
        except OSError:
            log.info("nobody is left to tell that the guard has ended")
    return exit_code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
