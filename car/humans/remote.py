"""Remote clients at the controls: datagrams on a local socket, and the state of the drive back."""

import logging
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import msgspec

from car.clock import Clock
from car.command import STOP
from car.errors import DeviceError
from car.human import NOBODY, Status, Wish
from car.humans.messages import LONGEST_BYTES, Message, message_of
from car.humans.several import CHOICES, STOPS
from car.humans.socket_file import SocketFile
from car.modes import AT_REST, Event, Mode
from car.run_folder import HUMAN_SOCKET, run_folder

DATAGRAMS_A_TICK = 128
"""A flood must not stall the loop; what is left over waits, and grows too old to count."""
CLIENTS = 16
HEARD_S = 1.0
"""Whoever said nothing for so long is told nothing and forgotten."""
FUTURE_S = 0.001

logger = logging.getLogger(__name__)

Address = str | bytes


@dataclass(slots=True)
class Client:
    """One that talks to us: where it listens, and its newest message."""

    address: Address
    newest: Message
    heard_s: float


class RemoteHuman:
    """Whoever talks to the drive's socket.

    The first client that chooses a mode has the wheel until it is silent, or somebody stops the
    car; meanwhile only STOP and EMERGENCY count from others. Those count from every well-formed
    message, however late. A client that fell silent stops the car and has to choose again.

    Attributes:
        driver: the client that has the wheel; empty when none has.
        refused: how many messages were refused, by reason.
        untold: how many answers were lost because a client does not read them.
    """

    def __init__(
        self,
        expiry_s: float,
        path: Path | None = None,
        clock: Clock = time.monotonic,
        name: str = "remote",
    ) -> None:
        """Store where to listen.

        Args:
            expiry_s: how long a message counts.
            path: the socket; human.sock in the run folder when not given.
            clock: the clients' own: monotonic seconds of this machine, also in a simulation.
            name: what a status calls this source.
        """
        self.driver = ""
        self.refused: Counter[str] = Counter()
        self.untold = 0
        self._expiry_s, self._path, self._clock, self._name = expiry_s, path, clock, name
        self._socket: SocketFile | None = None
        self._clients: dict[str, Client] = {}

    def __enter__(self) -> Self:
        """Listen.

        Raises:
            DeviceError: another drive listens there, or nobody can.
        """
        self._socket = SocketFile(self._path or run_folder() / HUMAN_SOCKET)
        return self

    def __exit__(self, *reason: object) -> None:
        """Stop listening."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def wish(self, now_s: float) -> Wish:
        """Read what has come, and give the wish of the client that has the wheel.

        Raises:
            DeviceError: the socket broke.
        """
        queued = list(self._queued())
        clock_s = self._clock()
        events: list[Event] = []
        for datagram, address in queued:
            events += self._take(datagram, address, clock_s)
        driver = self._clients.get(self.driver)
        if driver is not None and clock_s - driver.newest.made_s > self._expiry_s:
            events.append(self._lose(driver.newest.client))
        self._forget(clock_s)
        if driver is None:
            return self._of_watchers(now_s - clock_s)._replace(events=tuple(events))
        made_s = now_s - (clock_s - driver.newest.made_s)
        return Wish(driver.newest.command, made_s, tuple(events))

    def tell(self, status: Status) -> None:
        """Answer every client that was heard lately; in mode stopped none has the wheel longer."""
        if status.mode == Mode.STOPPED.value or status.driver not in ("", self._name):
            self.driver = ""
        if self._socket is None or not self._clients:
            return
        answer = msgspec.structs.replace(status, driver=self.driver or status.driver)
        text = msgspec.json.encode(answer)
        for client in self._clients.values():
            try:
                if client.address:
                    self._socket.link.sendto(text, client.address)
            except BlockingIOError:
                self.untold += 1
            except OSError:
                client.address = ""

    def _queued(self) -> Iterator[tuple[bytes, Address]]:
        if self._socket is None:
            raise DeviceError("nobody listens to remote clients: use RemoteHuman in a with block")
        try:
            for _ in range(DATAGRAMS_A_TICK):
                yield self._socket.link.recvfrom(LONGEST_BYTES + 1)
        except BlockingIOError:
            return
        except OSError as error:
            raise DeviceError(f"the socket for remote clients broke: {error}") from error

    def _take(self, datagram: bytes, address: Address, clock_s: float) -> list[Event]:
        """What counts of one datagram."""
        message = message_of(datagram)
        if message is None:
            self.refused["too long" if len(datagram) > LONGEST_BYTES else "malformed"] += 1
            return []
        stops = [event for event in message.events if event in STOPS]
        reason = self._why_not(message, clock_s)
        if reason:
            self.refused[reason] += 1
            wanted = []
        else:
            wanted = self._accept(message, address, clock_s)
        if stops:
            self.driver = ""
        return wanted + stops

    def _why_not(self, message: Message, clock_s: float) -> str:
        """Why a message does not count; empty when it does."""
        known = self._clients.get(message.client)
        if known is not None and message.number <= known.newest.number:
            return "replayed"
        if message.made_s > clock_s + FUTURE_S:
            return "from the future"
        if clock_s - message.made_s > self._expiry_s:
            return "late"
        if known is None and len(self._clients) >= CLIENTS:
            return "one client too many"
        return ""

    def _accept(self, message: Message, address: Address, clock_s: float) -> list[Event]:
        """Remember a message, and give what its client may choose with it."""
        before = self._clients.get(message.client)
        self._clients[message.client] = Client(address, message, clock_s)
        pause_s = message.made_s - before.newest.made_s if before is not None else 0.0
        was_lost = message.client == self.driver and pause_s > self._expiry_s
        lost = [self._lose(message.client)] if was_lost else []
        return lost + [event for event in message.events if self._may(message, event)]

    def _may(self, message: Message, event: Event) -> bool:
        if event in CHOICES and self.driver in ("", message.client):
            self.driver = message.client
            return True
        if event is Event.REARM and not self.driver:
            return abs(message.throttle) <= AT_REST
        if event not in STOPS:
            self.refused["another has the wheel"] += 1
        return False

    def _lose(self, client: str) -> Event:
        logger.warning("stopped: nothing was heard from client %s in time", client)
        self.driver = ""
        return Event.STOP

    def _forget(self, clock_s: float) -> None:
        for name in [n for n, c in self._clients.items() if clock_s - c.heard_s > HEARD_S]:
            del self._clients[name]

    def _of_watchers(self, shift_s: float) -> Wish:
        """No command, as fresh as the newest message; `shift_s` leads to the drive's clock."""
        if not self._clients:
            return NOBODY
        return Wish(STOP, max(c.newest.made_s for c in self._clients.values()) + shift_s)
