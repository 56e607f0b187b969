"""The tubs that may be looked at: found on the disk, then known by number and never by path."""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np

from tubs.browser.open_tub import OpenTub
from tubs.errors import EverlapError, TubError
from tubs.reader import Tub
from tubs.tub_folder import check_is_folder, check_is_tub, is_donkeycar_tub, may_be_a_tub

_DEPTH = 2
"""How many folders below the one that was named a tub may lie."""
_OPEN = 3
"""So many tubs stay open; a million records are some hundred megabytes."""


class NoSuchTubError(EverlapError):
    """A number that no tub has."""


class Summary(msgspec.Struct):
    """What the list says of a tub; only the name when it cannot be opened.

    Attributes:
        number: by which the page asks for it.
        name: its folder, seen from the one that was named.
        problem: why it cannot be opened.
        records: how many there are.
        deleted: how many of them are marked as deleted.
        sessions: how many there are.
        duration_s: of all sessions together.
        size_bytes: of the session files.
        created: date and time, ISO 8601.
        car: the car's name.
        source: where it was imported from.
    """

    number: int
    name: str
    problem: str = ""
    records: int = 0
    deleted: int = 0
    sessions: int = 0
    duration_s: float = 0.0
    size_bytes: int = 0
    created: str = ""
    car: str = ""
    source: str | None = None


class Shelf:
    """Tubs by number. Numbers stay as they are when tubs come and go."""

    def __init__(self, folder: Path) -> None:
        """Find the tubs.

        Args:
            folder: a tub, or a folder of tubs.

        Raises:
            TubError: there is no tub, or it cannot be read.
        """
        self._root = folder.resolve()
        self._folders: list[Path] = []
        self._open: OrderedDict[int, OpenTub] = OrderedDict()
        self._locks: list[threading.Lock] = []
        self._lock = threading.RLock()
        check_is_folder(folder)
        self.is_one_tub = may_be_a_tub(folder)
        if self.is_one_tub:
            Tub(folder)
        self.look_again()
        if not self._folders:
            _raise_no_tubs(folder)

    def look_again(self) -> None:
        """Take in what has come since."""
        found = [self._root] if self.is_one_tub else sorted(_tubs_below(self._root, _DEPTH))
        with self._lock:
            for folder in found:
                if folder not in self._folders:
                    self._folders.append(folder)
                    self._locks.append(threading.Lock())

    def __len__(self) -> int:
        return len(self._folders)

    def folder(self, number: int) -> Path:
        """Where a tub is.

        Raises:
            NoSuchTubError: there is none of that number.
        """
        if not 0 <= number < len(self._folders):
            raise NoSuchTubError(f"there is no tub {number}: there are {len(self._folders)}")
        return self._folders[number]

    def name(self, number: int) -> str:
        """What a tub is called.

        Raises:
            NoSuchTubError: there is none of that number.
        """
        folder = self.folder(number)
        return folder.name if self.is_one_tub else folder.relative_to(self._root).as_posix()

    def open(self, number: int, *, anew: bool = False) -> OpenTub:
        """A tub as it was when it was opened first, or, `anew`, as it is now.

        Raises:
            NoSuchTubError: there is none of that number.
            TubError: it cannot be opened any more.
        """
        folder = self.folder(number)
        with self._locks[number]:
            opened = None if anew else self._open.get(number)
            if opened is None:
                opened = OpenTub(folder)
            with self._lock:
                self._open[number] = opened
                self._open.move_to_end(number)
                while len(self._open) > _OPEN:
                    self._open.popitem(last=False)
            return opened

    @contextmanager
    def edited(self, number: int) -> Iterator[Tub]:
        """A tub whose marks are those on the disk, and nobody else's turn meanwhile.

        Raises:
            NoSuchTubError: there is none of that number.
            EverlapError: it cannot be opened, or its marks cannot be read.
        """
        tub = self.open(number).tub
        with self._locks[number]:
            tub.marks.reload()
            yield tub

    def summary(self, number: int) -> Summary:
        """What the list says of a tub.

        Raises:
            NoSuchTubError: there is none of that number.
        """
        name = self.name(number)
        try:
            opened = OpenTub(self.folder(number))
            deleted = int(np.count_nonzero(opened.tub.deleted()))
        except EverlapError as error:
            return Summary(number, name, problem=str(error))
        spans_ns = [
            int(times_ns[-1] - times_ns[0]) for times_ns in opened.times_ns if times_ns.size
        ]
        about = opened.tub.about
        return Summary(
            number=number,
            name=name,
            records=len(opened.tub),
            deleted=deleted,
            sessions=len(opened.tub.sessions),
            duration_s=sum(spans_ns) / 1e9,
            size_bytes=opened.size_bytes,
            created=about.created,
            car=about.car,
            source=about.source,
        )


def _tubs_below(folder: Path, depth: int) -> Iterator[Path]:
    try:
        inside = [path for path in folder.iterdir() if path.is_dir() and path.name[0] != "."]
    except OSError as error:
        raise TubError(f"cannot read {folder}: {error.strerror}") from error
    for path in inside:
        if may_be_a_tub(path):
            yield path
        elif depth > 1:
            yield from _tubs_below(path, depth - 1)


def _raise_no_tubs(folder: Path) -> None:
    if is_donkeycar_tub(folder):
        check_is_tub(folder)
    raise TubError(f"there is no tub in {folder}: name a tub, or a folder in which tubs lie")
