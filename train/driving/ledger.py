"""Finished episodes, a line each, so that an evaluation that was ended goes on where it was."""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec

import car
from car.pilots.choice import network_of
from train.driving.episodes import Driven
from train.driving.evaluate import Trial
from tubs.errors import EverlapError, OutputError

EPISODES = "episodes.jsonl"
WEIGHTY = ("ai-edge-litert", "numpy", "numba", "opencv-python-headless")
"""Packages that take part in every figure."""


class BusyError(EverlapError):
    """Another evaluation writes in this folder."""


class Header(NamedTuple):
    """The first line of the file.

    Attributes:
        pilot_sha256: of the pilot file; the name of a pilot that has none.
        pilot_kind: what drives by it: the name of the pilot without its file.
        software: hash of the car's code and of the packages that take part.
    """

    pilot_sha256: str
    pilot_kind: str
    software: str


def header_for(pilot: str) -> Header:
    """Say what all episodes of an evaluation depend on; the pilot is named as for open_pilot."""
    file = network_of(pilot)
    if file is None:
        return Header(pilot, pilot, software())
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    return Header(sha256, "planner" if str(file) != pilot else "network", software())


def software() -> str:
    """Hash the code that drives, and the versions of what it stands on."""
    found = hashlib.sha256()
    for root in car.__path__:
        for path in sorted(Path(root).rglob("*.py")):
            found.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    for name in WEIGHTY:
        found.update(f"{name} {_version(name)}".encode())
    return found.hexdigest()[:16]


def key_of(trial: Trial, start: int | None, header: Header) -> str:
    """Name an episode by all that it depends on: the same key, the same figures."""
    spec: list[Any] = [header, trial.world, trial.laps, trial.config, start]
    text = msgspec.json.encode(spec, enc_hook=repr)
    return hashlib.sha256(text).hexdigest()


class Ledger:
    """The finished episodes in a folder; made by `open_ledger`.

    Attributes:
        finished: by key; those of other evaluations too.
        note: what is to be said about what was found, empty for nothing.
    """

    def __init__(self, file: BinaryIO | None, finished: dict[str, Driven], note: str) -> None:
        self._file = file
        self.finished = finished
        self.note = note

    def add(self, driven: Driven) -> None:
        """Keep an episode; it is on the disk when this returns, but for a power cut."""
        self.finished[driven.key] = driven
        if self._file is not None:
            self._file.write(json.dumps(msgspec.to_builtins(driven)).encode() + b"\n")
            self._file.flush()


@contextmanager
def open_ledger(folder: Path | None, header: Header) -> Iterator[Ledger]:
    """Open the ledger in a folder, or one in memory.

    Episodes of another pilot or another software are put aside in a file of their own.

    Raises:
        BusyError: another evaluation writes there.
        OutputError: it cannot be written there.
    """
    if folder is None:
        yield Ledger(None, {}, "")
        return
    path = folder / EPISODES
    try:
        folder.mkdir(parents=True, exist_ok=True)
        note = _put_aside(path, header)
        with path.open("a+b") as file:
            _lock(file, folder)
            finished = _read(file, header)
            yield Ledger(file, finished, note)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error


def _put_aside(path: Path, header: Header) -> str:
    """Move the episodes of another pilot out of the way, and say so."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        _lock(file, path.parent)
        found = _header(file.readline())
    if found == header or not path.stat().st_size:
        return ""
    same_pilot = found is None or found[:2] == header[:2]
    changed = "the software" if same_pilot else "the pilot"
    name = f"episodes-{found.pilot_sha256[:8]}-{found.software[:8]}" if found else "episodes-odd"
    aside = path.with_name(f"{name}.jsonl")
    path.replace(aside)
    return f"{changed} has changed since {path.parent} was begun: starting anew (old: {aside.name})"


def _read(file: BinaryIO, header: Header) -> dict[str, Driven]:
    """Read what was finished; a line that a kill cut off is cut off for good."""
    file.seek(0)
    lines = file.read().split(b"\n")
    whole = b"\n".join(lines[:-1]) + b"\n" if len(lines) > 1 else b""
    if len(whole) != sum(map(len, lines)) + len(lines) - 1:
        os.ftruncate(file.fileno(), len(whole))
    file.seek(0, os.SEEK_END)
    if not whole:
        file.write(msgspec.json.encode(header) + b"\n")
        file.flush()
    found = map(_driven, lines[1:-1])
    return {driven.key: driven for driven in found if driven is not None}


def _driven(line: bytes) -> Driven | None:
    """Read a line; nan is written as NaN, which msgspec's own reader does not take."""
    try:
        return msgspec.convert(json.loads(line), Driven)
    except (ValueError, msgspec.ValidationError):
        return None


def _header(line: bytes) -> Header | None:
    try:
        return msgspec.json.decode(line, type=Header)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _lock(file: BinaryIO, folder: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise BusyError(
            f"another evaluation is writing in {folder}: wait for it, or give another --out"
        ) from error


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "none"
