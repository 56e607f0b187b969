"""donkeycar as the other side of a measurement: its own Python runs donkeycar_tub.py."""

import subprocess
from pathlib import Path

import msgspec

from tubs.errors import EverlapError

SIDE = Path(__file__).with_name("donkeycar_tub.py")


class PeerError(EverlapError):
    """The other program cannot be measured."""


class DonkeycarTub:
    """Measures donkeycar."""

    def __init__(self, python: str) -> None:
        """Store where it is.

        Args:
            python: an interpreter that has donkeycar.
        """
        self._python = python

    def check(self) -> None:
        """Make sure, before long work begins, that it is there.

        Raises:
            PeerError: it is not.
        """
        self._output([self._python, "-c", "from donkeycar.parts.tub_v2 import TubWriter"])

    def writing(self, folder: Path, pictures: Path, records: int) -> list[str]:
        """The command that writes a tub."""
        return [self._python, str(SIDE), "write", str(folder), str(pictures), str(records)]

    def write(self, folder: Path, pictures: Path, records: int) -> dict[str, float]:
        """Write a tub; CPU time of a record and of its JPEG alone, in us.

        Raises:
            PeerError: it cannot be run.
        """
        return self._run(self.writing(folder, pictures, records))

    def read(self, folder: Path) -> float:
        """Records a CPU second, pictures decoded.

        Raises:
            PeerError: it cannot be run.
        """
        return self._run([self._python, str(SIDE), "read", str(folder)])["records_per_s"]

    def _run(self, command: list[str]) -> dict[str, float]:
        return msgspec.json.decode(self._output(command), type=dict[str, float])

    def _output(self, command: list[str]) -> str:
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as error:
            raise PeerError(f"{self._python} cannot be run: {error.strerror}") from error
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise PeerError(f"donkeycar cannot be measured with {self._python}: {last}")
        return done.stdout
