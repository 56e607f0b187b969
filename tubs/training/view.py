"""What a trainer learns from: the records of some tubs that are worth learning, as arrays."""

from dataclasses import dataclass
from pathlib import Path
from shlex import quote

import numpy as np
from numpy.typing import NDArray

from tubs.training.pictures import Pictures


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many records of a tub nobody learns from; each is counted once.

    Attributes:
        folder: the tub.
        damaged: cannot be read or decoded, or have another size than most.
        deleted: marked so by a person.
        stopped: mode stopped: a standing car teaches nothing.
    """

    folder: Path
    damaged: int
    deleted: int
    stopped: int

    @property
    def records(self) -> int:
        """How many in all."""
        return self.damaged + self.deleted + self.stopped

    def __str__(self) -> str:
        parts = [
            f"{self.damaged} damaged (see everlap tub check {quote(str(self.folder))})",
            f"{self.deleted} deleted",
            f"{self.stopped} of a standing car (mode stopped)",
        ]
        counts = (self.damaged, self.deleted, self.stopped)
        said = ", ".join(part for part, count in zip(parts, counts, strict=True) if count)
        return f"{self.folder}: records left out: {said or 'none'}"


@dataclass(frozen=True, slots=True)
class Timeline:
    """All records of the tubs, those that are left out too, so that a split does not move when
    somebody deletes some.

    Attributes:
        session: int32 (n,), counts through all tubs.
        tub: int32 (n,), which of the tubs.
        captured_s: float64 (n,), seconds; comparable within a session only.
        steering: float32 (n,), as in TrainingView; nan where damaged.
        throttle: float32 (n,), likewise.
    """  # noqa: D205

    session: NDArray[np.int32]
    tub: NDArray[np.int32]
    captured_s: NDArray[np.float64]
    steering: NDArray[np.float32]
    throttle: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.session)


@dataclass(frozen=True, slots=True)
class TrainingView:
    """The records worth learning of some tubs, one after the other.

    Attributes:
        images: uint8 (n, height, width, 3), RGB, read when they are asked for.
        class_maps: uint8 (n, rows, columns) of RoadClass, 255 where unknown, likewise; None when
            no record has one.
        has_class_map: bool (n,).
        steering: float32 (n,), what to learn: the human's wish where a human drove, else what was
            applied; -1 left to +1 right.
        throttle: float32 (n,), what to learn, likewise.
        speed_m_s: float32 (n,), nan where unknown.
        imu: float32 (n, 6), acceleration in m/s2 and angular velocity in rad/s; nan where unknown.
        captured_s: float64 (n,), seconds; comparable within a session only.
        session: int32 (n,), counts through all tubs; records of a session are neighbours.
        tub: int32 (n,), which of the tubs.
        mode: str (n,).
        timeline: all records.
        place: int64 (n,), where in the timeline each record is.
        left_out: for each tub, what is in the timeline only.
    """

    images: Pictures
    class_maps: Pictures | None
    has_class_map: NDArray[np.bool_]
    steering: NDArray[np.float32]
    throttle: NDArray[np.float32]
    speed_m_s: NDArray[np.float32]
    imu: NDArray[np.float32]
    captured_s: NDArray[np.float64]
    session: NDArray[np.int32]
    tub: NDArray[np.int32]
    mode: NDArray[np.str_]
    timeline: Timeline
    place: NDArray[np.int64]
    left_out: tuple[LeftOut, ...]

    def __len__(self) -> int:
        return len(self.place)
