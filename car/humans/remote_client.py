"""The other end of the drive's socket: sends what a human wants, hears how the drive is going."""

import secrets
import select
import socket
import time
from pathlib import Path
from typing import Self

import msgspec

from car.clock import Clock
from car.errors import DeviceError
from car.human import Status
from car.humans.messages import Message
from car.modes import Event


class NobodyThereError(DeviceError):
    """No drive loop listens at that path."""


_decoder = msgspec.json.Decoder(Status)
ANSWER_BYTES = 4096


class RemoteClient:
    """One client of the drive loop on this machine.

    Send several times within `human.expiry_s`, also when nothing changes: silence stops the car.

    Attributes:
        name: what the drive calls this client, also as the driver in a status.
    """

    def __init__(self, path: Path, clock: Clock = time.monotonic) -> None:
        """Store whom to talk to.

        Args:
            path: the drive's socket.
            clock: monotonic seconds of this machine.
        """
        self.name = secrets.token_hex(8)
        self._path, self._clock = path, clock
        self._number = 0
        self._link: socket.socket | None = None

    def __enter__(self) -> Self:
        """Find the drive.

        Raises:
            NobodyThereError: none listens there.
            DeviceError: this user may not talk to it.
        """
        self._link = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            self._link.bind("")
            self._link.connect(str(self._path))
        except OSError as error:
            self._link.close()
            raise self._unanswered(error) from error
        return self

    def __exit__(self, *reason: object) -> None:
        """Fall silent."""
        if self._link is not None:
            self._link.close()
            self._link = None

    def send(
        self, steering: float = 0.0, throttle: float = 0.0, event: Event | None = None
    ) -> bool:
        """Say what the human wants now.

        Args:
            steering: -1 is full left, +1 full right.
            throttle: +1 is full ahead.
            event: a choice, a stop or re-arming.

        Returns:
            Whether it left; when not, the drive has too much to read: say it again.

        Raises:
            NobodyThereError: the drive is gone.
            DeviceError: it cannot be sent.
        """
        self._number += 1
        said = event.value if event is not None else None
        message = Message(self.name, self._number, self._clock(), steering, throttle, said)  # type: ignore[arg-type]
        try:
            self._open().send(msgspec.json.encode(message))
        except BlockingIOError:
            return False
        except OSError as error:
            raise self._unanswered(error) from error
        return True

    def status(self, timeout_s: float = 0.0) -> Status | None:
        """Give the newest status that came since the last look; None when none came.

        Args:
            timeout_s: how long to wait for one.

        Raises:
            DeviceError: what came is no status.
        """
        link = self._open()
        select.select([link], [], [], timeout_s)
        newest = None
        try:
            while True:
                newest = link.recv(ANSWER_BYTES)
        except (BlockingIOError, ConnectionError):
            pass
        try:
            return _decoder.decode(newest) if newest is not None else None
        except msgspec.MsgspecError as error:
            raise DeviceError(f"what {self._path} answers is no status: {error}") from error

    def _open(self) -> socket.socket:
        if self._link is None:
            raise DeviceError(f"not connected to {self._path}: use RemoteClient in a with block")
        return self._link

    def _unanswered(self, error: OSError) -> DeviceError:
        gone = isinstance(error, FileNotFoundError | ConnectionError)
        kind = NobodyThereError if gone else DeviceError
        return kind(f"no drive loop answers at {self._path}: {error.strerror or error}")
