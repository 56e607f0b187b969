"""Faults of the disk that a drive is recorded on; each a function of its name in the table.

`prepare_NAME` changes the car before it starts.
"""

import errno
import os
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.process_rig import ProcessRig
from tubs.reader import Tub

STALL_S = 5.0
NEARLY_BYTES = 64_000
LEFT_BYTES = 400_000
"""Less than the share of the small disk that a recording leaves free."""


def small_disk(rig: ProcessRig) -> Path:
    """Mount a disk of 16 MB, until the rig is cleaned up."""
    if os.geteuid():
        pytest.skip("a full disk needs root: a small tmpfs is mounted")
    small = rig.folder / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "none", small], check=True)
    rig.afterwards.append(lambda: subprocess.run(["umount", "-l", small], check=True))
    rig.options += ["--record", str(small / "tub")]
    rig.afterwards_s = 3.5
    return small


def fill(folder: Path, leave_bytes: int) -> None:
    """Fill a disk with rubbish."""
    status = os.statvfs(folder)
    with (folder / "rubbish").open("wb", buffering=0) as rubbish:
        rubbish.write(bytes(max(0, status.f_bavail * status.f_frsize - leave_bytes)))


def fill_up(folder: Path) -> None:
    """Leave not a page of it."""
    with (folder / "more").open("wb", buffering=0) as rubbish, suppress(OSError):
        while True:
            rubbish.write(bytes(4096))


def prepare_disk_full(rig: ProcessRig) -> None:
    small_disk(rig)


def disk_full(rig: ProcessRig) -> None:
    """Between two looks at the room that is left; the fault is the last page."""
    fill(rig.folder / "small", NEARLY_BYTES)
    rig.strike()
    fill_up(rig.folder / "small")


def prepare_disk_low(rig: ProcessRig) -> None:
    small_disk(rig)


def disk_low(rig: ProcessRig) -> None:
    fill(rig.folder / "small", LEFT_BYTES)
    rig.strike()


def prepare_disk_full_at_start(rig: ProcessRig) -> None:
    fill(small_disk(rig), LEFT_BYTES)


def prepare_disk_read_only_at_start(rig: ProcessRig) -> None:
    subprocess.run(["mount", "-o", "remount,ro", small_disk(rig)], check=True)


def prepare_folder_vanishes(rig: ProcessRig) -> None:
    rig.options += ["--record", str(rig.folder / "new-tub")]


def folder_vanishes(rig: ProcessRig) -> None:
    shutil.rmtree(rig.folder / "new-tub")


def prepare_disk_read_only(rig: ProcessRig) -> None:
    _put_between(rig)


def disk_read_only(rig: ProcessRig) -> None:
    """As Linux does with a card after errors."""
    _refuse(rig, errno.EROFS)


def prepare_disk_input_output_error(rig: ProcessRig) -> None:
    _put_between(rig)


def disk_input_output_error(rig: ProcessRig) -> None:
    _refuse(rig, errno.EIO)


def prepare_disk_stalls(rig: ProcessRig) -> None:
    _put_between(rig)


def disk_stalls(rig: ProcessRig) -> None:
    """The car drives on, and no record is missing."""
    (rig.folder / "fault").write_text(f"0 {time.monotonic() + STALL_S}")
    time.sleep(STALL_S + 1.0)
    numbers = Tub(rig.folder / "new-tub").sequences.tolist()
    assert numbers == list(range(len(numbers))), f"records are missing: {numbers}"
    assert len(numbers) > 10 * STALL_S, f"only {len(numbers)} were recorded"


def _put_between(rig: ProcessRig) -> None:
    """Put what refuses between Python and the system's calls."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("needs a C compiler: sudo apt install gcc")
    shim = rig.folder / "disk_faults.so"
    source = Path(__file__).with_suffix(".c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", shim, source], check=True)
    rig.environ |= {"LD_PRELOAD": str(shim), "DISK_FAULTS": str(rig.folder / "fault")}
    rig.options += ["--record", str(rig.folder / "new-tub")]
    rig.afterwards_s = 3.0


def _refuse(rig: ProcessRig, number: int) -> None:
    (rig.folder / "fault").write_text(f"{number} 0")
