"""Checks of the disk that recordings go to: room, speed, worst stall, and the card's health."""

import os
import re
import tempfile
from pathlib import Path
from typing import NamedTuple

from car.backlog import MOST_BYTES
from car.card_space import bytes_per_s
from car.config import CameraConfig
from car.doctor.check import Check
from car.doctor.machine import Machine
from car.doctor.subject import Subject
from tubs.disk import existing_part

LEAST_FREE_BYTES = 500 << 20
PIECE_BYTES, PIECES = 64 << 10, 64
WRITE_THROUGH = getattr(os, "fdatasync", os.fsync)
"""macOS has only the latter."""

SPEED_MARGIN = 4.0
LONGEST_STALL_S = 2.0
"""After which the recorder tells the driver; nothing is lost by then."""

LIFE_TIME = re.compile(r"0x[0-9a-fA-F]{1,2}\b")
WORN_TENTHS = 9
"""Of its life that an eMMC says it has used; an SD card says nothing."""

BETTER_CARD = "use a faster card (marked A1 or A2) or a USB disk, and end other programs"


class Writing(NamedTuple):
    """How a disk took 4 MB, written through to it in pieces."""

    bytes_per_s: float
    worst_s: float


def check_storage(machine: Machine, subject: Subject) -> list[Check]:
    """Look at the disk under the recordings' folder, and write a little to it."""
    folder = existing_part(subject.recordings)
    return [
        _room(folder, subject.config.camera),
        _writing(machine, folder, subject.config.camera),
        _kind(machine, folder),
        *_wear(machine),
    ]


def recording_bytes_per_s(camera: CameraConfig) -> float:
    """Estimate how fast a recording grows."""
    return bytes_per_s(camera.width_px, camera.height_px, camera.frames_per_s)


def _room(folder: Path, camera: CameraConfig) -> Check:
    try:
        status = os.statvfs(folder)
    except OSError as error:
        return Check("disk space", None, f"{folder}: {error.strerror}")
    free_bytes = status.f_bavail * status.f_frsize
    hours = free_bytes / recording_bytes_per_s(camera) / 3600
    detail = f"{free_bytes / 1e9:.1f} GB free at {folder}: about {hours:.0f} hours of recording"
    if free_bytes >= LEAST_FREE_BYTES:
        return Check("disk space", True, detail)
    return Check(
        "disk space", False, detail, "copy old recordings to another computer and delete them here"
    )


def _writing(machine: Machine, folder: Path, camera: CameraConfig) -> Check:
    try:
        found = measure_writing(machine, folder)
    except OSError as error:
        return Check(
            "disk speed",
            False,
            f"cannot write in {folder}: {error.strerror}",
            "drive from a folder that you may write to, or mount its disk for writing",
        )
    needed = SPEED_MARGIN * recording_bytes_per_s(camera)
    bearable_s = MOST_BYTES / recording_bytes_per_s(camera)
    detail = (
        f"{found.bytes_per_s / 1e6:.1f} MB/s written through, worst stall "
        f"{1e3 * found.worst_s:.0f} ms; recording needs {needed / SPEED_MARGIN / 1e6:.2f} MB/s "
        f"and bears stalls of {bearable_s:.0f} s"
    )
    good = found.bytes_per_s >= needed and found.worst_s <= min(bearable_s, LONGEST_STALL_S)
    return Check("disk speed", good, detail, "" if good else BETTER_CARD)


def measure_writing(machine: Machine, folder: Path) -> Writing:
    """Write 4 MB through to the disk in pieces, to a file that is gone afterwards.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    piece = os.urandom(PIECE_BYTES)
    times_s = []
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".everlap-doctor-", buffering=0) as file:
        for _ in range(PIECES):
            began_s = machine.clock()
            file.write(piece)
            WRITE_THROUGH(file.fileno())
            times_s.append(machine.clock() - began_s)
    return Writing(PIECES * PIECE_BYTES / max(sum(times_s), 1e-6), max(times_s))


def _kind(machine: Machine, folder: Path) -> Check:
    """See what file system the folder is on, and whether it keeps what is written."""
    name, mount = "file system", _mount(machine, folder)
    if mount is None:
        return Check(name, None, "the system does not tell")
    source, kind, options = mount
    detail = f"{kind} on {source}"
    if "ro" in options.split(","):
        return Check(
            name,
            False,
            f"{detail}, read-only: nothing can be recorded",
            "after errors Linux makes a card read-only: copy what you need and replace it; if it "
            "is so on purpose, record on a USB disk",
        )
    if kind in ("tmpfs", "ramfs") or (kind == "overlay" and machine.is_pi):
        return Check(
            name,
            None,
            f"{detail}, in memory: recordings are lost at the next start",
            "record on a USB disk, or copy recordings before you switch off",
        )
    return Check(name, True, f"{detail}, writable")


def _mount(machine: Machine, folder: Path) -> tuple[str, str, str] | None:
    """Find source, kind and options of the mount that a folder lies in."""
    found, longest = None, -1
    for line in (machine.text("/proc/mounts") or "").splitlines():
        source, place, kind, options, *_ = [*line.split(" "), "", "", "", ""]
        point = Path(place.replace("\\040", " "))
        if folder.is_relative_to(point) and len(point.parts) >= longest:
            found, longest = (source, kind, options), len(point.parts)
    return found


def _wear(machine: Machine) -> list[Check]:
    """Gather what the kernel knows about errors and wear; SD cards themselves say nothing."""
    notes, remedies = [], []
    for name in machine.names("/sys/fs/ext4"):
        errors = machine.text(f"/sys/fs/ext4/{name}/errors_count") or "0"
        written = machine.text(f"/sys/fs/ext4/{name}/lifetime_write_kbytes") or ""
        if written.isdecimal() and name.startswith("mmcblk"):
            notes.append(f"{int(written) / 1e6:.0f} GB written to {name} so far")
        if errors not in ("", "0"):
            notes.append(f"{errors} file system errors on {name}")
            remedies.append("copy what you need from the card, and replace it")
    for name in machine.names("/sys/block"):
        used = machine.text(f"/sys/block/{name}/device/life_time") or ""
        tenths = max((int(word, 16) for word in LIFE_TIME.findall(used)), default=0)
        if tenths:
            notes.append(f"{name} has used up to {10 * tenths} % of its life")
        if tenths >= WORN_TENTHS:
            remedies.append(f"{name} is worn out: replace it")
    if not notes:
        return [Check("card health", None, "neither errors nor wear are told")]
    return [Check("card health", not remedies, "; ".join(notes), "; ".join(remedies))]
