"""Where the service lies on a machine, or in the tree of an image that is being made."""

import grp
import os
import pwd
import sys
from dataclasses import dataclass
from pathlib import Path

from car.service.errors import ServiceError
from car.service.units import CODE, UNITS, Car, is_at_home, remembered

WANTED_GROUPS = ("i2c", "video", "render", "input", "gpio")
DEFAULT_CONFIG = "/etc/everlap/car.toml"


@dataclass(frozen=True)
class Site:
    """A machine's file tree.

    Attributes:
        root: `/`, or the folder that becomes `/` of an image.
        is_running: it is this machine, and its systemd can start the service.
    """

    root: Path = Path("/")
    is_running: bool = True

    def unit_path(self, unit: str) -> Path:
        """Say where a unit file lies."""
        return self.root / "etc/systemd/system" / unit

    @property
    def accounts_path(self) -> Path:
        """Say where systemd-sysusers reads about our user."""
        return self.root / "etc/sysusers.d/everlap.conf"

    def on_disk(self, path: str) -> Path:
        """Give where a path of the machine lies from here."""
        return self.root / path.lstrip("/")

    def on_the_machine(self, path: Path) -> str:
        """Give a path of ours as the machine sees it."""
        absolute = Path(os.path.normpath(Path.cwd() / path))
        if absolute.is_relative_to(self.root):
            return "/" + str(absolute.relative_to(self.root))
        return str(absolute)

    def car(self, config: Path | None, pilot: Path | None) -> Car:
        """Say what this car's units are to be filled with.

        Args:
            config: a car.toml; as installed before, or in /etc, when not given.
            pilot: a pilot file; as installed before, or the shipped one, when not given.
        """
        before = remembered(self.unit_path(UNITS[0]))
        known_config, known_pilot = (
            (before.config, before.pilot) if before else (DEFAULT_CONFIG, "")
        )
        prefixes = dict.fromkeys((sys.prefix, sys.base_prefix, os.path.realpath(sys.base_prefix)))
        outside = [folder for folder in prefixes if not Path(folder).is_relative_to(CODE)]
        return Car(
            config=self.on_the_machine(config) if config else known_config,
            pilot=self.on_the_machine(pilot) if pilot else known_pilot,
            python=self.on_the_machine(Path(sys.executable)),
            code=self.on_the_machine(CODE),
            needs=tuple(self.on_the_machine(Path(folder)) for folder in outside),
            groups=tuple(name for name in WANTED_GROUPS if name in self._groups()),
        )

    def _groups(self) -> set[str]:
        if self.is_running:
            return {group.gr_name for group in grp.getgrall()}
        try:
            lines = self.on_disk("/etc/group").read_text("utf-8").splitlines()
        except OSError:
            return set()
        return {line.partition(":")[0] for line in lines}

    def check_readable(self, car: Car) -> None:
        """Make sure that the service's user can get at what it runs.

        Raises:
            ServiceError: a file or folder is closed to others.
        """
        shown = [car.code, *car.needs, car.config, car.pilot]
        for path in (car.python, f"{car.code}/car/cli.py", car.config, car.pilot):
            if path:
                self._check_way_to(Path(path), [Path(p) for p in shown if is_at_home(p)])

    def _check_way_to(self, path: Path, shown: list[Path]) -> None:
        """Look at a file and what it lies in, up to what is shown to the service, or else to /."""
        tops = [folder for folder in shown if path.is_relative_to(folder)]
        top = min(tops, key=lambda folder: len(folder.parts), default=Path("/"))
        for part in (path, *path.parents):
            if part.is_relative_to(top):
                self._check_open(part)

    def _check_open(self, path: Path) -> None:
        try:
            mode = self.on_disk(str(path)).stat().st_mode
        except OSError as error:
            where = "" if self.is_running else f" in the image {self.root}"
            raise ServiceError(f"cannot look at {path}{where}: {error.strerror}") from error
        needed = 0o001 if self.on_disk(str(path)).is_dir() else 0o004
        if not mode & needed:
            letter = "x" if needed == 0o001 else "r"
            raise ServiceError(
                f"{path} is closed to the service's user: sudo chmod o+{letter} {path}"
            )


def person_in_charge() -> str:
    """Name the person who called sudo; empty when it was root itself."""
    name = os.environ.get("SUDO_USER", "")
    try:
        return pwd.getpwnam(name).pw_name if name and name != "root" else ""
    except KeyError:
        return ""
