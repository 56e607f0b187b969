"""Whose tubs are harmed: something that records, is killed, records again, and is read."""

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from tests.cuts import everlap_side, verdict
from tests.cuts.limited import PROCESSES, in_a_fresh_process
from tests.cuts.verdict import Reading

READ_LIMIT_S = 60.0
RECORD_LIMIT_S = 60.0
DONKEYCAR_SIDE = Path(__file__).with_name("donkeycar_side.py")


class Found(NamedTuple):
    """A reading, how the reader failed when it was not by its own error, and its seconds."""

    reading: Reading
    failure: str | None
    took_s: float


class Victim(Protocol):
    """A process that records until it is killed."""

    def is_running(self) -> bool:
        """Whether it has not ended by itself."""
        ...

    def kill(self) -> None:
        """By SIGKILL; gone when this returns."""
        ...


class Subject(Protocol):
    """Whose tubs are harmed."""

    name: verdict.Subject

    def start(self, folder: Path, counter: Path, rate_hz: float) -> Victim:
        """Record numbers from 0, for ever; flat out when the rate is 0."""
        ...

    def resume(self, folder: Path, counter: Path, first: int, records: int) -> str | None:
        """Record so many more into the same tub, and say why that fails."""
        ...

    def read(self, folder: Path) -> Found:
        """Read everything, in a fresh process."""
        ...


class _EverlapVictim:
    def __init__(self, process) -> None:  # type: ignore[no-untyped-def]
        self._process = process
        process.start()

    def is_running(self) -> bool:
        return self._process.is_alive()

    def kill(self) -> None:
        self._process.kill()
        self._process.join()


class Everlap:
    """The product, as it is here."""

    name: verdict.Subject = "everlap"

    def __init__(self, pictures: Path) -> None:
        self._pictures = pictures

    def start(self, folder: Path, counter: Path, rate_hz: float) -> Victim:
        given = (folder, self._pictures, counter, rate_hz, 0, None)
        return _EverlapVictim(PROCESSES.Process(target=everlap_side.record_numbers, args=given))

    def resume(self, folder: Path, counter: Path, first: int, records: int) -> str | None:
        given = (folder, self._pictures, counter, 0.0, first, records)
        return in_a_fresh_process(RECORD_LIMIT_S, everlap_side.record_numbers, *given)[1]

    def read(self, folder: Path) -> Found:
        reading, failure, took_s = in_a_fresh_process(
            READ_LIMIT_S, everlap_side.read_numbers, folder, self._pictures
        )
        return Found(reading or Reading(), failure, took_s)


class _DonkeycarVictim:
    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def is_running(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


class Donkeycar:
    """donkeycar's own writer and reader, in a Python of their own."""

    name: verdict.Subject = "donkeycar"

    def __init__(self, python: str, pictures: Path) -> None:
        self._side = [python, str(DONKEYCAR_SIDE)]
        self._pictures = str(pictures)

    def _recording(self, folder: Path, counter: Path, *numbers: object) -> list[str]:
        words = [str(folder), self._pictures, str(counter), *map(str, numbers)]
        return [*self._side, "record", *words]

    def start(self, folder: Path, counter: Path, rate_hz: float) -> Victim:
        return _DonkeycarVictim(self._recording(folder, counter, rate_hz, 0, "ever"))

    def resume(self, folder: Path, counter: Path, first: int, records: int) -> str | None:
        command = self._recording(folder, counter, 0.0, first, records)
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=RECORD_LIMIT_S, check=False
        )
        return _last_line(done.stderr) if done.returncode else None

    def read(self, folder: Path) -> Found:
        """An error while it reads is a tub that does not open: it has no errors of its own."""
        command = [*self._side, "read", str(folder), self._pictures]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=READ_LIMIT_S, check=False
        )
        reading = msgspec.json.decode(done.stdout or "{}", type=Reading)
        if done.returncode:
            reading.refused = _last_line(done.stderr)
        return Found(reading, None, 0.0)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["ended without a word"])[-1]


def check_donkeycar(python: str) -> None:
    """Make sure that a Python has donkeycar's tubs, or end with what to do."""
    try:
        done = subprocess.run(
            [python, "-c", "from donkeycar.parts.tub_v2 import TubWriter"],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        sys.exit(f"{python} cannot be run: {error.strerror}")
    if done.returncode:
        sys.exit(f"{python} has no donkeycar: {_last_line(done.stderr)}")
