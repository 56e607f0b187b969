"""Puts the service on a machine, or takes it off; what is there already is left as it is."""

import errno
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from car.config import load_config
from car.service import manager
from car.service.errors import ServiceDownError, ServiceError
from car.service.site import DEFAULT_CONFIG, Site, person_in_charge
from car.service.units import UNITS, Car, filled

SAMPLE_CONFIG = Path(__file__).resolve().parent.parent / "car.toml"

Say = Callable[[str], None]


def planned(site: Site, car: Car) -> dict[Path, str]:
    """Give every file of the service with its text, in the order in which they are written."""
    files = {site.accounts_path: _accounts(person_in_charge())}
    config = site.on_disk(car.config)
    if car.config == DEFAULT_CONFIG and not config.exists():
        files[config] = SAMPLE_CONFIG.read_text("utf-8")
    return files | {site.unit_path(unit): filled(unit, car) for unit in UNITS}


def _accounts(person: str) -> str:
    lines = ["# The user that drives the car.", 'u everlap - "Everlap" /var/lib/everlap']
    if person:
        lines.append(f"m {person} everlap")
    return "\n".join(lines) + "\n"


def check(site: Site, car: Car) -> None:
    """Refuse what could not drive, before anything is written.

    Raises:
        ConfigError: car.toml is refused.
        PilotError: the pilot file is.
        ServiceError: a file is missing or closed to the service.
    """
    config = site.on_disk(car.config)
    if config.exists() or car.config != DEFAULT_CONFIG:
        load_config(config)
    if car.pilot:
        from car.pilots.card import read_card

        read_card(site.on_disk(car.pilot))
    site.check_readable(car if config.exists() else replace(car, config=""))


def install(site: Site, car: Car, say: Say) -> None:
    """Write the files; on this machine make the user and start the service, too.

    Raises:
        EverlapError: something is wrong with what was asked for; nothing was written.
        ServiceError: a file cannot be written, or systemd refuses.
        ServiceDownError: the service does not come up.
    """
    check(site, car)
    for path, text in planned(site, car).items():
        say(f"{_write(path, text)} {path}")
    _make_user(site)
    if not site.is_running:
        manager.systemctl("--root", str(site.root), "enable", *UNITS)
        say(f"enabled {' and '.join(UNITS)} in {site.root}")
        return
    manager.systemctl("daemon-reload")
    manager.systemctl("enable", *UNITS)
    _start()
    say("started; the car is stopped until somebody chooses a mode")


def _start() -> None:
    """Start both units, or start them again.

    Raises:
        ServiceDownError: one does not come up: with the end of its journal.
    """
    for unit in UNITS:
        try:
            manager.systemctl("restart", unit)
        except ServiceError as error:
            told = manager.last_words(unit).removeprefix("everlap: ") or str(error)
            raise ServiceDownError(
                f"{unit} is installed but does not start: {told}; see `everlap service logs`"
            ) from error


def _write(path: Path, text: str) -> str:
    """Write a file whole, if it does not hold that text already; say which it was.

    Raises:
        ServiceError: it cannot be written.
    """
    draft = path.with_name(f".{path.name}.draft")
    try:
        if path.exists() and path.read_text("utf-8") == text:
            return "unchanged"
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, "utf-8")
        draft.chmod(0o644)
        draft.replace(path)
    except OSError as error:
        raise _cannot(f"cannot write {path}", error) from error
    return "wrote"


def _cannot(what: str, error: OSError) -> ServiceError:
    if error.errno == errno.EROFS:
        remedy = "; the file system is read-only: sudo mount -o remount,rw /, and then once more"
        return ServiceError(what + remedy)
    return ServiceError(f"{what}: {error.strerror}")


def _make_user(site: Site) -> None:
    """Have systemd-sysusers make the user `everlap`.

    Raises:
        ServiceError: it cannot.
    """
    program = shutil.which("systemd-sysusers")
    if program is None:
        raise ServiceError("there is no systemd-sysusers here: sudo apt install systemd")
    done = subprocess.run(
        [program, f"--root={site.root}", str(site.accounts_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode:
        raise ServiceError(f"the user everlap cannot be made: {' '.join(done.stderr.split())}")


def uninstall(site: Site, say: Say) -> None:
    """Stop the service and take its files away; car.toml and recordings stay.

    Raises:
        ServiceError: a file cannot be removed, or systemd refuses.
    """
    present = [unit for unit in UNITS if site.unit_path(unit).exists()]
    if present and site.is_running:
        manager.systemctl("disable", "--now", *reversed(present))
    elif present:
        manager.systemctl("--root", str(site.root), "disable", *present)
    for path in (*map(site.unit_path, UNITS), site.accounts_path):
        if path.exists():
            _remove(path)
            say(f"removed {path}")
    if present and site.is_running:
        manager.systemctl("daemon-reload")
    if not present:
        say("the service is not installed")
    say("car.toml, /var/lib/everlap with its recordings, and the user everlap stay")


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except OSError as error:
        raise _cannot(f"cannot remove {path}", error) from error


def check_root(site: Site, command: str) -> None:
    """Make sure that the machine's own files may be written.

    Raises:
        ServiceError: this is not root; with the line to type instead.
    """
    if site.is_running and os.geteuid() != 0:
        raise ServiceError(f"needs root: {command}")
