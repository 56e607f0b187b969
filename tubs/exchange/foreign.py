"""A record of another program: as it was found, and what it means."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tubs.control import Control
from tubs.telemetry import Imu, Telemetry


class Unusable(ValueError):  # noqa: N818
    """A record that cannot be used; the message is the reason."""


@dataclass(frozen=True, slots=True)
class ForeignRecord:
    """A record as the other program wrote it.

    Attributes:
        number: as the recording counts; its place when it does not say.
        position: its place in the recording, from 0.
        source: the record verbatim, JSON text.
        image: the file of its image.
        session: what the recording calls the drive; "" when it has no name.
        deleted: marked as deleted by the owner.
    """

    number: int
    position: int
    source: bytes
    image: Path
    session: str
    deleted: bool


@dataclass(frozen=True, slots=True)
class BrokenRecord:
    """A line or file that holds no record."""

    number: int
    position: int
    reason: str


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a foreign record says in Everlap's signs and units; all times are still 0.

    Attributes:
        control: what was wished and applied.
        clipped: whether a command had to be set to the edge of [-1, +1].
        stamp_ms: when it was taken, milliseconds since any date; None when unknown.
        imu: None when it holds none.
        telemetry: None when it holds nothing whose unit is known.
    """

    control: Control
    clipped: bool
    stamp_ms: float | None
    imu: Imu | None = None
    telemetry: Telemetry | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Everything in a recording.

    Attributes:
        records: in the order of recording.
        remarks: what the owner should know about the recording as a whole.
        spare_images: how many image files no record uses.
    """

    records: Sequence[ForeignRecord | BrokenRecord]
    remarks: Sequence[str]
    spare_images: int


class ForeignRecording(Protocol):
    """A recording of another program.

    Attributes:
        program: whose it is.
        folder: where it is.
    """

    program: str
    folder: Path

    def find(self) -> Found:
        """All records, none of them believed yet.

        Raises:
            TubError: the recording as a whole cannot be read.
        """
        ...

    def meaning(self, record: ForeignRecord) -> Meaning:
        """What a record says.

        Raises:
            Unusable: a value that it needs is missing or makes no sense.
        """
        ...


def number_in(values: Mapping[str, object], keys: tuple[str, ...]) -> float | None:
    """A number by the first of several names that is there; None when none is.

    Raises:
        Unusable: it is not a finite number.
    """
    for key in keys:
        value = values.get(key)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Unusable(f"{key} is {value!r}, not a number")
        if not math.isfinite(value):
            raise Unusable(f"{key} is {value}")
        return float(value)
    return None


def finite_or_none(value: object) -> float | None:
    """A number that nothing depends on; None when it is anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def clipped_to_unit(value: float) -> float:
    """The nearest value in [-1, +1]."""
    return min(1.0, max(-1.0, value))
