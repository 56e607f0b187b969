"""A datagram socket with a name in the file system, which one living process owns at a time."""

import fcntl
import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Self

from car.errors import DeviceError

MODE = 0o660
"""The owner and the group may talk to the car."""


class SocketFile:
    """Listens at a path; a file that a dead process left there is replaced.

    A lock beside it decides who lives: the kernel drops it when its process dies, however it dies.

    Attributes:
        link: the socket; it never waits.
    """

    def __init__(self, path: Path) -> None:
        """Take the path.

        Raises:
            DeviceError: another process listens there, or the path cannot be used.
        """
        self.path = path
        self._lock = _locked(path)
        self.link = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            if _answers(path):
                raise _in_use(path)
            path.unlink(missing_ok=True)
            self.link.bind(str(path))
            path.chmod(MODE)
            self._inode = path.stat().st_ino
        except OSError as error:
            self._release()
            raise DeviceError(f"cannot listen at {path}: {error.strerror or error}") from error
        except DeviceError:
            self._release()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening, and remove the file unless it is another's by now."""
        with suppress(OSError):
            if self.path.stat().st_ino == self._inode:
                self.path.unlink()
        self._release()

    def _release(self) -> None:
        self.link.close()
        os.close(self._lock)


def _locked(path: Path) -> int:
    """Open and lock the file that says whose socket it is."""
    beside = path.with_name(path.name + ".lock")
    try:
        lock = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, MODE)
    except OSError as error:
        raise DeviceError(f"cannot write {beside}: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise _in_use(path) from error
    return lock


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        return True


def _in_use(path: Path) -> DeviceError:
    return DeviceError(
        f"another drive listens at {path}: end it first (everlap stop stops its car), or give "
        "this one a folder of its own with EVERLAP_RUN"
    )
