"""Looks for gamepads in a thread of its own, once a second while one is wanted."""

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Self

from evdev import InputDevice

from car.drivers.gamepad import Device, Gamepad, layout_of
from car.drivers.gamepad_layouts import Layout, load_layouts
from car.errors import DeviceError

EVERY_S = 1.0
INPUT = Path("/dev/input")

logger = logging.getLogger(__name__)


def event_nodes() -> list[Path]:
    """Every input device of this machine."""
    return sorted(INPUT.glob("event*"))


def open_device(path: Path) -> Device:
    """Open an input device; only to read where it may not be written."""
    device: Device = InputDevice(str(path))
    return device


class GamepadSearch:
    """Finds pads; opening a device takes milliseconds, which the drive loop does not have.

    A pad is given to one taker only; several takers get several pads.
    """

    def __init__(
        self,
        layouts: Sequence[Layout] | None = None,
        nodes: Callable[[], Iterable[Path]] = event_nodes,
        open_node: Callable[[Path], Device] = open_device,
    ) -> None:
        """Store what to look for.

        Args:
            layouts: the pads that are known; those of this package when not given.
            nodes: lists device nodes.
            open_node: opens one; raises OSError.
        """
        self._layouts = load_layouts() if layouts is None else list(layouts)
        self._nodes, self._open = nodes, open_node
        self._found: SimpleQueue[Gamepad] = SimpleQueue()
        self._wanted, self._ended = threading.Event(), threading.Event()
        self._taken: dict[str, Gamepad] = {}
        self._others: set[tuple[str, int, int]] = set()
        self._complained: set[str] = set()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Start looking."""
        self._thread = threading.Thread(target=self._run, name="gamepad search", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *reason: object) -> None:
        """Stop looking, and let go of a pad that nobody took."""
        self._ended.set()
        self._wanted.set()
        if self._thread is not None:
            self._thread.join()
        while (pad := self._next()) is not None:
            pad.close()

    def take(self) -> Gamepad | None:
        """Give a pad that was found since; None, at once, when there is none yet."""
        pad = self._next()
        if pad is None:
            self._wanted.set()
        return pad

    def _next(self) -> Gamepad | None:
        try:
            return self._found.get_nowait()
        except Empty:
            return None

    def _run(self) -> None:
        while not self._ended.is_set():
            self._wanted.wait()
            pad = None if self._ended.is_set() else self.scan()
            if pad is not None:
                self._found.put(pad)
                self._wanted.clear()
            else:
                self._ended.wait(EVERY_S)

    def scan(self) -> Gamepad | None:
        """Open what is there until it is a pad that nobody has; None when there is none."""
        for path in self._nodes():
            known = self._taken.get(str(path))
            if known is not None and not known.is_closed:
                continue
            try:
                pad = self._examine(path)
            except (OSError, DeviceError) as error:
                self._complain(path, error)
                continue
            if pad is not None:
                self._taken[pad.path] = pad
                return pad
        return None

    def _examine(self, path: Path) -> Gamepad | None:
        """Open one device; what is no pad is remembered, and not opened again."""
        node = path.stat()
        mark = (str(path), node.st_ino, node.st_ctime_ns)
        if mark in self._others:
            return None
        device = self._open(path)
        pad = None
        try:
            layout = layout_of(device, self._layouts)
            pad = Gamepad(device, layout) if layout is not None else None
        finally:
            if pad is None:
                device.close()
        if pad is None:
            self._others.add(mark)
        return pad

    def _complain(self, path: Path, error: Exception) -> None:
        """Say once of each device why it cannot be used."""
        if str(path) in self._complained:
            return
        self._complained.add(str(path))
        if isinstance(error, PermissionError):
            logger.warning("%s may not be read: sudo usermod -aG input $USER, log in again", path)
        else:
            logger.info("%s is no gamepad to drive by: %s", path, error)
