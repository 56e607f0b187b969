"""donkeycar as the other side of a measurement: its own Python runs a script of ours."""

import subprocess
from pathlib import Path

import msgspec

from tubs.errors import EverlapError

HERE = Path(__file__).parent
TUB_SIDE = HERE / "donkeycar_tub.py"
NETWORK_SIDE = HERE / "donkeycar_network.py"


class PeerError(EverlapError):
    """The other program cannot be measured."""


class DonkeycarPython:
    """A Python that has donkeycar."""

    def __init__(self, python: str) -> None:
        """Store where it is.

        Args:
            python: an interpreter that has donkeycar.
        """
        self.python = python

    def check(self, statement: str) -> None:
        """Make sure, before long work begins, that what is needed is there.

        Raises:
            PeerError: the statement, an import, fails.
        """
        self._output([self.python, "-c", statement])

    def command(self, script: Path, *words: str) -> list[str]:
        """What runs a script there."""
        return [self.python, str(script), *words]

    def run(self, script: Path, *words: str) -> str:
        """Run a script there, and give what it prints.

        Raises:
            PeerError: it cannot be run, or fails.
        """
        return self._output(self.command(script, *words))

    def _output(self, command: list[str]) -> str:
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as error:
            raise PeerError(f"{self.python} cannot be run: {error.strerror}") from error
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise PeerError(f"donkeycar cannot be measured with {self.python}: {last}")
        return done.stdout


class DonkeycarTub:
    """Measures donkeycar's tub."""

    def __init__(self, python: str) -> None:
        """Store where it is.

        Args:
            python: an interpreter that has donkeycar.
        """
        self._there = DonkeycarPython(python)

    def check(self) -> None:
        """Make sure, before long work begins, that it is there.

        Raises:
            PeerError: it is not.
        """
        self._there.check("from donkeycar.parts.tub_v2 import TubWriter")

    def writing(self, folder: Path, pictures: Path, records: int) -> list[str]:
        """The command that writes a tub."""
        words = ("write", str(folder), str(pictures), str(records))
        return self._there.command(TUB_SIDE, *words)

    def write(self, folder: Path, pictures: Path, records: int) -> dict[str, float]:
        """Write a tub; CPU time of a record and of its JPEG alone, in us.

        Raises:
            PeerError: it cannot be run.
        """
        return self._run("write", str(folder), str(pictures), str(records))

    def read(self, folder: Path) -> float:
        """Records a CPU second, pictures decoded.

        Raises:
            PeerError: it cannot be run.
        """
        return self._run("read", str(folder))["records_per_s"]

    def _run(self, *words: str) -> dict[str, float]:
        return msgspec.json.decode(self._there.run(TUB_SIDE, *words), type=dict[str, float])


class DonkeycarNetworks(msgspec.Struct, frozen=True):
    """What donkeycar's default network became.

    Attributes:
        version: of donkeycar.
        parameters: as Keras counts them.
    """

    version: str
    parameters: int


def write_donkeycar_networks(python: str, folder: Path) -> DonkeycarNetworks:
    """Have donkeycar write its default network: float.tflite and int8.tflite in the folder.

    Raises:
        PeerError: it cannot.
    """
    there = DonkeycarPython(python)
    there.check("import donkeycar.parts.keras, tensorflow")
    return msgspec.json.decode(there.run(NETWORK_SIDE, str(folder)), type=DonkeycarNetworks)
