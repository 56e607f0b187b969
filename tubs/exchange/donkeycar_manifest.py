"""manifest.json of a donkeycar tub, version 2: which catalogs there are, and what was deleted."""

import json
from dataclasses import dataclass
from pathlib import Path

FILE_NAME = "manifest.json"
WRITTEN_BY = "written_by"
OURS = "everlap"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a manifest says, as far as it can be read.

    Attributes:
        catalogs: names of the catalog files in order.
        deleted: what `deleted_indexes` holds.
        by_position: whether these are places of lines, as donkeycar's reader takes them; else
            each is the `_index` of a record, as its user interface writes them.
        problem: why it cannot be read; None when it can.
    """

    catalogs: tuple[str, ...] = ()
    deleted: frozenset[int] = frozenset()
    by_position: bool = False
    problem: str | None = None


def read_manifest(folder: Path) -> Manifest:
    """Read what is left of a tub's manifest; never raises."""
    path = folder / FILE_NAME
    try:
        lines = path.read_bytes().strip(b"\0 \t\r\n").split(b"\n")
    except FileNotFoundError:
        return Manifest(problem=f"{FILE_NAME} is missing")
    except OSError as error:
        return Manifest(problem=f"{FILE_NAME} cannot be read: {error.strerror}")
    last = _object_in(lines[-1])
    if "paths" not in last:
        return Manifest(problem=f"{FILE_NAME} is torn or empty")
    about = _object_in(lines[3]) if len(lines) > 4 else {}
    return Manifest(
        catalogs=tuple(Path(str(name)).name for name in _list_in(last, "paths")),
        deleted=frozenset(i for i in _list_in(last, "deleted_indexes") if isinstance(i, int)),
        by_position=str(about.get(WRITTEN_BY)).startswith(OURS),
    )


def _object_in(line: bytes) -> dict[str, object]:
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _list_in(values: dict[str, object], key: str) -> list[object]:
    value = values.get(key)
    return value if isinstance(value, list) else []
