"""tub.json: what a tub is about, written once when the folder is made."""

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from tubs.atomic import written_whole
from tubs.errors import TubError
from tubs.ordinary_file import read_ordinary

FILE_NAME = "tub.json"
FORMAT = 1


class NewerFormatError(TubError):
    """A tub of a format that this version does not know."""


class TubAbout(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whose recording it is, and with what it was made.

    Attributes:
        car: the car's name.
        config: a snapshot of car.toml as plain values (`msgspec.to_builtins(config)`).
        lens: where the camera sits and how it sees, with the keys of car.toml's camera.lens.
        source: where an imported recording came from.
        software: name and version of the program that wrote it.
        created: date and time, UTC, ISO 8601.
        everlap_tub: version of the format.
    """

    car: str = "car"
    config: dict[str, object] = {}
    lens: dict[str, float] | None = None
    source: str | None = None
    software: str = ""
    created: str = ""
    everlap_tub: int = 0

    def completed(self) -> "TubAbout":
        """The same with format, date and software filled in where they are not given."""
        return msgspec.structs.replace(
            self,
            everlap_tub=FORMAT,
            created=self.created or datetime.now(UTC).isoformat(timespec="seconds"),
            software=self.software or f"everlap {_version()}",
        )


def _version() -> str:
    from importlib import metadata  # takes 40 ms that a reader of tubs need not wait for

    try:
        return metadata.version("everlap")
    except metadata.PackageNotFoundError:
        return "(not installed)"


def about_to_json(about: TubAbout) -> bytes:
    """The text of tub.json."""
    return msgspec.json.format(msgspec.json.encode(about), indent=2) + b"\n"


def about_from_json(text: bytes, where: str) -> TubAbout:
    """Read the text of tub.json.

    Raises:
        TubError: it is not JSON or not of a tub.
        NewerFormatError: it is of a newer format.
    """
    try:
        about = msgspec.json.decode(text, type=TubAbout)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise TubError(f"{where} is damaged: {error}") from error
    if not 1 <= about.everlap_tub <= FORMAT:
        raise NewerFormatError(
            f"{where} says format {about.everlap_tub}, and this version reads 1 to {FORMAT}: "
            "update everlap"
        )
    return about


def read_about(folder: Path) -> TubAbout:
    """Read a tub's tub.json.

    Raises:
        TubError: it is missing or damaged.
        NewerFormatError: it is of a newer format.
    """
    path = folder / FILE_NAME
    try:
        return about_from_json(read_ordinary(path), str(path))
    except FileNotFoundError:
        raise TubError(f"{path} is missing") from None
    except OSError as error:
        raise TubError(f"cannot read {path}: {error.strerror}") from error


def write_about(folder: Path, about: TubAbout) -> None:
    """Write tub.json, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    with written_whole(folder / FILE_NAME) as draft, draft.open("wb") as file:
        file.write(about_to_json(about))
        file.flush()
        os.fsync(file.fileno())
