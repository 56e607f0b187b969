"""What a disk may hold after the power failed: all that was synced, and any part of the rest."""

from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from tests.cuts.trace import Call, Made, Removed, Renamed, SyncBegan, Synced, Written

BLOCK = 4096


class Inode:
    """A file or folder: what was written to it, and under which names it has been."""

    def __init__(self, path: str, made_at: int, is_folder: bool) -> None:
        self.is_folder = is_folder
        self.names: list[tuple[int, str | None]] = [(made_at, path)]
        self.sizes: list[tuple[int, int]] = [(made_at, 0)]
        self.synced_size = 0
        self.last_name = path

    @property
    def size(self) -> int:
        """As the process saw it."""
        return self.sizes[-1][1]


class Disk:
    """Replays calls up to a moment, and then fails.

    A name is on the disk for sure once its folder was synced, bytes once their file was. Sizes and
    names of which neither is said may be those of any moment since; each block of bytes, too.
    """

    def __init__(self, calls: Sequence[Call]) -> None:
        self.inodes: list[Inode] = []
        self._by_name: dict[str, Inode] = {}
        self._folder_synced: dict[str, int] = {}
        self._began: dict[str, int] = {}
        for moment, call in enumerate(calls):
            self._replay(moment, call)

    def _replay(self, moment: int, call: Call) -> None:
        match call:
            case Made(path, is_folder):
                self._make(moment, path, is_folder)
            case Written(path, length):
                inode = self._by_name[path]
                inode.sizes.append((moment, inode.size + length))
            case SyncBegan(path):
                self._began[path] = moment
            case Synced(path):
                self._sync(path, self._began[path])
            case Renamed(path, new):
                inode = self._by_name.pop(path)
                inode.names.append((moment, new))
                inode.last_name = new
                self._by_name[new] = inode
            case Removed(path):
                self._by_name.pop(path).names.append((moment, None))

    def _make(self, moment: int, path: str, is_folder: bool) -> None:
        if path in self._by_name:
            raise NotImplementedError(f"{path} is opened to be made and is there already")
        self._by_name[path] = Inode(path, moment, is_folder)
        self.inodes.append(self._by_name[path])

    def _sync(self, path: str, began: int) -> None:
        inode = self._by_name.get(path)
        if inode is None or inode.is_folder:
            self._folder_synced[path] = began
        else:
            inode.synced_size = _at(inode.sizes, began)

    def possible_names(self, inode: Inode) -> list[str | None]:
        """Under which names a file may be found; None is that it may not be there."""
        folder = str(PurePosixPath(inode.names[0][1] or "").parent)
        synced = self._folder_synced.get(folder, -1)
        moments = [moment for moment, _ in inode.names]
        known = bisect_right(moments, synced)
        since = [name for _, name in inode.names[known:]]
        return [inode.names[known - 1][1] if known else None, *since]

    def fail(
        self, contents: dict[str, bytes], dice: np.random.Generator
    ) -> dict[str, bytes | None]:
        """Lose the power.

        Args:
            contents: what was written in the end, by the last name of each file.
            dice: decides about all that was not synced.

        Returns:
            Content by path; None is a folder.
        """
        found: dict[str, bytes | None] = {}
        for inode in self.inodes:
            names = self.possible_names(inode)
            name = names[int(dice.integers(len(names)))]
            if name is None:
                continue
            if inode.is_folder:
                found[name] = None
            else:
                found[name] = _content(
                    inode, contents.get(inode.last_name, bytes(inode.size)), dice
                )
        return {path: data for path, data in found.items() if self._is_reachable(path, found)}

    def _is_reachable(self, path: str, found: dict[str, bytes | None]) -> bool:
        parent = str(PurePosixPath(path).parent)
        made = {inode.last_name for inode in self.inodes if inode.is_folder}
        return parent not in made or (parent in found and self._is_reachable(parent, found))


def _at(sizes: list[tuple[int, int]], moment: int) -> int:
    """The size that a file had."""
    return sizes[bisect_right([when for when, _ in sizes], moment) - 1][1]


def _content(inode: Inode, written: bytes, dice: np.random.Generator) -> bytes:
    """Choose a size between what was synced and all; then, block by block, what is there.

    A block is there as it was at the end, or as it was at the last sync: zeros beyond.
    """
    sizes = [size for _, size in inode.sizes if size >= inode.synced_size]
    match int(dice.integers(3)):
        case 0:
            size = inode.size
        case 1:
            size = sizes[int(dice.integers(len(sizes)))]
        case _:
            size = int(dice.integers(inode.synced_size, inode.size + 1))
    data = bytearray(written[:size])
    share = (0.0, 0.1, 0.5, 1.0)[int(dice.integers(4))]
    for begin in range(inode.synced_size // BLOCK * BLOCK, size, BLOCK):
        if dice.random() < share:
            start, end = max(begin, inode.synced_size), min(begin + BLOCK, size)
            data[start:end] = bytes(end - start)
    return bytes(data)


def write_down(found: dict[str, bytes | None], root: str, to: Path) -> None:
    """Put what the disk held under a folder into another."""
    for path, data in sorted(found.items()):
        place = to / PurePosixPath(path).relative_to(root)
        place.parent.mkdir(parents=True, exist_ok=True)
        if data is None:
            place.mkdir(exist_ok=True)
        else:
            place.write_bytes(data)
