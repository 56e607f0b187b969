"""The guard as a program of its own, for one drive loop or as a service for one at a time.

    python -m car.guard.process --child NUMBER JSON
        serves an inherited socket, and ends with it
    python -m car.guard.process --listen PATH --settings FILE
        serves whoever connects, until a signal comes

Light on purpose: the standard library and the chip's driver. SIGTERM, SIGINT, SIGHUP and SIGQUIT
end it, at neutral.
"""

import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from car.bus import locked_bus, open_bus
from car.drivers.pca9685 import ChipDriver
from car.errors import ConfigError, DeviceError
from car.guard.desk import RETRY_S, Desk, EndingError
from car.guard.door import open_door
from car.guard.guard import Guard
from car.guard.messages import LAST_TRIES_S, Outcome, Reply, reply_bytes
from car.guard.settings import GuardSettings, read_settings, settings_from_json
from car.log_thread import LogThread
from car.notify import Notifier
from car.real_time import run_in_real_time
from tubs.errors import EverlapError

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)

log = logging.getLogger("car.guard.process")


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


def run(settings: GuardSettings, bell: socket.socket, invite: Callable[[Desk], None]) -> None:
    """Own the chip until it is time to end, then leave it at neutral.

    Args:
        settings: of the car.
        bell: rings for signals.
        invite: gives the desk whom to serve.

    Raises:
        EverlapError: the guard cannot begin, or neutral did not reach the chip at the end.
    """
    wheels = ChipDriver(open_bus(settings.bus), settings, time.monotonic)
    notifier = Notifier(os.environ)
    guard = Guard(wheels, settings.deadline_s, time.monotonic, settings.arming_s)
    reason, desk = "", None
    try:
        with guard:
            run_in_real_time()
            desk = Desk(guard, bell, settings.digest, wheels.health, notifier)
            invite(desk)
            try:
                desk.serve()
            except EndingError as ending:
                reason = str(ending)
                notifier.stopping(reason)
    except DeviceError:
        if not reason:
            raise
        _try_neutral_on(wheels)
    log.info("%s: the throttle is at neutral", reason)
    if desk is not None:
        desk.farewell(Reply(Outcome.LEFT))


def _try_neutral_on(wheels: ChipDriver) -> None:
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


def serve_child(socket_number: str, settings_json: str) -> int:
    """Serve the drive loop at the other end of an inherited socket; give the exit code."""
    with signal_bell() as bell, socket.socket(fileno=int(socket_number)) as link:
        try:
            settings = settings_from_json(settings_json)
            with locked_bus(settings.bus):
                run(settings, bell, lambda desk: desk.seat(link))
        except EverlapError as error:
            kind = Outcome.DEVICE if isinstance(error, DeviceError) else Outcome.CONFIG
            try:
                link.sendall(reply_bytes(Reply(kind, text=str(error))))
            except OSError:
                log.error("%s", error)
            return error.exit_code
    return 0


def serve_all(path: str, settings_file: str) -> int:
    """Serve whoever connects to a socket in the file system; give the exit code."""
    try:
        settings = read_settings(Path(settings_file))
        with (
            signal_bell() as bell,
            locked_bus(settings.bus),
            open_door(Path(path)) as listener,
        ):
            run(settings, bell, lambda desk: desk.open(listener))
    except EverlapError as error:
        log.error("%s", error)
        return error.exit_code
    return 0


def main(*arguments: str) -> int:
    """Do what the arguments say and give the exit code."""
    voice = LogThread() if sys.stderr is not None else logging.NullHandler()
    logging.basicConfig(level=logging.WARNING, format="guard: %(message)s", handlers=[voice])
    logging.raiseExceptions = False
    match arguments:
        case ("--child", number, settings_json):
            return serve_child(number, settings_json)
        case ("--listen", path, "--settings", settings_file):
            return serve_all(path, settings_file)
    log.error("usage: car.guard.process --listen PATH --settings FILE")
    return ConfigError.exit_code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
