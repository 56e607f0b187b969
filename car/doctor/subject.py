"""What is examined beside the computer: a car.toml, a pilot, and where recordings go."""

from dataclasses import dataclass
from pathlib import Path

from car.config import CarConfig, load_config, usual_config
from car.doctor.machine import Machine
from car.errors import ConfigError


@dataclass(frozen=True)
class Subject:
    """A car to examine.

    Attributes:
        config: its settings; the defaults when there are none, or none that are valid.
        config_path: where they came from; None for the defaults.
        config_fault: what is wrong with that file; empty when nothing is.
        config_named: whether the user named that file, and so means a real car.
        pilot: the pilot file to try.
        recordings: the folder that recordings go to; it need not be there yet.
    """

    config: CarConfig
    config_path: Path | None
    config_fault: str
    config_named: bool
    pilot: Path
    recordings: Path

    def is_expected(self, machine: Machine) -> bool:
        """Whether the parts of a car should be here: on a Pi, or when car.toml was named."""
        return machine.is_pi or self.config_named


def read_subject(named: Path | None, pilot: Path, recordings: Path) -> Subject:
    """Read the car.toml that was named, else the usual one, else take the defaults."""
    path = named or usual_config()
    config, fault = CarConfig(), ""
    if path is not None:
        try:
            config = load_config(path)
        except ConfigError as error:
            fault = str(error)
    return Subject(config, path, fault, named is not None, pilot, recordings)
