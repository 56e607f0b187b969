"""Counts the calls on files and folders that a record costs, as the kernel sees them."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

FILE_CALLS = (
    "%file,read,readv,pread64,write,writev,pwrite64,lseek,fstat,fstatfs,fsync,fdatasync,ftruncate,"
    "fallocate,fcntl,flock,ioctl,close,dup,getdents64,sync_file_range"
)


def can_count() -> bool:
    """Whether there is strace."""
    return shutil.which("strace") is not None


def calls_per_record(
    command: Callable[[Path, int], list[str]], folder: Path, records: int
) -> float:
    """Run a writer twice under strace; what it takes to start and end cancels out.

    Args:
        command: gives what writes so many records into a folder.
        folder: empty.
        records: how many more the second run writes.
    """
    few = _calls(command(folder / "few", records), folder / "few.calls")
    many = _calls(command(folder / "many", 2 * records), folder / "many.calls")
    return (many - few) / records


def _calls(command: list[str], summary: Path) -> int:
    strace = ["strace", "-f", "-c", "-e", f"trace={FILE_CALLS}", "-o", str(summary)]
    subprocess.run([*strace, *command], check=True, capture_output=True)
    return counted_calls(summary.read_text("utf-8"))


def counted_calls(summary: str) -> int:
    """Sum up the table of `strace -c`; its lines are share, seconds, us, calls, errors, name."""
    rows = [line.split() for line in summary.splitlines()]
    return sum(
        int(row[3]) for row in rows if len(row) >= 5 and row[3].isdigit() and row[-1] != "total"
    )
