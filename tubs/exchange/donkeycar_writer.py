"""Writes a donkeycar tub, version 2: catalogs with the lengths of their lines, and a manifest."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tubs.exchange.donkeycar_manifest import FILE_NAME, OURS, WRITTEN_BY

LINES_A_CATALOG = 1000
TYPES = {
    "cam/image_array": "image_array",
    "image_array": "image_array",
    "user/angle": "float",
    "user/throttle": "float",
    "user/mode": "str",
    "pilot/angle": "float",
    "pilot/throttle": "float",
}
_TYPE_OF = {bool: "boolean", int: "int", float: "float", str: "str", list: "vector"}


class DonkeycarWriter:
    """A donkeycar tub in the making; leaving the context without an error writes the manifest.

    Lines are ASCII, so that their lengths in characters and in bytes are the same: donkeycar's
    reader counts either.
    """

    def __init__(self, folder: Path, created_s: float) -> None:
        """Store where to write.

        Args:
            folder: exists and is empty.
            created_s: seconds since 1970, goes into all manifests.
        """
        self._folder = folder
        self._created_s = created_s
        self._lines: list[str] = []
        self._catalogs: list[str] = []
        self._start_index = 0
        self._next_index = 0
        self._written = 0
        self._deleted: list[int] = []
        self._types: dict[str, str] = {}
        self._sessions: dict[str, None] = {}

    def __enter__(self) -> Self:
        """Make the folder of images."""
        (self._folder / "images").mkdir()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Finish, when all went well."""
        if kind is None:
            self._end_catalog()
            self._write_manifest()

    def append(
        self, values: Mapping[str, object], image: tuple[str, bytes], deleted: bool, text: str = ""
    ) -> None:
        """Write one record.

        Args:
            values: with `_index`, and the name of the image.
            image: name and content of the image's file.
            deleted: marked so.
            text: the very line to write for the values, ASCII without line break.
        """
        index = values["_index"]
        assert isinstance(index, int)
        name, data = image
        (self._folder / "images" / name).write_bytes(data)
        if len(self._lines) == LINES_A_CATALOG:
            self._end_catalog()
        if not self._lines:
            self._start_index = index
        self._lines.append((text or json.dumps(values, sort_keys=True)) + "\n")
        if deleted:
            self._deleted.append(self._written)
        self._written += 1
        self._next_index = max(self._next_index, index + 1)
        self._note(values)

    def _note(self, values: Mapping[str, object]) -> None:
        for key, value in values.items():
            if key.startswith("_") or value is None:
                continue
            kind = TYPES.get(key) or _TYPE_OF.get(type(value), "str")
            if self._types.setdefault(key, kind) == "int" and kind == "float":
                self._types[key] = kind
        session = values.get("_session_id")
        if isinstance(session, str):
            self._sessions[session] = None

    def _end_catalog(self) -> None:
        if not self._lines:
            return
        stem = f"catalog_{len(self._catalogs)}"
        content = {
            "created_at": self._created_s,
            "line_lengths": [len(line) for line in self._lines],
            "path": f"{stem}.catalog_manifest",
            "start_index": self._start_index,
        }
        _write_ascii(self._folder / f"{stem}.catalog", "".join(self._lines))
        _write_ascii(self._folder / f"{stem}.catalog_manifest", _line(content))
        self._catalogs.append(f"{stem}.catalog")
        self._lines = []

    def _write_manifest(self) -> None:
        known = [key for key in TYPES if key in self._types]
        inputs = known + sorted(self._types.keys() - TYPES.keys())
        about: dict[str, object] = {"created_at": self._created_s, WRITTEN_BY: OURS}
        if self._sessions:
            about["sessions"] = _sessions_entry(list(self._sessions))
        last = {
            "paths": self._catalogs,
            "current_index": self._next_index,
            "max_len": LINES_A_CATALOG,
            "deleted_indexes": self._deleted,
        }
        lines = [inputs, [self._types[key] for key in inputs], {}, about, last]
        _write_ascii(self._folder / FILE_NAME, "".join(map(_line, lines)))


def _line(value: object) -> str:
    return json.dumps(value) + "\n"


def _write_ascii(path: Path, text: str) -> None:
    path.write_bytes(text.encode("ascii"))


def _sessions_entry(names: list[str]) -> dict[str, object]:
    """What donkeycar counts its next session from."""
    endings = [name.rpartition("_")[2] for name in names]
    last_id = max((int(ending) for ending in endings if ending.isdecimal()), default=0)
    return {"all_full_ids": names, "last_id": last_id, "last_full_id": names[-1]}
