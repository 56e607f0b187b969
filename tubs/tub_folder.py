"""What a folder is: a tub, a tub of another program, or something else."""

from pathlib import Path
from shlex import quote

from tubs.about import FILE_NAME
from tubs.errors import TubError


def is_part_of_a_tub(path: Path) -> bool:
    """Whether a file of that name in a tub would be taken for a part of the recording."""
    return path.suffix == ".mcap" or path.name in (FILE_NAME, "marks.jsonl")


def may_be_a_tub(folder: Path) -> bool:
    """Whether it has a tub.json, or session files that have lost theirs."""
    return (folder / FILE_NAME).is_file() or any(folder.glob("*.mcap"))


def is_donkeycar_tub(folder: Path) -> bool:
    """Whether a folder looks like a tub of donkeycar, of either version."""
    if (folder / "manifest.json").is_file() or any(folder.glob("catalog_*.catalog")):
        return True
    return (folder / "meta.json").is_file() or any(folder.glob("record_*.json"))


def check_is_folder(folder: Path) -> None:
    """Make sure that a tub's folder is there.

    Raises:
        TubError: it is missing or is a file.
    """
    if not folder.exists():
        raise TubError(f"there is no tub {folder}")
    if not folder.is_dir():
        raise TubError(f"{folder} is a file: a tub is a folder")


def check_is_tub(folder: Path) -> None:
    """Say what a folder is when it is not a tub.

    Raises:
        TubError: it is not there, is not a folder, or is something else.
    """
    check_is_folder(folder)
    if (folder / FILE_NAME).is_file():
        return
    if is_donkeycar_tub(folder):
        raise TubError(
            f"{folder} is a tub of donkeycar: import it with: "
            f"everlap tub import {quote(str(folder))} DEST"
        )
    if any(folder.glob("*.mcap")):
        return
    inside = [path for path in folder.iterdir() if path.is_dir() and (path / FILE_NAME).is_file()]
    hint = f": did you mean {sorted(inside)[0]}?" if inside else f": it has no {FILE_NAME}"
    raise TubError(f"{folder} is not a tub{hint}")
