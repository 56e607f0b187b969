"""Tubs decoded into flat arrays on disk, for a trainer that reads them in any order."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from tubs.content_hash import content_hash
from tubs.draft_folder import folder_written_whole
from tubs.errors import TubError
from tubs.images import Image, decode_class_map, decode_jpeg
from tubs.in_threads import in_threads
from tubs.reader import Tub

UNKNOWN_CLASS = 255
CLASS_MAP_SIZE = (30, 40)
"""Rows and columns of a reduced class map."""
_VERSION = 1
_BLOCK = 64
"""Records that one thread decodes at a time."""

Progress = Callable[[int, int], None]
"""Called with records done and records in all."""


@dataclass(frozen=True, slots=True)
class TrainingView:
    """All records of some tubs, one after the other.

    Attributes:
        images: uint8 (n, height, width, 3), RGB, on disk.
        class_maps: uint8 (n, rows, columns) of RoadClass, 255 where unknown, on disk; None when
            no record has one.
        has_class_map: bool (n,).
        steering: float32 (n,), what to learn: the human's wish where a human drove, else what was
            applied; -1 left to +1 right.
        throttle: float32 (n,), what to learn, likewise.
        speed_m_s: float32 (n,), nan where unknown.
        captured_s: float64 (n,), seconds; comparable within a session only.
        session: int32 (n,), counts through all tubs; records of a session are neighbours.
        tub: int32 (n,), which of the tubs.
        mode: str (n,).
    """

    images: NDArray[np.uint8]
    class_maps: NDArray[np.uint8] | None
    has_class_map: NDArray[np.bool_]
    steering: NDArray[np.float32]
    throttle: NDArray[np.float32]
    speed_m_s: NDArray[np.float32]
    captured_s: NDArray[np.float64]
    session: NDArray[np.int32]
    tub: NDArray[np.int32]
    mode: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.images)


def open_training_view(
    tubs: Iterable[Path],
    cache: Path | None = None,
    class_map_size: tuple[int, int] = CLASS_MAP_SIZE,
    progress: Progress = lambda done, total: None,
) -> TrainingView:
    """Open the decoded arrays of some tubs; make them first when they are not there yet.

    Args:
        tubs: folders, in the order in which their records shall stand.
        cache: folder to keep the arrays in; the user's cache folder when None.
        class_map_size: rows and columns of the reduced class maps.
        progress: told how far the decoding is.

    Raises:
        TubError: a tub is missing, foreign, empty or damaged, or the image sizes differ.
        OutputError: the cache cannot be written.
    """
    opened = [Tub(folder) for folder in tubs]
    if not opened:
        raise TubError("no tub was named: name at least one")
    size = _common_size(opened)
    folder = (cache or user_cache()) / _key(opened, class_map_size)
    if not folder.is_dir():
        with folder_written_whole(folder) as draft:
            _decode_all(opened, draft, size, class_map_size, progress)
    return _open(opened, folder)


def user_cache() -> Path:
    """Where decoded tubs are kept unless told otherwise."""
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "everlap" / "tubs"


def _common_size(tubs: list[Tub]) -> tuple[int, int]:
    first = tubs[0]
    for tub in tubs[1:]:
        if tub.image_size != first.image_size:
            raise TubError(
                f"the images of {tub.folder} are {_size(tub)}, those of {first.folder} "
                f"{_size(first)}: train on tubs of one size"
            )
    return first.image_size


def _size(tub: Tub) -> str:
    height, width = tub.image_size
    return f"{width}x{height}"


def _key(tubs: list[Tub], class_map_size: tuple[int, int]) -> str:
    parts = [f"version {_VERSION} classes {class_map_size}"]
    parts += [content_hash(tub.folder) for tub in tubs]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def _decode_all(
    tubs: list[Tub],
    folder: Path,
    size: tuple[int, int],
    class_map_size: tuple[int, int],
    progress: Progress,
) -> None:
    total = sum(len(tub) for tub in tubs)
    images = open_memmap(folder / "images.npy", "w+", np.uint8, (total, *size, 3))
    maps = open_memmap(folder / "class_maps.npy", "w+", np.uint8, (total, *class_map_size))
    known = np.zeros(total, bool)

    def decode_block(block: tuple[Tub, int, int]) -> int:
        tub, begin, offset = block
        end = min(begin + _BLOCK, len(tub))
        for number in range(begin, end):
            row = offset + number
            known[row] = _decode_into(tub, number, images[row], maps[row])
        return end - begin

    done = 0
    for count in in_threads(decode_block, list(_blocks(tubs))):
        done += count
        progress(done, total)
    images.flush()
    maps.flush()
    np.save(folder / "has_class_map.npy", known)


def _blocks(tubs: list[Tub]) -> Iterator[tuple[Tub, int, int]]:
    offset = 0
    for tub in tubs:
        for begin in range(0, len(tub), _BLOCK):
            yield tub, begin, offset
        offset += len(tub)


def _decode_into(tub: Tub, number: int, image: Image, class_map: Image) -> bool:
    encoded = tub.encoded(number)
    decoded = decode_jpeg(encoded.jpeg)
    if decoded.shape != image.shape:
        raise TubError(
            f"record {number} of {tub.folder} is {decoded.shape[1]}x{decoded.shape[0]}, "
            f"the first is {_size(tub)}: see everlap tub check {tub.folder}"
        )
    image[:] = decoded
    if encoded.class_map_png is None:
        class_map[:] = UNKNOWN_CLASS
        return False
    class_map[:] = reduce_class_map(decode_class_map(encoded.class_map_png), class_map.shape)
    return True


def reduce_class_map(class_map: Image, size: tuple[int, ...]) -> Image:
    """Take the pixel nearest to the centre of each cell; uint8 (rows, columns) of `size`."""
    rows, columns = (
        ((np.arange(count) + 0.5) * length / count).astype(int)
        for count, length in zip(size, class_map.shape, strict=True)
    )
    reduced: Image = class_map[rows[:, None], columns]
    return reduced


def _open(tubs: list[Tub], folder: Path) -> TrainingView:
    controls = [tub.controls() for tub in tubs]
    sessions_before = np.cumsum([0, *(len(tub.sessions) for tub in tubs)])
    session = [
        rows["session"] + first for rows, first in zip(controls, sessions_before, strict=False)
    ]
    rows = np.concatenate(controls)
    known = np.load(folder / "has_class_map.npy")
    maps = np.load(folder / "class_maps.npy", mmap_mode="r") if known.any() else None
    return TrainingView(
        images=np.load(folder / "images.npy", mmap_mode="r"),
        class_maps=maps,
        has_class_map=known,
        steering=_to_learn(rows, "steering"),
        throttle=_to_learn(rows, "throttle"),
        speed_m_s=rows["speed_m_s"].astype(np.float32),
        captured_s=rows["captured_s"].copy(),
        session=np.concatenate(session).astype(np.int32),
        tub=np.repeat(np.arange(len(tubs), dtype=np.int32), [len(tub) for tub in tubs]),
        mode=rows["mode"].copy(),
    )


def _to_learn(rows: NDArray[np.void], name: str) -> NDArray[np.float32]:
    """A human's wish is a better teacher than what limits and disturbances made of it."""
    wished = rows[f"human_{name}"]
    by_hand = (rows["mode"] == "human") & np.isfinite(wished)
    return np.where(by_hand, wished, rows[name]).astype(np.float32)
