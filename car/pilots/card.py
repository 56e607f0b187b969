"""The card of a pilot file: what the network expects, where it comes from and how good it is.

A pilot file is a TFLite flatbuffer with a zip archive behind it that holds one member, card.json.
TFLite tools read the front, zip tools the back.
"""

import hashlib
import struct
import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from car.config import Lens
from car.errors import PilotError

MEMBER = "card.json"
FORMAT = "everlap-pilot-1"


class TubUsed(msgspec.Struct, frozen=True):
    """One tub that a pilot learned from.

    Attributes:
        name: its folder's name.
        sha256: of its controls, see train.learning.split.fingerprint.
        records: how many it holds.
    """

    name: str
    sha256: str
    records: int


class HeldOut(msgspec.Struct, frozen=True):
    """Which part of each tub was kept from training, see train.learning.split.

    Attributes:
        fraction: of all records.
        block_s: length of one block; 0 holds out single frames, which measures memory.
        gap_s: left out on both sides of a held-out block.
        seed: chooses the blocks.
    """

    fraction: float = 0.15
    block_s: float = 12.0
    gap_s: float = 2.0
    seed: int = 0


class Scores(msgspec.Struct, frozen=True):
    """How well one form of the network, float or int8, does on held-out records.

    Attributes:
        records: how many were measured.
        steering_mae: mean absolute error, in units of steering.
        throttle_mae: mean absolute error, in units of throttle.
        steering_r2: 1 is perfect, 0 is as good as the mean.
        throttle_r2: 1 is perfect, 0 is as good as the mean.
        class_map_miou: mean intersection over union of the classes present; None without labels.
    """

    records: int
    steering_mae: float
    throttle_mae: float
    steering_r2: float
    throttle_r2: float
    class_map_miou: float | None = None


class PilotCard(msgspec.Struct, frozen=True):
    """What a car must know before it lets a network drive.

    Attributes:
        width_px: of the camera image that goes in.
        height_px: of the camera image that goes in.
        lens: of the camera that it learned with.
        outputs: names in the network's signature.
        class_map_shape: rows, columns.
        label_delay_s: how far ahead of the image its command is meant to act.
        parameters: weights in the network.
        tubs: what it learned from.
        held_out: what it did not learn from.
        recipe: the arguments of its training, by name.
        scores_float: before quantizing.
        scores_int8: as it drives.
        software: version of Everlap that wrote it.
        sha256: of the flatbuffer.
        format: of this card.
    """

    width_px: Annotated[int, Meta(ge=32, le=1920)]
    height_px: Annotated[int, Meta(ge=32, le=1080)]
    lens: Lens
    outputs: list[str]
    class_map_shape: tuple[int, int] | None = None
    label_delay_s: float = 0.0
    parameters: int = 0
    tubs: list[TubUsed] = []
    held_out: HeldOut = HeldOut()
    recipe: dict[str, str | float | int | bool | None] = {}
    scores_float: Scores | None = None
    scores_int8: Scores | None = None
    software: str = ""
    sha256: str = ""
    format: str = FORMAT


DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, KeyError, EOFError, NotImplementedError),
    *(RuntimeError, OverflowError, ValueError, struct.error),
)
"""All that zipfile raises on bytes that were turned over."""


def append_card(path: Path, card: PilotCard) -> PilotCard:
    """Put a card behind the flatbuffer in `path`; gives it back with the flatbuffer's sha256.

    Raises:
        PilotError: the file is not there, or has a card already.
    """
    flatbuffer = _bytes(path)
    if zipfile.is_zipfile(BytesIO(flatbuffer)):
        raise PilotError(f"{path} has a card already: train or convert it anew")
    card = msgspec.structs.replace(card, sha256=hashlib.sha256(flatbuffer).hexdigest())
    member = zipfile.ZipInfo(MEMBER, date_time=(1980, 1, 1, 0, 0, 0))
    text = msgspec.json.format(msgspec.json.encode(card), indent=2)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, text, zipfile.ZIP_DEFLATED)
    return card


def read_card(path: Path) -> PilotCard:
    """Read and check the card of a pilot file.

    Raises:
        PilotError: the file is missing, cut off, damaged, or has no card.
    """
    return open_pilot_file(path)[0]


def open_pilot_file(path: Path) -> tuple[PilotCard, bytes]:
    """Read the card and the flatbuffer of a pilot file, whole and as it was written.

    Raises:
        PilotError: the file is missing, cut off, damaged, or has no card.
    """
    data = _bytes(path)
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            length = archive.getinfo(MEMBER).header_offset
            card = msgspec.json.decode(archive.read(MEMBER), type=PilotCard)
    except DAMAGED as error:
        raise PilotError(
            f"{path} has no pilot card: it is not a pilot, or was cut off while copying; "
            "copy it again, or make one with: everlap train"
        ) from error
    except msgspec.MsgspecError as error:
        raise PilotError(f"the card of {path} cannot be read: {error}") from error
    _check(path, card, data[:length])
    return card, data[:length]


def _check(path: Path, card: PilotCard, flatbuffer: bytes) -> None:
    if card.format != FORMAT:
        raise PilotError(f"the card of {path} is {card.format!r}; this version reads {FORMAT!r}")
    if hashlib.sha256(flatbuffer).hexdigest() != card.sha256:
        raise PilotError(f"{path} is damaged: its network does not match its card; copy it again")


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except IsADirectoryError as error:
        raise PilotError(f"{path} is a folder: name a pilot file (NAME.tflite)") from error
    except OSError as error:
        raise PilotError(f"cannot read the pilot {path}: {error.strerror}") from error
