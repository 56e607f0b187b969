"""The guard's desk: one driver at a time is served there, and a few may look on."""

import json
import logging
import os
import select
import signal
import socket
import struct
import time
from collections.abc import Callable
from typing import NamedTuple

from car.command import STOP
from car.errors import DeviceError, GuardError
from car.guard.guard import Guard
from car.guard.messages import (
    REPLY_TIMEOUT_S,
    Ask,
    Outcome,
    Reply,
    Request,
    receive_request,
    reply_bytes,
)
from car.notify import Notifier

RETRY_S = 0.01
MOST_ONLOOKERS = 8
"""When one more comes, the one that has been there longest must go."""

PAUSE_S = 0.0005
"""Keeps a guard that ran out of file descriptors from taking the whole processor."""

log = logging.getLogger("car.guard.desk")


class EndingError(Exception):
    """The guard is to end: a signal came, or the drive loop that it was started for is gone."""


class Visitor(NamedTuple):
    """Somebody at the other end of a socket; process_id is 0 where it is not known."""

    link: socket.socket
    process_id: int


class Desk:
    """Answers requests, keeps the deadline, and tells the service manager that it does.

    Args:
        guard: already entered.
        bell: becomes readable when a signal came.
        digest: of the guard's settings; a driver must have the same.
        health: what else onlookers are told.
        notifier: of the service manager.
    """

    def __init__(
        self,
        guard: Guard,
        bell: socket.socket,
        digest: str,
        health: Callable[[], dict[str, int]],
        notifier: Notifier,
    ) -> None:
        self._guard, self._bell, self._digest = guard, bell, digest
        self._health, self._notifier = health, notifier
        self._onlookers: dict[int, Visitor] = {}
        self._driver: Visitor | None = None
        self._listener: socket.socket | None = None
        self._sequence = 0
        self._greeted = self._ready = False
        self._status = "arming"
        self._poll = select.poll()
        self._poll.register(bell, select.POLLIN)

    def seat(self, link: socket.socket) -> None:
        """Let the one process drive that the guard was started for; the guard ends with it."""
        link.setblocking(False)
        self._poll.register(link, select.POLLIN)
        self._take_seat(Visitor(link, os.getppid()))

    def open(self, listener: socket.socket) -> None:
        """Let anyone in who may connect."""
        listener.setblocking(False)
        self._listener = listener
        self._poll.register(listener, select.POLLIN)

    def serve(self) -> None:
        """Answer requests and keep the deadline.

        Raises:
            EndingError: the guard is to end.
        """
        while True:
            self._guard.check()
            if not self._guard.arming:
                self._greet()
            self._notifier.alive(self._status)
            left_s = self._guard.seconds_left() or RETRY_S
            for number, events in self._poll.poll(1e3 * left_s):
                self._turn_to(number, gone=bool(events & ~select.POLLIN))

    def farewell(self, reply: Reply) -> None:
        """Tell the driver why the guard ends, and close all sockets."""
        if self._driver is not None:
            self._say(self._driver, reply)
            self._driver.link.close()
        for visitor in self._onlookers.values():
            visitor.link.close()

    def _turn_to(self, number: int, gone: bool) -> None:
        """Attend to one socket; what somebody who is gone had asked is not done any more."""
        if self._driver is not None and number == self._driver.link.fileno():
            if gone:
                self._see_off(self._driver, "it is gone")
            else:
                self._attend(self._driver)
        elif number == self._bell.fileno():
            raise EndingError(f"signal {signal.Signals(self._bell.recv(1)[0]).name}")
        elif number in self._onlookers:
            self._attend(self._onlookers[number])
        elif self._listener is not None and number == self._listener.fileno():
            self._admit(self._listener)

    def _admit(self, listener: socket.socket) -> None:
        if len(self._onlookers) >= MOST_ONLOOKERS:
            self._see_off(next(iter(self._onlookers.values())), "too many look on")
        try:
            link, _ = listener.accept()
        except OSError as error:
            log.error("somebody could not be let in: %s", error)
            time.sleep(PAUSE_S)
            return
        link.setblocking(False)
        who = link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        self._poll.register(link, select.POLLIN)
        self._onlookers[link.fileno()] = Visitor(link, struct.unpack("3i", who)[0])

    def _attend(self, visitor: Visitor) -> None:
        try:
            request = receive_request(visitor.link)
        except BlockingIOError:
            return
        except (EOFError, OSError) as error:
            self._see_off(visitor, str(error))
        except ValueError as error:
            self._see_off(visitor, f"it sent nonsense: {error}")
        else:
            answer = self._answer(visitor, request)
            if answer is not None and not self._say(visitor, answer):
                self._see_off(visitor, "it does not listen")

    def _answer(self, visitor: Visitor, request: Request) -> Reply | None:
        """Do what was asked; None is an answer that comes later."""
        if request.ask is Ask.STATE:
            return Reply(Outcome.DONE, request.sequence, self._guard.sent, text=self._report())
        if visitor is self._driver:
            return self._leave(visitor) if request.ask is Ask.LEAVE else self._apply(request)
        if self._driver is not None or request.ask is not Ask.DRIVE:
            return Reply(Outcome.BUSY, request.sequence, text=self._who_drives())
        del self._onlookers[visitor.link.fileno()]
        self._take_seat(visitor)
        return None

    def _apply(self, request: Request) -> Reply:
        guard, sequence = self._guard, request.sequence
        age_s = time.monotonic() - request.made_s
        if request.ask is not Ask.APPLY or not self._greeted or sequence <= self._sequence:
            guard.check()
            text = f"after {self._sequence}"
            return Reply(Outcome.STALE, sequence, STOP, guard.state, text)
        self._sequence = sequence
        if not 0.0 <= age_s < REPLY_TIMEOUT_S:
            guard.check()
            return Reply(Outcome.STALE, sequence, STOP, guard.state, f"{age_s:.3f} s old")
        try:
            sent = guard.send(request.command)
        except GuardError as error:
            return Reply(Outcome.NONSENSE, sequence, STOP, guard.state, str(error))
        except DeviceError as error:
            return Reply(Outcome.DEVICE, sequence, STOP, guard.state, str(error))
        return Reply(Outcome.DONE, sequence, sent, guard.state)

    def _take_seat(self, visitor: Visitor) -> None:
        self._driver, self._sequence, self._greeted = visitor, 0, False

    def _vacate_seat(self) -> None:
        self._driver, self._status = None, "nobody drives"
        self._guard.release()

    def _greet(self) -> None:
        """Tell a new driver, and once the service manager, that the car can drive."""
        if not self._ready:
            self._ready = True
            self._status = "nobody drives"
            self._notifier.ready(self._status)
        if self._driver is not None and not self._greeted:
            self._greeted = True
            self._guard.welcome()
            self._status = f"process {self._driver.process_id} drives"
            if not self._say(self._driver, Reply(Outcome.DONE, text=self._digest)):
                self._see_off(self._driver, "it is gone")

    def _leave(self, driver: Visitor) -> Reply:
        """Put the throttle at neutral; the guard stays only where others can come.

        Raises:
            EndingError: nobody else can.
        """
        if self._listener is None:
            raise EndingError("the drive loop left")
        self._onlookers[driver.link.fileno()] = driver
        self._vacate_seat()
        if self._guard.neutral_is_owed:
            return Reply(Outcome.DEVICE, text="neutral did not reach the chip; the guard tries on")
        return Reply(Outcome.LEFT)

    def _see_off(self, visitor: Visitor, why: str) -> None:
        """Close a visitor's socket; when it drove, the throttle goes to neutral.

        Raises:
            EndingError: it drove, and nobody else can.
        """
        if visitor is self._driver:
            if self._listener is None:
                raise EndingError(f"the drive loop: {why}")
            self._vacate_seat()
            log.warning("process %d, which drove: %s", visitor.process_id, why)
        else:
            del self._onlookers[visitor.link.fileno()]
        self._poll.unregister(visitor.link)
        visitor.link.close()

    def _say(self, visitor: Visitor, reply: Reply) -> bool:
        """Send a reply whole without waiting, and say whether that worked."""
        try:
            visitor.link.sendall(reply_bytes(reply))
        except OSError:
            return False
        return True

    def _who_drives(self) -> str:
        if self._driver is None:
            return "nobody drives: ask to drive first"
        return f"process {self._driver.process_id} drives this car: end it first"

    def _report(self) -> str:
        guard = self._guard
        return json.dumps(
            {
                "state": guard.state.name.lower(),
                "arming": guard.arming,
                "age_s": round(guard.silent_s, 4) if guard.silent_s < 1e9 else None,
                "driver": self._driver.process_id if self._driver is not None else None,
                "neutral_owed": guard.neutral_is_owed,
                "sent": [round(value, 4) for value in guard.sent],
                "settings": self._digest,
                "guard": os.getpid(),
                **self._health(),
            }
        )
