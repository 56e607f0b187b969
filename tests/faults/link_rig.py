"""A real guard process on a chip that outlives it; the test is the drive loop at its link."""

import math
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from car.assembly import guard_settings
from car.command import Command
from car.config import CarConfig
from car.guard.keepers import ChildKeeper
from car.guard.messages import Ask, Request, receive_reply, request_bytes
from car.simulation.i2c import open_chip
from tests.faults.catalogue import Outcome, outcome_of

PERIOD_S = 0.02
AFTERWARDS_S = 0.8
GO = Command(0.2, 0.4)


class LinkRig:
    """Commands at a steady rate, until something is done to the link.

    Attributes:
        dice: decides what is random about the fault.
        link: the socket to the guard.
        next_request: what is sent next; commands of `GO` that count up.
        silent: nothing is sent but what the fault sends.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.dice = np.random.default_rng(seed)
        self.chip = open_chip(folder / "chip")
        settings = guard_settings(CarConfig(), f"simulated:{folder / 'chip'}")
        self._keeper = ChildKeeper(settings)
        self.link: socket.socket
        self.silent = False
        self.number = 0
        self._trace: list[tuple[float, float | None]] = []
        self._leave = threading.Event()

    def run(self, inject: Callable[["LinkRig"], None]) -> Outcome:
        """Drive, let the fault strike, and watch what the throttle does."""
        self.link = self._keeper.call()
        self.link.settimeout(10.0)
        receive_reply(self.link)
        self._send_for(float(self.dice.uniform(0.2, 0.3)))
        watch = threading.Thread(target=self._look)
        watch.start()
        fault_s = time.monotonic()
        told = ""
        try:
            inject(self)
            self._send_for(AFTERWARDS_S)
        except (OSError, EOFError) as error:
            told = str(error)
            time.sleep(max(0.0, fault_s + AFTERWARDS_S - time.monotonic()))
        self._leave.set()
        watch.join()
        self.link.close()
        self._keeper.dismiss(1.0)
        return outcome_of([each for each in self._trace if each[0] >= fault_s], fault_s, told)

    def request(self) -> bytes:
        """The next good command."""
        self.number += 1
        return request_bytes(Request(Ask.APPLY, self.number, time.monotonic(), GO))

    def _send_for(self, seconds: float) -> None:
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            if not self.silent:
                self.link.sendall(self.request())
                receive_reply(self.link)
            time.sleep(PERIOD_S)

    def _look(self) -> None:
        while not self._leave.is_set():
            self._trace.append((time.monotonic(), self.chip.pulse_us(0)))
            time.sleep(0.0005)


def guard_socket_closes(rig: LinkRig) -> None:
    rig.link.shutdown(socket.SHUT_RDWR)


def guard_half_message(rig: LinkRig) -> None:
    rig.link.send(rig.request()[: int(rig.dice.integers(1, 29))])
    rig.silent = True


def guard_nonsense(rig: LinkRig) -> None:
    rig.link.send(os.urandom(int(rig.dice.integers(29, 200))))
    rig.silent = True


def guard_replayed(rig: LinkRig) -> None:
    """The last command again and again: fresh in time, but with a number that was there."""
    rig.silent = True
    until_s = time.monotonic() + 0.5
    while time.monotonic() < until_s:
        rig.link.sendall(request_bytes(Request(Ask.APPLY, rig.number, time.monotonic(), GO)))
        receive_reply(rig.link)
        time.sleep(PERIOD_S)


def guard_delayed(rig: LinkRig) -> None:
    """Good commands that lay somewhere for a second."""
    rig.silent = True
    until_s = time.monotonic() + 0.5
    while time.monotonic() < until_s:
        rig.number += 1
        late = Request(Ask.APPLY, rig.number, time.monotonic() - 1.0, GO)
        rig.link.sendall(request_bytes(late))
        receive_reply(rig.link)
        time.sleep(PERIOD_S)


def guard_nan(rig: LinkRig) -> None:
    """Nonsense in a good message; and good commands afterwards."""
    rig.number += 1
    wild = Command(0.0, float(rig.dice.choice([math.nan, math.inf, -math.inf, 7.0])))
    rig.link.sendall(request_bytes(Request(Ask.APPLY, rig.number, time.monotonic(), wild)))
    receive_reply(rig.link)
