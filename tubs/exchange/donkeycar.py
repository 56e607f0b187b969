"""Finds the records of a donkeycar tub, version 1 or 2, and says which of them are broken."""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tubs.errors import TubError
from tubs.reader import check_is_folder

STEERING_KEYS = ("user/angle", "angle", "steering", "user/steering")
THROTTLE_KEYS = ("user/throttle", "throttle")
PILOT_STEERING_KEYS = ("pilot/angle",)
PILOT_THROTTLE_KEYS = ("pilot/throttle",)
TIME_KEYS = ("_timestamp_ms", "milliseconds")
IMAGE_KEYS = ("cam/image_array", "image_array")
MODES = {"user": "human", "local_angle": "assisted", "local": "pilot", "pilot": "pilot"}
_BLANK = "\0 \t\r\n"


class Unusable(ValueError):  # noqa: N818
    """A record that cannot be used; the message is the reason."""


@dataclass(frozen=True, slots=True)
class ForeignRecord:
    """A record as donkeycar wrote it.

    Attributes:
        number: as the tub counts; its place in the tub when the line cannot be read.
        position: its place in the tub, from 0.
        values: what it holds.
        image: the file of its image.
        deleted: marked as deleted by the owner.
    """

    number: int
    position: int
    values: dict[str, object]
    image: Path
    deleted: bool

    def value(self, keys: tuple[str, ...]) -> float | None:
        """A number by the first of several names that is there; None when none is.

        Raises:
            Unusable: it is not a finite number.
        """
        for key in keys:
            value = self.values.get(key)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise Unusable(f"{key} is {value!r}, not a number")
            if not math.isfinite(value):
                raise Unusable(f"{key} is {value}")
            return float(value)
        return None


@dataclass(frozen=True, slots=True)
class BrokenRecord:
    """A line or file that holds no record."""

    number: int
    position: int
    reason: str


def find_records(folder: Path) -> Iterator[ForeignRecord | BrokenRecord]:
    """All records of a donkeycar tub in the order of recording.

    Raises:
        TubError: it is not there, or it is not a donkeycar tub.
    """
    check_is_folder(folder)
    if any(folder.glob("catalog_*.catalog")):
        return _find_v2(folder)
    if any(folder.glob("record_*.json")):
        return _find_v1(folder)
    if (folder / "manifest.json").is_file():
        raise TubError(f"{folder} is a donkeycar tub without any catalog: no record is in it")
    raise TubError(f"{folder} is not a donkeycar tub: it has no catalog_*.catalog or record_*.json")


def _number_in(path: Path) -> int:
    digits = re.search(r"\d+", path.name)
    return int(digits.group()) if digits else 0


def _find_v1(folder: Path) -> Iterator[ForeignRecord | BrokenRecord]:
    paths = sorted(folder.glob("record_*.json"), key=_number_in)
    for position, path in enumerate(paths):
        number = _number_in(path)
        try:
            values = _parse(path.read_text("utf-8", errors="replace"))
            yield ForeignRecord(number, position, values, folder / _image_name(values), False)
        except Unusable as error:
            yield BrokenRecord(number, position, f"{path.name}: {error}")


def _find_v2(folder: Path) -> Iterator[ForeignRecord | BrokenRecord]:
    manifest = _last_manifest_line(folder / "manifest.json")
    deleted = _deleted_indexes(manifest)
    position = 0
    for catalog in _catalogs(folder, manifest):
        text = catalog.read_text("utf-8", errors="replace")
        for line_number, line in enumerate(text.splitlines(), start=1):
            if not line.strip(_BLANK):
                continue
            where = f"{catalog.name} line {line_number}"
            yield _v2_record(folder, line, where, position, deleted)
            position += 1


def _v2_record(
    folder: Path, line: str, where: str, position: int, deleted: set[int]
) -> ForeignRecord | BrokenRecord:
    number = position
    try:
        values = _parse(line)
        index = values.get("_index")
        number = index if isinstance(index, int) else position
        image = folder / "images" / _image_name(values)
        return ForeignRecord(number, position, values, image, number in deleted)
    except Unusable as error:
        return BrokenRecord(number, position, f"{where}: {error}")


def _parse(text: str) -> dict[str, object]:
    try:
        values = json.loads(text)
    except ValueError as error:
        raise Unusable(f"broken JSON: {error}") from error
    if not isinstance(values, dict):
        raise Unusable("broken JSON: not an object")
    return values


def _image_name(values: dict[str, object]) -> str:
    for key in IMAGE_KEYS:
        name = values.get(key)
        if isinstance(name, str) and Path(name).name:
            return Path(name).name
    raise Unusable("it names no image")


def _last_manifest_line(path: Path) -> dict[str, object]:
    """The line with the catalogs; empty when the manifest is missing or broken."""
    try:
        return _parse(path.read_text("utf-8", errors="replace").strip(_BLANK).splitlines()[-1])
    except (OSError, IndexError, Unusable):
        return {}


def _catalogs(folder: Path, manifest: dict[str, object]) -> list[Path]:
    """Those that the manifest names, then those that lie there all the same."""
    found = {path.name: path for path in sorted(folder.glob("catalog_*.catalog"), key=_number_in)}
    named = manifest.get("paths")
    names = [Path(str(name)).name for name in named] if isinstance(named, list) else []
    first = [found[name] for name in dict.fromkeys(names) if name in found]
    return first + [path for path in found.values() if path not in first]


def _deleted_indexes(manifest: dict[str, object]) -> set[int]:
    """The `_index` of each record marked as deleted.

    donkeycar's reader compares them with the position of the line; that is the same until a tub
    loses its first catalogs. In the one public tub where the two differ all 300 marks meet an
    `_index` and only 200 a position.
    """
    deleted = manifest.get("deleted_indexes")
    return (
        {index for index in deleted if isinstance(index, int)}
        if isinstance(deleted, list)
        else set()
    )
