"""The doctor at the disk: it writes a little, measures, and leaves nothing behind."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from doctor_machines import laptop, raspberry_pi, subject, write

from car.config import CameraConfig, CarConfig
from car.doctor.check import Check
from car.doctor.machine import Machine
from car.doctor.storage import check_storage, measure_writing
from tubs.disk import existing_part


def examined(machine: Machine, folder: Path, config: CarConfig | None = None) -> dict[str, Check]:
    found = check_storage(machine, replace(subject(folder, config), recordings=folder))
    return {check.name: check for check in found}


def ticking(*steps_s: float) -> Iterator[float]:
    """A clock that is read before and after each piece; the last step is repeated."""
    now_s, steps = 0.0, iter(steps_s)
    step_s = 0.0
    while True:
        yield now_s
        step_s = next(steps, step_s)
        now_s += step_s
        yield now_s


def test_the_folder_need_not_be_there_yet_and_nothing_is_left_in_it(tmp_path: Path) -> None:
    machine = laptop(tmp_path / "machine")
    (tmp_path / "home").mkdir()
    checks = examined(machine, tmp_path / "home" / "recordings" / "today")
    assert checks["disk speed"].ok is True
    assert str(tmp_path / "home") in checks["disk space"].detail
    assert list((tmp_path / "home").iterdir()) == []


def test_four_megabytes_are_timed_piece_by_piece(tmp_path: Path) -> None:
    machine = replace(laptop(tmp_path), clock=ticking(0.5, 0.01).__next__)
    found = measure_writing(machine, tmp_path)
    assert found.worst_s == pytest.approx(0.5)
    assert found.bytes_per_s == pytest.approx(4 * 2**20 / (0.5 + 63 * 0.01))


@pytest.mark.parametrize(
    ("steps_s", "ok"), [((0.01,), True), ((4.0, 0.01), False), ((0.4,), False)]
)
def test_a_slow_disk_and_a_long_stall_fail(
    tmp_path: Path, steps_s: tuple[float, ...], ok: bool
) -> None:
    machine = replace(laptop(tmp_path), clock=ticking(*steps_s).__next__)
    speed = examined(machine, tmp_path)["disk speed"]
    assert speed.ok is ok
    assert bool(speed.remedy) is not ok


def test_a_larger_image_needs_a_faster_disk(tmp_path: Path) -> None:
    machine = replace(laptop(tmp_path), clock=ticking(0.02).__next__)
    large = CarConfig(camera=CameraConfig(width_px=1280, height_px=720, frames_per_s=30.0))
    assert examined(machine, tmp_path)["disk speed"].ok is True
    machine = replace(machine, clock=ticking(0.02).__next__)
    assert examined(machine, tmp_path, large)["disk speed"].ok is False


def test_a_folder_that_cannot_be_written_is_a_finding(tmp_path: Path) -> None:
    checks = examined(laptop(tmp_path), Path("/proc/recordings"))
    assert checks["disk speed"].ok is False
    assert "cannot write in /proc" in checks["disk speed"].detail


@pytest.mark.parametrize(
    ("mounts", "ok", "detail"),
    [
        ("/dev/sda1 / ext4 rw,noatime 0 0", True, "ext4 on /dev/sda1, writable"),
        ("/dev/sda1 / ext4 ro,noatime 0 0", False, "read-only"),
        ("/dev/sda1 / ext4 ro 0 0\ntmpfs {folder} tmpfs rw 0 0", None, "lost at the next start"),
        ("overlay / overlay rw 0 0", None, "lost at the next start"),
        ("/dev/sda1 / ext4 ro 0 0\n/dev/sdb1 {folder} vfat rw 0 0", True, "vfat on /dev/sdb1"),
        ("", None, "does not tell"),
    ],
)
def test_the_file_system_under_the_recordings_is_judged(
    tmp_path: Path, mounts: str, ok: bool | None, detail: str
) -> None:
    machine = raspberry_pi(tmp_path / "machine")
    folder = tmp_path / "a b"
    folder.mkdir()
    write(machine.root, {"proc/mounts": mounts.format(folder=str(folder).replace(" ", "\\040"))})
    found = examined(machine, folder)["file system"]
    assert found.ok is ok
    assert detail in found.detail


def test_errors_and_wear_of_a_card_are_told(tmp_path: Path) -> None:
    machine = raspberry_pi(tmp_path)
    assert examined(machine, tmp_path)["card health"] == Check(
        "card health", True, "64 GB written to mmcblk0p2 so far"
    )
    write(tmp_path, {"sys/block/mmcblk0/device/life_time": "0x03 0x0a\n"})
    worn = examined(machine, tmp_path)["card health"]
    assert worn.ok is False
    assert "used up to 100 % of its life" in worn.detail
    write(tmp_path, {"sys/fs/ext4/mmcblk0p2/errors_count": "7\n"})
    assert "7 file system errors" in examined(machine, tmp_path)["card health"].detail


def test_a_wear_register_of_nonsense_is_left_out(tmp_path: Path) -> None:
    machine = raspberry_pi(tmp_path)
    write(tmp_path, {"sys/block/mmcblk0/device/life_time": "unknown\n"})
    assert examined(machine, tmp_path)["card health"].ok is True


def test_the_nearest_folder_that_is_there_is_found(tmp_path: Path) -> None:
    assert existing_part(tmp_path / "x" / "y") == tmp_path
    assert existing_part(tmp_path) == tmp_path
