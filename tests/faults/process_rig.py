"""`everlap drive` and its guard as real processes, on a chip that outlives them."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

import numpy as np

from car.humans.remote_client import NobodyThereError, RemoteClient
from car.modes import Event
from car.simulation.i2c import open_chip
from tests.faults.catalogue import Outcome, is_moving, is_neutral, outcome_of
from tubs.about import TubAbout
from tubs.record import Record
from tubs.writer import TubWriter

ROOT = Path(__file__).resolve().parents[2]
PERIOD_S = 0.02
"""Between two messages of the client."""
START_PATIENCE_S = 30.0
AFTERWARDS_S = 1.2
"""How long the throttle is watched after the fault."""
FRAMES = 60
ESC = 0

SETTINGS = """
[camera]
device = "replay:{folder}/tub"
width_px = 64
height_px = 48
[chip]
bus = "simulated:{folder}/chip"
[throttle]
arming_s = 0.05
"""


def make_tub(folder: Path, width_px: int, height_px: int) -> None:
    """Some pictures of noise."""
    dice = np.random.default_rng(1)
    with TubWriter(folder, TubAbout(car="rig")) as tub:
        for number in range(FRAMES):
            image = dice.integers(0, 256, (height_px, width_px, 3), np.uint8)
            tub.append(Record(image, 0.05 * number, 0.05 * number + 0.01, 0.0, 0.3, "human"))


class Overheard(RemoteClient):
    """A client whose last message can be sent again, to the last bit."""

    def send_again(self) -> None:
        """Replay it."""
        number, clock = self._number, self._clock
        self._number -= 1
        self._clock = lambda: self.made_s
        self.send(0.1, 0.4)
        self._number, self._clock = number, clock

    def send(
        self, steering: float = 0.0, throttle: float = 0.0, event: Event | None = None
    ) -> bool:
        self.made_s = self._clock()
        return super().send(steering, throttle, event)


class Client:
    """A human with a phone: sends what they want all the time, in a thread of its own.

    Attributes:
        choice: what to choose, while the car is stopped and the throttle is let go; once.
        throttle: what is wanted.
        silent: sends nothing.
        late_s: messages look this old.
        repeats: says the same bytes again and again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.silent = False
        self.late_s = 0.0
        self.repeats = False
        self.throttle = 0.0
        self.choice: Event | None = None
        self.mode = ""
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._leave.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._leave.is_set():
            with contextlib.suppress(NobodyThereError):
                self._talk()
            self._leave.wait(PERIOD_S)

    def _talk(self) -> None:
        with Overheard(self._path, lambda: time.monotonic() - self.late_s) as link:
            while not self._leave.wait(PERIOD_S):
                if self.repeats:
                    link.send_again()
                elif not self.silent:
                    choice, self.choice = self.choice, None
                    link.send(0.1, 0.0 if choice else self.throttle, choice)
                status = link.status()
                self.mode = status.mode if status is not None else self.mode


class Drive:
    """One `everlap drive` in a process group of its own."""

    def __init__(
        self,
        folder: Path,
        options: list[str],
        environ: Mapping[str, str] = os.environ,
        output: int | None = None,
    ) -> None:
        self.log = folder / f"drive-{time.monotonic_ns()}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "car.cli", "drive", *options],
                cwd=ROOT,
                env={**environ, "EVERLAP_RUN": str(folder), "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=log if output is None else output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def guard_id(self) -> int:
        """Process id of its guard."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return int(children.read_text().split()[0])

    @property
    def told(self) -> str:
        """All that it printed."""
        return self.log.read_text(errors="replace")

    def end(self) -> None:
        """Be rid of it and of its guard."""
        with contextlib.suppress(OSError, IndexError, ValueError):
            os.kill(self.guard_id, signal.SIGKILL)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class ProcessRig:
    """A car that a client drives, until something is done to it.

    Attributes:
        folder: of the run: car.toml, tub, chip, sockets and logs.
        dice: decides what is random about the fault.
        drive: the process under test.
        client: drives it.
        output: where the drive and its guard write to instead of to a log.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.dice = folder, np.random.default_rng(seed)
        self.settings = SETTINGS.format(folder=folder)
        self.options: list[str] = ["--pilot", "none"]
        self.choice = Event.CHOOSE_HUMAN
        self.environ: dict[str, str] = dict(os.environ)
        self.output: int | None = None
        self.chip = open_chip(folder / "chip")
        make_tub(folder / "tub", 64, 48)
        self.client = Client(folder / "human.sock")
        self.drive: Drive
        self._drives: list[Drive] = []
        self.afterwards: list[Callable[[], object]] = []
        self.fault_s = 0.0
        self.afterwards_s = AFTERWARDS_S

    def start(self) -> Drive:
        """Start a drive on this car."""
        config = self.folder / "car.toml"
        config.write_text(self.settings)
        options = ["--config", str(config), *self.options]
        drive = Drive(self.folder, options, self.environ, self.output)
        self._drives.append(drive)
        return drive

    def __enter__(self) -> Self:
        self.drive = self.start()
        self.client.__enter__()
        return self

    def __exit__(self, *reason: object) -> None:
        self.client.__exit__()

    def clean_up(self) -> None:
        """End all processes, and undo what was done to the machine."""
        for undo in reversed(self.afterwards):
            undo()
        for each in self._drives:
            each.end()

    def drive_off(self) -> None:
        """Have the client choose a mode and give throttle, until the wheels turn."""
        self.client.throttle = 0.0
        deadline_s = time.monotonic() + START_PATIENCE_S
        while not is_moving(self.throttle_us):
            assert time.monotonic() < deadline_s, f"the car does not drive: {self.drive.told}"
            if self.client.mode in ("", "stopped"):
                self.client.choice = self.choice
            else:
                self.client.throttle = 0.4
            time.sleep(0.05)
        time.sleep(float(self.dice.uniform(0.15, 0.25)))

    @property
    def throttle_us(self) -> float | None:
        """The pulse at the speed controller."""
        return self.chip.pulse_us(ESC)

    def strike(self) -> None:
        """Note the moment of the fault; injectors call it just before they do it."""
        self.fault_s = time.monotonic()

    def run(self, inject: Callable[["ProcessRig"], None]) -> Outcome:
        """Drive, let the fault strike, and watch what the throttle does."""
        self.drive_off()
        watch = Watch(self)
        with watch:
            self.strike()
            inject(self)
            time.sleep(max(0.0, self.fault_s + self.afterwards_s - time.monotonic()))
        after = [(time_s, pulse) for time_s, pulse in watch.trace if time_s >= self.fault_s]
        if after and is_moving(after[-1][1]):
            return Outcome(None, told=self.drive.told)
        return outcome_of(after, self.fault_s, self.drive.told)


class Watch:
    """Looks at the throttle's pulse about 2,000 times a second, and keeps what changes."""

    def __init__(self, rig: ProcessRig) -> None:
        self._rig = rig
        self.trace: list[tuple[float, float | None]] = []
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._leave.set()
        self._thread.join()
        self.trace.append((time.monotonic(), self._rig.throttle_us))

    def _look(self) -> None:
        while not self._leave.is_set():
            pulse = self._rig.throttle_us
            if not self.trace or self.trace[-1][1] != pulse or time.monotonic() < self._rig.fault_s:
                self.trace.append((time.monotonic(), pulse))
            time.sleep(0.0005)


def refuse_to_start(rig: ProcessRig) -> Outcome:
    """Start a drive that must not come to drive, and see that the throttle never moves."""
    drive = rig.start()
    rig.drive = drive
    deadline_s = time.monotonic() + START_PATIENCE_S
    moved = False
    while drive.process.poll() is None and time.monotonic() < deadline_s:
        moved |= is_moving(rig.throttle_us)
        time.sleep(0.002)
    code = drive.process.poll()
    told = next((line for line in drive.told.splitlines() if line.startswith("everlap: ")), "")
    if code is None or code == 0:
        return Outcome(None, moved, f"it began to drive: {drive.told}")
    return Outcome(0.0, moved, told)


def neutral_within(rig: ProcessRig, seconds: float) -> bool:
    """Wait for the neutral pulse."""
    deadline_s = time.monotonic() + seconds
    while not is_neutral(rig.throttle_us) and time.monotonic() < deadline_s:
        time.sleep(0.0005)
    return is_neutral(rig.throttle_us)
