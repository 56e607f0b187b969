"""Says which program wrote a recording, and what a folder is that cannot be imported."""

import os
from collections.abc import Iterator
from pathlib import Path

from tubs.about import FILE_NAME
from tubs.errors import TubError
from tubs.exchange.donkeycar import DonkeycarV1, DonkeycarV2
from tubs.exchange.foreign import ForeignRecording
from tubs.exchange.udacity import LOG, UdacityRecording

ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar")
_SHOWN = 5
_DEPTH = 2


def open_recording(source: Path) -> ForeignRecording:
    """Find out whose recording it is.

    Raises:
        TubError: it is missing, a file, an Everlap tub, several recordings, or something else.
    """
    _check_is_readable_folder(source)
    if (source / FILE_NAME).is_file():
        raise TubError(f"{source} is a tub of Everlap already: it needs no import")
    kinds = _kinds(source)
    if len(kinds) > 1:
        raise TubError(
            f"{source} holds recordings of two kinds, {' and '.join(kinds)}: "
            "move the files of one kind to a folder of its own"
        )
    if not kinds:
        raise TubError(_what_it_is(source))
    return next(iter(kinds.values()))


def _kinds(folder: Path) -> dict[str, ForeignRecording]:
    kinds: dict[str, ForeignRecording] = {}
    if any(folder.glob("catalog_*.catalog")):
        kinds["donkeycar version 2 (catalog_*.catalog)"] = DonkeycarV2(folder)
    if any(folder.glob("record_*.json")):
        kinds["donkeycar version 1 (record_*.json)"] = DonkeycarV1(folder)
    if (folder / LOG).is_file():
        kinds[f"Udacity's simulator ({LOG})"] = UdacityRecording(folder)
    return kinds


def _check_is_readable_folder(source: Path) -> None:
    try:
        if not source.exists():
            raise TubError(f"there is no tub {source}")
    except OSError as error:
        raise TubError(f"cannot read {source}: {error.strerror}") from error
    if source.is_file():
        if source.name.lower().endswith(ARCHIVES):
            raise TubError(f"{source} is an archive: unpack it, then import the folder inside")
        if source.name == LOG or source.suffix in (".catalog", ".catalog_manifest", ".json"):
            raise TubError(f"{source} is a file: name the folder that it is in, {source.parent}")
        raise TubError(f"{source} is a file: a recording is a folder")
    if not os.access(source, os.R_OK | os.X_OK):
        raise TubError(f"cannot read {source}: permission denied")


def _what_it_is(source: Path) -> str:
    """Why a folder cannot be imported, and what may be meant."""
    inside = sorted(_recordings_below(source, _DEPTH))
    if len(inside) == 1:
        return f"{source} is not a recording: did you mean {inside[0]}?"
    if inside:
        names = ", ".join(map(str, inside[:_SHOWN])) + ", ..." * (len(inside) > _SHOWN)
        return f"{source} holds {len(inside)} recordings: import one at a time: {names}"
    if (source / "manifest.json").is_file():
        return f"{source} is a donkeycar tub without any catalog: no record is in it"
    if _kinds(source.resolve().parent):
        return f"{source} is not a recording: did you mean {source.parent}?"
    return (
        f"{source} is not a recording that can be imported: it has no catalog_*.catalog or "
        f"record_*.json (donkeycar) and no {LOG} (Udacity's simulator)"
    )


def _recordings_below(folder: Path, depth: int) -> Iterator[Path]:
    try:
        children = [path for path in folder.iterdir() if path.is_dir() and path.name != "images"]
    except OSError:
        return
    for child in children:
        if _kinds(child):
            yield child
        elif depth > 1:
            yield from _recordings_below(child, depth - 1)
