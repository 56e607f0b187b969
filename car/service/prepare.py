"""Turns car.toml into the guard's settings, just before the guard starts."""

import logging
from pathlib import Path

from car.assembly import guard_settings
from car.config import load_config
from tubs.atomic import written_whole
from tubs.errors import OutputError

log = logging.getLogger(__name__)


def write_settings(config_path: Path, settings_path: Path, last_good_path: Path) -> None:
    """Check car.toml and write what the guard and the emergency writer need.

    Args:
        config_path: car.toml.
        settings_path: what the guard reads; gone with the next start of the machine.
        last_good_path: a copy that stays; with it the throttle gets its neutral pulse at the next
            start, before anything else is read. Nice to have: a full disk does not stop the car.

    Raises:
        ConfigError: car.toml is refused; neither file is touched.
        OutputError: the settings cannot be written.
    """
    settings = guard_settings(load_config(config_path)).to_json().encode()
    _write(settings_path, settings)
    try:
        _write(last_good_path, settings)
    except OutputError as error:
        log.warning("%s: at the next start neutral comes later", error)


def _write(path: Path, settings: bytes) -> None:
    """Write a file whole, if it does not hold the same already: cards wear out, and fill up.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        if path.read_bytes() == settings:
            return
    except OSError:
        log.debug("no settings of an earlier start in %s", path)
    with written_whole(path) as draft:
        draft.write_bytes(settings)
