"""What a process asked of its files, as strace saw it: the order in which a disk heard of it."""

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

CALLS = (
    "openat,mkdir,mkdirat,write,writev,pwrite64,pwritev,pwritev2,fdatasync,fsync,sync_file_range,"
    "fallocate,ftruncate,rename,renameat,renameat2,unlink,unlinkat,link,linkat,symlink,symlinkat"
)


@dataclass(frozen=True)
class Made:
    """A file or folder came to be."""

    path: str
    is_folder: bool


@dataclass(frozen=True)
class Written:
    """Bytes were appended to a file."""

    path: str
    length: int


@dataclass(frozen=True)
class SyncBegan:
    """A file, or the names in a folder, were asked to be on the disk."""

    path: str


@dataclass(frozen=True)
class Synced:
    """What was there when the sync of this path last began is on the disk."""

    path: str


@dataclass(frozen=True)
class Renamed:
    """A file got another name."""

    path: str
    new: str


@dataclass(frozen=True)
class Removed:
    """A name is gone."""

    path: str


Call = Made | Written | SyncBegan | Synced | Renamed | Removed
"""One thing that was done; the order is that of time."""


def watch(command: list[str], folder: Path, trace: Path) -> list[Call]:
    """Run a command under strace; give what it did to what lies in a folder.

    Raises:
        FileNotFoundError: there is no strace here.
    """
    if shutil.which("strace") is None:
        raise FileNotFoundError("there is no strace here: apt install strace")
    strace = ["strace", "-f", "-y", "-s", "0", "-e", f"trace={CALLS}", "-o", str(trace)]
    subprocess.run([*strace, *command], check=True)
    return list(calls_in(trace.read_text("utf-8").splitlines(), str(folder)))


LINE = re.compile(r"^(\d+)\s+(.*)$")
RESUMED = re.compile(r"^<\.\.\. (\w+) resumed>(.*)$")
SUCCESS = re.compile(r"^(\w+)\((.*)\)\s+= (\d+)(?:<.*>)?$")
DESCRIPTOR = re.compile(r"^\d+<([^>]*)>")
NAMES = re.compile(r'"([^"]*)"')


def calls_in(lines: Iterable[str], folder: str) -> Iterator[Call]:
    """Take the calls on a folder out of the lines of strace; those that failed did nothing.

    A call that another thread interrupts is one of the time when it ended, but a sync covers only
    what was there when it began.
    """
    begun: dict[str, str] = {}
    for line in lines:
        match = LINE.match(line)
        if match is None:
            continue
        thread, text = match.groups()
        if text.endswith("<unfinished ...>"):
            begun[thread] = text.removesuffix("<unfinished ...>").rstrip()
            yield from _begin(begun[thread], folder)
            continue
        resumed = RESUMED.match(text)
        if resumed is not None:
            yield from _end(begun.pop(thread) + resumed.group(2), folder)
        else:
            yield from _begin(text, folder)
            yield from _end(text, folder)


def _begin(text: str, folder: str) -> Iterator[Call]:
    if text.startswith(("fdatasync(", "fsync(")):
        path = _descriptor(text.partition("(")[2])
        if _is_in(path, folder):
            yield SyncBegan(path)


def _end(text: str, folder: str) -> Iterator[Call]:
    match = SUCCESS.match(text)
    if match is None:
        return
    name, given, result = match.groups()
    call = _call(name, given, int(result))
    if call is not None and _is_in(call.path, folder):
        yield call


def _call(name: str, given: str, result: int) -> Call | None:
    names = NAMES.findall(given)
    match name:
        case "openat":
            return Made(names[0], is_folder=False) if "O_CREAT" in given else None
        case "mkdir" | "mkdirat":
            return Made(names[0], is_folder=True)
        case "write" | "writev":
            return Written(_descriptor(given), result)
        case "fdatasync" | "fsync":
            return Synced(_descriptor(given))
        case "rename" | "renameat" | "renameat2":
            return Renamed(names[0], names[-1])
        case "unlink" | "unlinkat":
            return Removed(names[0])
    raise NotImplementedError(f"the disk does not know what {name}({given}) does")


def _descriptor(given: str) -> str:
    match = DESCRIPTOR.match(given)
    return match.group(1) if match else ""


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")
