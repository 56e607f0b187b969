"""The unit files: the templates in systemd/, filled in for one car, and what they remember."""

import json
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from car.service.errors import ServiceError

UNITS = ("everlap-guard.service", "everlap.service")
"""In the order in which they start."""

CODE = Path(__file__).resolve().parent.parent.parent
"""The folder that `car` lies in."""

TEMPLATES = (CODE / "systemd", Path(__file__).resolve().parent / "systemd")
"""In a checkout, and in an installed wheel."""

REMEMBERS = "# everlap remembers: "
HOMES = ("/home", "/root", "/run/user")
"""Hidden from the service, but for what it needs."""


@dataclass(frozen=True)
class Car:
    """What is particular to one car's units.

    Attributes:
        config: path of its car.toml.
        pilot: path of a pilot file; empty for the shipped one.
        python: path of the interpreter, usually that of a virtual environment.
        code: the folder that the package `car` lies in.
        needs: more folders that the interpreter reads from.
        groups: those that may use cameras, buses and gamepads here.
    """

    config: str
    pilot: str
    python: str
    code: str
    needs: tuple[str, ...]
    groups: tuple[str, ...]


def filled(unit: str, car: Car) -> str:
    """Give the text of a unit file.

    Raises:
        ServiceError: the template is missing, or a path cannot stand in a unit.
    """
    emergency = f"{car.code}/car/drivers/emergency.py"
    words = {
        "@PYTHON@": _quoted(car.python),
        "@EMERGENCY@": _quoted(emergency),
        "@CONFIG@": _quoted(car.config),
        "@PILOT@": f"--pilot {_quoted(car.pilot)}" if car.pilot else "",
        "@CODE@": _percent_safe(car.code).replace(" ", "%%20"),
        "@GROUPS@": f"SupplementaryGroups={' '.join(car.groups)}" if car.groups else "",
        "@READABLE@": _readable(car),
    }
    text = _template(unit)
    for mark, word in words.items():
        text = text.replace(mark, word)
    head = (
        f"# Written by `everlap service install` of everlap {version('everlap')}; the next one\n"
        f"# writes it anew. Put changes of your own beside it: `systemctl edit {unit}`.\n"
    )
    lines = [line.rstrip() for line in text.splitlines()]
    return head + REMEMBERS + json.dumps(asdict(car)) + "\n" + "\n".join(lines) + "\n"


def remembered(path: Path) -> Car | None:
    """Give what a unit file on disk was filled with; None when it is not there or not ours."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    for line in lines:
        if line.startswith(REMEMBERS):
            return _car(line.removeprefix(REMEMBERS))
    return None


def _car(text: str) -> Car | None:
    try:
        values = json.loads(text)
        needs, groups = tuple(values.pop("needs")), tuple(values.pop("groups"))
        return Car(**values, needs=needs, groups=groups)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _template(unit: str) -> str:
    for folder in TEMPLATES:
        if (folder / unit).is_file():
            return (folder / unit).read_text("utf-8")
    raise ServiceError(f"{unit} is missing in {TEMPLATES[0]}: install everlap again")


def _readable(car: Car) -> str:
    """Let the service see those of its files that lie in somebody's home."""
    paths = dict.fromkeys((car.code, *car.needs, car.config, car.pilot))
    shown = [path for path in paths if path and is_at_home(path)]
    return "\n".join(f"BindReadOnlyPaths=-{_bindable(path)}" for path in shown)


def is_at_home(path: str) -> bool:
    """Whether a path lies where other users' files are."""
    return any(path.startswith(home + "/") for home in HOMES)


def _bindable(path: str) -> str:
    return _percent_safe(path).replace(":", "\\:").replace(" ", "\\x20")


def _percent_safe(path: str) -> str:
    """Write % so that systemd reads it as itself.

    Raises:
        ServiceError: there is no way to write this path in a unit.
    """
    if any(ord(letter) < ord(" ") or letter in "\"'\\" for letter in path):
        raise ServiceError(f"systemd cannot read the path {path!r}: move it to a plainer one")
    return path.replace("%", "%%")


def _quoted(path: str) -> str:
    safe = _percent_safe(path).replace("$", "$$")
    return f'"{safe}"' if " " in safe else safe
